"""Brings an installation back out of a backup, into an empty data folder or a server without its databases.

In: a folder that `make backup` wrote. Out: databases, models and mappings as they were; persons erased since are erased again, and the next
write-back reads what the CRM holds before it sends. Nothing that exists is overwritten.
"""

import re
import shutil
import time
from pathlib import Path

from config.settings import settings
from nightly.backup import FOLDERS, MANIFEST, ROLES, SETTINGS, Kept, digest, read_manifest, run_tool
from nightly.services import run_module, running
from warehouse.migrate import migrate
from warehouse.restores import apply_erasures, journalled, note_restore, of_other_keys
from warehouse.steps import StepError
from warehouse.stores import existing


def restore(folder: Path, *, dry_run: bool = False) -> int:
    """Restore the backup in `folder`. Returns the exit code; raises StepError before anything is changed when it cannot be done."""
    kept = read_manifest(folder)
    check_whole(kept)
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
    try:
        bring_back(kept, there)
    except (StepError, OSError) as error:
        what = f"empty {settings().home} after `make down`" if settings().pg_embedded else "drop the databases it made"
        raise StepError(f"{error}; the restore stopped half-way: {what}, then rerun") from error
    if applied := migrate():
        print(f"migrated: {', '.join(applied)}", flush=True)
    stones = list(journalled(folder.parent, kept.tenant))
    taken, raw = apply_erasures(stones)
    note_restore(kept.taken_at)
    print(
        f"restored {kept.tenant} as of {kept.as_of} in {time.monotonic() - started:.0f} s;"
        f" erased again: {taken} values, {raw} raw copies\n"
        "next: `make nightly` reads what came since; its write-back compares the CRM before it sends"
    )
    if waiting := of_other_keys(stones):
        print(
            f"{waiting} values were erased under a later key of the vault: put that key into a file and type"
            " `python -m nightly rotate vault_key --new FILE` before the next night, which erases them again"
        )
    return 0


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
    mappings = settings().tenants_dir / settings().tenant
    if (folder / SETTINGS).exists() and not mappings.exists():
        shutil.copytree(folder / SETTINGS, mappings)
