"""Takes an installation with its data to the code that lies here, or leaves it as it was.

In: a data folder that older code wrote, and a folder for a backup. Out: the databases of landfall, Airflow and MLflow brought up to date,
the published day computed anew and published once the same model gives the same chances; nothing is read from a source, nothing is sent.
When any of it fails, the backup is brought back and who was erased since is erased again: what failed stays beside it as
`<database>_failed` and `<home>/failed_upgrade`.
"""

import json
import shutil
import subprocess
import sys
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Any

from config.private_files import write_private
from config.settings import child_environment, settings
from nightly import backup, restore, serve, version
from nightly.background import running
from nightly.backup import FOLDERS
from nightly.night_lock import alone
from nightly.postgres_tools import shut
from nightly.services import last_line, run_module
from warehouse.connection import DatabaseUnreachableError
from warehouse.migrate import pending
from warehouse.restores import Tombstone, journalled, make_up
from warehouse.steps import StepError
from warehouse.stores import existing, published_day, put_aside, set_aside

COMPARES, TRAINS = "ml compare", "ml train"
STEPS = (  # the part of a night that needs no source and tells nobody; the comparison stands before anything is published
    "nightly dbt features", "expectations features", COMPARES, "warehouse open-build", "ml score", "ml forecast", "nightly dbt marts",
    "expectations marts", "warehouse publish",
)  # fmt: skip


def upgrade(into: Path | None, *, new_model: bool = False, dry_run: bool = False) -> int:
    """Upgrade, or go on with one that was interrupted. Returns the exit code: 1 when the old state was brought back."""
    _require_quiet()
    day, begun = published_day() if settings().pg_database in existing() else None, _begun()
    if day is None:
        print("nothing is published here yet: there is nothing to compare, the databases are brought up to date")
        return 0 if dry_run else _prepare_alone()
    missing = pending()
    print(
        f"from {version.said(begun.get('from') or version.of_the_data())} to {version.said(version.here())}: {len(missing)} migrations",
        flush=True,
    )
    if dry_run:
        print(f"would keep a backup, apply {', '.join(missing) or 'none'} and compute {day} anew")
        return 0
    with alone():  # from before the backup: a night that runs is no upgrade that failed, and would be half in it
        if not begun:
            _mark(backup.keep(_place_of_backup(into), day), day)
        failure = _failure(day, new_model=new_model)
    if failure:
        print(f"the upgrade failed: {failure}", file=sys.stderr, flush=True)
        bring_back()
        return 1
    version.note()
    _marker().unlink()
    print(f"upgraded to {version.said(version.here())}; next: `make up`, or `make nightly`")
    return 0


def _place_of_backup(into: Path | None) -> Path:
    where = into or settings().backup_dir
    if where is None:
        raise StepError("an upgrade begins with a backup: `make upgrade TO=folder`, or set LANDFALL_BACKUP_DIR")
    return where


def _prepare_alone() -> int:
    code = serve.prepare()
    version.note()
    return code


def _require_quiet() -> None:
    if up := running():
        raise StepError(f"{', '.join(up)} is running: `make down` first, then rerun")
    if settings().pg_embedded:
        run_module("sandbox.postgres", "start", quiet=True)


def _failure(day: date, *, new_model: bool) -> str:
    """Take the data to the code of here; '' when all of it went well, else what did not."""
    try:
        _take(day, new_model=new_model)
    except (StepError, OSError) as error:
        return str(error) or type(error).__name__
    return ""


def _take(day: date, *, new_model: bool) -> None:
    """Databases, then the day by the new code; each a command of its own, so that any fault of theirs is one sentence here."""
    steps = [TRAINS if new_model and step == COMPARES else step for step in STEPS]
    for command in ("nightly prepare", *(f"{step} --as-of {day}" for step in steps)):
        print(f"── {command}", flush=True)
        done = subprocess.run(
            [sys.executable, "-m", *command.split()],
            env=child_environment(),
            text=True,
            stderr=subprocess.PIPE,
            check=False,
        )
        if done.returncode != 0:
            raise StepError(f"python -m {command}: {last_line(done)}")


def bring_back() -> int:
    """The state of before an upgrade that failed or was interrupted, out of its backup. Returns the exit code."""
    _require_quiet()
    begun = _begun()
    if not begun:
        raise StepError("no upgrade is under way here: `make restore FROM=…` brings a backup back into an empty folder")
    _require_no_night()
    kept = backup.read_manifest(Path(begun["backup"]))
    restore.check_whole(kept)
    stones = list(journalled(kept.folder.parent, kept.tenant))
    _set_aside(sorted(existing() & set(kept.databases)))
    aside = settings().home / "failed_upgrade"
    shutil.rmtree(aside, ignore_errors=True)
    aside.mkdir(parents=True)
    for name in FOLDERS:
        if (settings().home / name).exists():
            (settings().home / name).rename(aside / name)
    restore.bring_back(kept, existing())
    for marker in (settings().home / "airflow").glob("migrated-*"):
        marker.unlink()
    version.note(begun["from"])
    erased = _made_up(kept, stones)
    _marker().unlink()
    code = begun["from"].get("commit")
    print(
        f"the state of before is back, as of {kept.as_of}, erased again: {erased}; put the old code back too"
        f" ({f'git checkout {code}' if code else 'the release that wrote it'}, then `make env`) before the next night"
    )
    return 0


def _require_no_night() -> None:
    with suppress(DatabaseUnreachableError), alone():  # a database that was put aside already has no night
        pass


def _set_aside(names: list[str]) -> None:
    """Put databases aside, all of them or, where somebody's session cannot be ended, none."""
    try:
        with shut([*names, *put_aside()]):
            for name in names:
                print(f"{name}: put aside as {set_aside(name)}", flush=True)
    except StepError as error:
        raise StepError(
            f"{error}; the upgrade is under way still: `make upgrade BACK=1` once nobody is connected"
        ) from error


def _made_up(kept: backup.Kept, stones: list[Tombstone]) -> str:
    """What a restore makes up for, in the tables of the older code. Raises StepError where they cannot take it."""
    try:
        values, raw = make_up(kept.taken_at, stones)
    except StepError as error:
        _marker().unlink()  # once more would end here again
        raise StepError(
            f"the state of before is back, but {error}: put the old code back, and with it erase anew who was erased since"
            f" {kept.taken_at:%Y-%m-%d %H:%M} UTC, before the next night"
        ) from error
    restore.tell_of_other_keys(stones)
    return f"{values} values, {raw} raw copies"


def _marker() -> Path:
    return settings().home / "upgrade.json"


def _begun() -> dict[str, Any]:
    """What an upgrade that is not done noted: from which version, with which backup; empty when none is under way."""
    return json.loads(_marker().read_text("utf-8")) if _marker().exists() else {}


def _mark(kept: Path, day: date) -> None:
    told = {"from": version.of_the_data(), "backup": str(kept.resolve()), "as_of": day.isoformat()}
    write_private(_marker(), json.dumps(told, indent=1) + "\n")
