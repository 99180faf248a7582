"""Keeps an installation in one dated folder: its databases, its models, its mappings, with a hash of every file.

In: a folder. Out: `<tenant>-<published day>/` in it, whole or not at all; older ones go, but for one a day of the last 14 and one a week
of the last 8. Passwords of roles and personal originals are in it: the folder is the owner's alone. Not in it: logs, data docs, tokens,
what dbt compiled, the sandbox company, the environment file with its secrets.
"""

import hashlib
import shutil
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import orjson

from config.settings import settings
from nightly.postgres_tools import run_tool
from warehouse.restores import note_folder
from warehouse.steps import StepError, recorded
from warehouse.stores import beside, published_day, server_version

FORMAT = 1
MANIFEST, ROLES, SETTINGS = "manifest.json", "roles.sql", "settings"
FOLDERS = ("mlflow", "models", "bi")  # of home; the rest is made anew
FRESH, FORMER = ".new", ".old"  # of hidden folders: what is being made, and what it takes the place of
DAYS, WEEKS = 14, 8
CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Kept:
    """One backup as its manifest tells."""

    folder: Path
    tenant: str
    as_of: date
    taken_at: datetime
    databases: list[str]
    files: dict[str, str]  # path within the folder → sha256


def back_up(asked: Path | None, as_of: date | None = None, *, dry_run: bool = False) -> int:
    """Write a backup into `asked`, or where the settings say; without either there is none. Returns the exit code."""
    into = asked or settings().backup_dir
    day = as_of or published_day()
    if day is None:
        raise StepError("nothing is published yet, so there is nothing to keep: run `make nightly` first")
    names = [settings().pg_database, *beside()]
    if dry_run and into is not None:
        print(f"would keep {', '.join(names)} and {', '.join(FOLDERS)} in {into / _name(day)}")
        return 0
    with recorded("backup", day) as run:
        if into is None:
            print("no backup is kept: set LANDFALL_BACKUP_DIR to a folder, or `make backup TO=…`")
            run.note(kept=False)
            return 0
        started = time.monotonic()
        folder = keep(into, day)
        gone = prune(into, settings().tenant)
        size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
        run.note(kept=True, bytes=size, dropped=len(gone))
    print(f"kept {folder}: {size / 1e6:,.1f} MB in {time.monotonic() - started:.0f} s; dropped {len(gone)} older ones")
    return 0


def _name(day: date) -> str:
    return f"{settings().tenant}-{day}"


def keep(into: Path, day: date) -> Path:
    """The new folder, in place of one of the same day only when it is whole. Needs nothing of our tables, of whatever release they are.

    Raises StepError when it cannot be made; of a backup that fails nothing stays.
    """
    names = [settings().pg_database, *beside()]
    whole, fresh = into / _name(day), into / f".{_name(day)}{FRESH}"
    try:
        _tidy(into)
        fresh.mkdir(parents=True, mode=0o700)
        for name in names:
            _dump("pg_dump", "--format=custom", "--create", f"--dbname={name}", f"--file={fresh / name}.dump")
            print(f"{name}: {(fresh / f'{name}.dump').stat().st_size / 1e6:,.1f} MB", flush=True)
        _dump("pg_dumpall", "--roles-only", f"--file={fresh / ROLES}")
        for name in FOLDERS:  # after the databases, so that every model they name is among them
            if (settings().home / name).exists():
                shutil.copytree(settings().home / name, fresh / name)
        if (mappings := settings().tenants_dir / settings().tenant).exists():
            shutil.copytree(mappings, fresh / SETTINGS)
        _write_manifest(fresh, day, names)
        if whole.exists():
            whole.rename(into / f".{_name(day)}{FORMER}")
        fresh.rename(whole)
        _tidy(into)
        note_folder(into)
    except BaseException as error:
        with suppress(OSError):  # what cannot be taken away now goes with the next backup
            _tidy(into)
        if isinstance(error, OSError):
            raise StepError(
                f"{into} cannot be written ({error.strerror}): make room or correct it, then rerun; nothing was kept"
            ) from error
        raise
    return whole


def _tidy(into: Path) -> None:
    """Of what a backup of ours left that ended half-way, its part goes (the vault is in it) and the whole one of that day comes back."""
    ours = f".{settings().tenant}-????-??-??"
    for part in into.glob(f"{ours}{FRESH}"):
        shutil.rmtree(part)
    for former in into.glob(f"{ours}{FORMER}"):
        whole = into / former.name.removeprefix(".").removesuffix(FORMER)
        if whole.exists():
            shutil.rmtree(former)
        else:
            former.rename(whole)


def _dump(program: str, *arguments: str) -> None:
    run_tool(program, "--no-password", *arguments)


def _write_manifest(folder: Path, day: date, names: list[str]) -> None:
    files = {str(path.relative_to(folder)): digest(path) for path in sorted(folder.rglob("*")) if path.is_file()}
    told = {
        "format": FORMAT, "tenant": settings().tenant, "as_of": day, "taken_at": datetime.now(UTC), "server": server_version(),
        "databases": names, "files": files,
    }  # fmt: skip
    (folder / MANIFEST).write_bytes(orjson.dumps(told, option=orjson.OPT_INDENT_2))


def digest(path: Path) -> str:
    """sha256 (hex) of a file."""
    found = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            found.update(chunk)
    return found.hexdigest()


def read_manifest(folder: Path) -> Kept:
    """What a backup's manifest tells. Raises StepError when it is none of ours."""
    try:
        told = orjson.loads((folder / MANIFEST).read_bytes())
        if told["format"] != FORMAT:
            raise StepError(f"{folder} is a backup of another format: restore it with the release that made it")
        return Kept(
            folder, told["tenant"], date.fromisoformat(told["as_of"]), datetime.fromisoformat(told["taken_at"]),
            told["databases"], told["files"],
        )  # fmt: skip
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StepError(
            f"{folder} holds no backup: give a folder that `make backup` wrote, with its {MANIFEST}"
        ) from error


def prune(into: Path, tenant: str) -> list[Path]:
    """Drop the tenant's backups that are neither the newest of one of the last `DAYS` days nor of the last `WEEKS` weeks that have any."""
    found = sorted((kept for kept in _all(into) if kept.tenant == tenant), key=lambda kept: kept.as_of, reverse=True)
    staying = {kept.folder for kept in found[:DAYS]} | set(_first_of_weeks(found))
    gone = [kept.folder for kept in found if kept.folder not in staying]
    for folder in gone:
        shutil.rmtree(folder)
    return gone


def _all(into: Path) -> Iterator[Kept]:
    for path in into.glob(f"[!.]*/{MANIFEST}"):
        yield read_manifest(path.parent)


def _first_of_weeks(newest_first: Iterable[Kept]) -> Iterator[Path]:
    weeks: dict[tuple[int, int], Path] = {}
    for kept in newest_first:
        year, week, _ = kept.as_of.isocalendar()
        weeks.setdefault((year, week), kept.folder)
    return iter(list(weeks.values())[:WEEKS])
