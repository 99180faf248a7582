"""Brings an installation back out of a backup, into an empty data folder or a server without its databases.

In: a folder that `make backup` wrote. Out: databases, models and mappings as they were; persons erased since are erased again, and the next
write-back reads what the CRM holds before it sends. Nothing that exists is overwritten, and of a restore that fails nothing stays: what it
made is taken away again, so that it may be run once more and nobody goes on with half a database, or with persons who were erased.
"""

import re
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from config.settings import settings
from nightly.background import running
from nightly.backup import FOLDERS, MANIFEST, ROLES, SETTINGS, Kept, digest, read_manifest
from nightly.postgres_tools import run_tool
from nightly.services import run_module
from warehouse.migrate import migrate
from warehouse.restores import Tombstone, journalled, make_up, note_folder, of_other_keys
from warehouse.steps import StepError
from warehouse.stores import existing


def restore(folder: Path, *, dry_run: bool = False) -> int:
    """Restore the backup in `folder`. Returns the exit code; raises StepError before anything is changed when it cannot be done."""
    kept = read_manifest(folder)
    check_whole(kept)
    stones = list(journalled(folder.parent, kept.tenant))
    _check_free()
    if dry_run:
        print(
            f"would restore {', '.join(kept.databases)} of {kept.as_of}, taken {kept.taken_at:%Y-%m-%d %H:%M} UTC, into {settings().home}"
        )
        return 0
    started = time.monotonic()
    if settings().pg_embedded:
        run_module("sandbox.postgres", "start", quiet=True)
    there = existing()
    if settings().pg_database in there:
        raise StepError(
            f"the database {settings().pg_database} exists: restore into an empty server, or rename it first"
        )
    with _all_or_nothing(kept, there):
        bring_back(kept, there)
        if applied := migrate():
            print(f"migrated: {', '.join(applied)}", flush=True)
        taken, raw = make_up(kept.taken_at, stones)
        note_folder(folder.parent)
    print(
        f"restored {kept.tenant} as of {kept.as_of} in {time.monotonic() - started:.0f} s;"
        f" erased again: {taken} values, {raw} raw copies\n"
        "next: `make nightly` reads what came since; its write-back compares the CRM before it sends"
    )
    tell_of_other_keys(stones)
    return 0


@contextmanager
def _all_or_nothing(kept: Kept, there: set[str]) -> Iterator[None]:
    """Take away what came back where not all of it does. `there`: the databases of before, which stay."""
    has_mappings = _mappings().exists()
    try:
        yield
    except BaseException as error:
        print("the restore fails: what came back is taken away again", flush=True)
        try:
            _take_away([name for name in kept.databases if name not in there], has_mappings=has_mappings)
        except (StepError, OSError) as left:
            home = settings().home
            raise StepError(
                f"{error}; what came back could not be taken away ({left}): drop {', '.join(sorted({*kept.databases} - there))}, or"
                f" where the server is ours delete {home / 'postgres'} after `make down`; delete {', '.join(FOLDERS)} under {home};"
                " then rerun"
            ) from error
        if isinstance(error, StepError | OSError):
            raise StepError(f"{error}; what had come back was taken away again") from error
        raise


def _take_away(databases: list[str], *, has_mappings: bool) -> None:
    """The databases and files that a restore made; an embedded server, which it made too, as a whole."""
    folders = [settings().home / name for name in FOLDERS]
    if settings().pg_embedded:
        run_module("sandbox.postgres", "stop", quiet=True)
        folders.append(settings().home / "postgres")
    else:
        for name in databases:
            run_tool("dropdb", "--no-password", "--if-exists", "--force", name)
    if not has_mappings:
        folders.append(_mappings())
    for folder in folders:
        if folder.exists():
            shutil.rmtree(folder)


def bring_back(kept: Kept, there: set[str]) -> None:
    """Roles, databases (but for those that are `there`) and files."""
    _restore_roles(kept.folder)
    for name in kept.databases:
        if name in there:
            print(f"{name} exists and is left as it is", flush=True)
            continue
        run_tool(
            "pg_restore",
            "--no-password",
            "--create",
            "--exit-on-error",
            "--dbname=postgres",
            str(kept.folder / f"{name}.dump"),
        )
        print(f"{name}: restored", flush=True)
    _copy(kept.folder)


def tell_of_other_keys(stones: Sequence[Tombstone]) -> None:
    """Say what to do where erasures wait for a key that the vault took after the backup."""
    if waiting := of_other_keys(stones):
        print(
            f"{waiting} values were erased under a later key of the vault: put that key into a file and type"
            " `python -m nightly rotate vault_key --new FILE` before the next night, which erases them again"
        )


def check_whole(kept: Kept) -> None:
    """Raises StepError where the backup is another tenant's or a file of it is not as it was written."""
    if kept.tenant != settings().tenant:
        raise StepError(f"{kept.folder} is a backup of {kept.tenant}: set LANDFALL_TENANT={kept.tenant}, then rerun")
    broken = [
        name
        for name, known in kept.files.items()
        if not (kept.folder / name).is_file() or digest(kept.folder / name) != known
    ]
    if broken:
        raise StepError(
            f"{kept.folder / broken[0]} is not what {MANIFEST} says: take another backup; nothing was restored"
        )


def _check_free() -> None:
    """Raises StepError where something runs or is in the way."""
    if up := running():
        raise StepError(f"{', '.join(up)} is running: `make down` first, then rerun")
    home = settings().home
    taken = [name for name in (*FOLDERS, *(["postgres"] if settings().pg_embedded else [])) if (home / name).exists()]
    if taken:
        raise StepError(f"{home / taken[0]} exists: move the old state away, then rerun; nothing was restored")


def _restore_roles(folder: Path) -> None:
    """Roles as they were, but for the logins that the new server has made with passwords of their own."""
    ours = "|".join(map(re.escape, {settings().pg_user, settings().pg_backup_user}))
    own = re.compile(rf'^(CREATE|ALTER) ROLE "?({ours})"?[ ;]')
    lines = [line for line in (folder / ROLES).read_text("utf-8").splitlines() if not own.match(line)]
    said = run_tool("psql", "--no-password", "--dbname=postgres", "--quiet", stdin="\n".join(lines))
    strange = [line for line in said.splitlines() if "ERROR:" in line and "already exists" not in line]
    if strange:
        raise StepError(
            f"the roles could not be restored ({strange[0]}): see that LANDFALL_PG_BACKUP_USER may create roles, then rerun"
        )


def _copy(folder: Path) -> None:
    for name in FOLDERS:
        if (folder / name).exists():
            shutil.copytree(folder / name, settings().home / name)
    if (folder / SETTINGS).exists() and not _mappings().exists():
        shutil.copytree(folder / SETTINGS, _mappings())


def _mappings() -> Path:
    return settings().tenants_dir / settings().tenant
