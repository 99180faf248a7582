"""What a database that came out of a backup has to make up for: erasures that are newer, and scores that the CRM was told since.

In: the journal of erasures that lies beside the backups. Out: the vault without those persons; a row in `ops.restores` until the write-back
has read what the CRM holds. The journal has look-up hashes and tokens, no personal value.
"""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import orjson
import psycopg

from config.settings import settings
from warehouse.connection import connect
from warehouse.steps import StepError
from warehouse.vault_keys import present_check

JOURNAL, NOTED = "erasures.jsonl", "backup_folders.txt"


@dataclass(frozen=True, slots=True)
class Tombstone:
    """One erased value of a tenant: its look-up hash and token, and who asked when."""

    tenant: str
    field_hash: str
    token: str
    kind: str
    asked_on: date
    asked_by: str
    key_check: str = ""  # of the vault's key then; empty in lines from before keys were told apart


def note_folder(folder: Path) -> None:
    """Remember that backups lie in `folder`, wherever a command put them: erasures from now on are written down there."""
    if folder.resolve() not in folders():
        with (settings().home / NOTED).open("a", encoding="utf-8") as file:
            file.write(f"{folder.resolve()}\n")


def folders() -> list[Path]:
    """The folders of backups: the one of the settings, and those noted."""
    path = settings().home / NOTED
    noted = path.read_text("utf-8").splitlines() if path.exists() else []
    kept = settings().backup_dir
    return list(dict.fromkeys([*([kept.resolve()] if kept else []), *map(Path, noted)]))


def folders_at_hand() -> list[Path]:
    """The folders of backups. Raises StepError for one that was noted and is away: what is erased now would come back out of it."""
    for folder in folders():
        if folder != settings().backup_dir and not folder.exists():
            raise StepError(
                f"{folder}, where backups were kept, is not there: bring it back, or where it is gone for good take its line out of"
                f" {settings().home / NOTED}; then rerun"
            )
    return folders()


def journal(folder: Path, tombstones: Sequence[Tombstone]) -> None:
    """Write down what was erased beside the backups that still hold it."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / JOURNAL).open("ab") as file:
        file.writelines(orjson.dumps(asdict(each)) + b"\n" for each in tombstones)


def journalled(folder: Path, tenant: str) -> Iterator[Tombstone]:
    """The tenant's erasures of which the folder's journal tells. Raises StepError for a line that cannot be read."""
    path = folder / JOURNAL
    lines = path.read_bytes().splitlines() if path.exists() else []
    for number, line in enumerate(lines, 1):
        try:
            told = orjson.loads(line)
            stone = Tombstone(**{**told, "asked_on": date.fromisoformat(told["asked_on"])})
        except (ValueError, TypeError, KeyError) as error:
            raise StepError(f"{path} cannot be read in line {number}: mend the line, then rerun") from error
        if stone.tenant == tenant:
            yield stone


def make_up(taken_at: datetime, tombstones: Sequence[Tombstone]) -> tuple[int, int]:
    """Erase again who was erased since `taken_at`, and let the next write-back read before it sends; returns as `apply_erasures`.

    Raises StepError where an older release's tables cannot take it.
    """
    try:
        erased = apply_erasures(tombstones)
        note_restore(taken_at)
    except psycopg.ProgrammingError as error:
        raise StepError("the tables of this release cannot be told by hash who was erased") from error
    return erased


def apply_erasures(tombstones: Sequence[Tombstone]) -> tuple[int, int]:
    """Take out of the vault what was erased after the backup; returns values taken out and raw copies dropped.

    A raw copy cannot be searched by a hash: where anything was erased since, all raw copies of unreadable records go. What was erased
    under a key that this vault had before is in it already; what was erased under a later one is applied when the vault takes that key.
    """
    with connect("loader") as connection:
        check = present_check(connection)
        newer = [stone for stone in tombstones if stone.key_check in ("", check) and _is_newer(connection, stone)]
        for stone in newer:
            connection.execute(
                "insert into vault.erasures (field_hash, token, kind, asked_on, asked_by) values (%s, %s, %s, %s, %s)",
                (stone.field_hash, stone.token, stone.kind, stone.asked_on, stone.asked_by),
            )
        taken = connection.execute(
            "delete from vault.persons where field_hash = any(%s)", ([stone.field_hash for stone in newer],)
        ).rowcount
        raw = connection.execute("delete from vault.quarantined").rowcount if newer else 0
    return taken, raw


def of_other_keys(tombstones: Sequence[Tombstone]) -> int:
    """How many erasures were made under a key that this vault has never had: they wait until it takes that key."""
    with connect("loader") as connection:
        known = {check for (check,) in connection.execute("select key_check from vault.keys").fetchall()}
    return sum(stone.key_check not in known | {""} for stone in tombstones)


def _is_newer(connection: psycopg.Connection, stone: Tombstone) -> bool:
    known = "select exists (select from vault.erasures where field_hash = %s)"
    found = connection.execute(known, (stone.field_hash,)).fetchone()
    return found is not None and not found[0]


def note_restore(taken_at: datetime) -> None:
    """Remember that this database is as it was at `taken_at`."""
    with connect("writeback") as connection:
        connection.execute("insert into ops.restores (taken_at) values (%s)", (taken_at,))


def is_behind(connection: psycopg.Connection[tuple[Any, ...]]) -> bool:
    """Whether the CRM may hold scores of which this database does not know."""
    found = connection.execute("select exists (select from ops.restores where reread_at is null)").fetchone()
    return bool(found and found[0])


def has_caught_up(connection: psycopg.Connection[tuple[Any, ...]]) -> None:
    """The CRM was read back."""
    connection.execute("update ops.restores set reread_at = clock_timestamp() where reread_at is null")
