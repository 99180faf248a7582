"""`python -m nightly`: night, rerun, summary, backfill, advance, up, down, reset, backup, restore, upgrade, prepare, serve,
healthy, rotate, status, metrics, and the steps that dbt computes.

Every command is also a `make` target; `python -m nightly COMMAND --help` tells its options.
"""

import argparse
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from nightly import operating
from warehouse.steps import run_cli


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m nightly", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    night = commands.add_parser("night", help="run the nightly DAG through Airflow and end with the summary")
    night.add_argument(
        "--as-of", metavar="YYYY-MM-DD", default="", help="business day; default: the day that ended last"
    )
    night.add_argument("--input", type=Path, help="folder of exported files, instead of connected systems")
    night.add_argument("--mapping", type=Path, help="YAML that maps the files' columns to ours")
    night.add_argument("--dry-run", action="store_true", help="say what would run, start nothing but the services")

    dbt = commands.add_parser("dbt", help="build one dbt layer for a day")
    dbt.add_argument("layer", choices=["features", "marts", "sync"])
    dbt.add_argument("--as-of", required=True, metavar="YYYY-MM-DD", help="business day")

    as_of = commands.add_parser("as-of", help="print the business day a night is for")
    as_of.add_argument("--asked", default="", help="the day asked for, empty for none")
    as_of.add_argument("--scheduled-at", default="", help="instant at which Airflow started the run")

    systems = commands.add_parser("systems", help="print the systems that a night reads, as JSON")
    systems.add_argument("--asked", default="", help="these only, separated by commas; empty for all")

    rerun = commands.add_parser(
        "rerun", help="read one system for a day again, then build, publish and send the difference"
    )
    rerun.add_argument(
        "--system", required=True, help="the system that was down, as `python -m connectors --list` names it"
    )
    rerun.add_argument(
        "--as-of", metavar="YYYY-MM-DD", default="", help="business day; default: the day that ended last"
    )
    rerun.add_argument("--dry-run", action="store_true", help="say what would run, start nothing but the services")

    late = commands.add_parser("deadline", help="say whether the night's build is published")
    late.add_argument(
        "--as-of", metavar="YYYY-MM-DD", default="", help="business day; default: the day that ended last"
    )
    late.add_argument("--scheduled-at", default="", help="instant at which Airflow started the run")

    show = commands.add_parser("summary", help="print the summary of a night")
    show.add_argument("--as-of", metavar="YYYY-MM-DD", default="", help="business day; default: the published one")

    backfill = commands.add_parser("backfill", help="compute past days again, from landing only")
    backfill.add_argument("--from", dest="first", required=True, metavar="YYYY-MM-DD", help="first day")
    backfill.add_argument("--to", dest="last", required=True, metavar="YYYY-MM-DD", help="last day")
    backfill.add_argument("--model", choices=["champion", "current"], default="champion",
                          help="champion of each day, or today's model for all (marked hindsight)")  # fmt: skip
    backfill.add_argument(
        "--every",
        type=int,
        choices=range(1, 32),
        default=1,
        metavar="DAYS",
        help="grid days only, 7: Mondays; default: every day",
    )
    backfill.add_argument("--dry-run", action="store_true", help="say which days would be computed")

    keeping = commands.add_parser("backup", help="keep databases, models and mappings in a dated folder")
    keeping.add_argument(
        "--to", type=Path, metavar="FOLDER", help="default: LANDFALL_BACKUP_DIR; without both, nothing is kept"
    )
    keeping.add_argument(
        "--as-of", metavar="YYYY-MM-DD", default="", help="business day that names it; default: the published one"
    )
    keeping.add_argument("--dry-run", action="store_true", help="say what would be kept, keep nothing")

    restoring = commands.add_parser("restore", help="bring a backup back into an empty data folder")
    restoring.add_argument(
        "--from", dest="source", type=Path, required=True, metavar="FOLDER", help="what `make backup` wrote"
    )
    restoring.add_argument("--dry-run", action="store_true", help="check the backup, restore nothing")

    advance = commands.add_parser("advance", help="let the sandbox company live on")
    advance.add_argument("--days", type=int, default=1, help="number of days")

    operating.add(commands)
    commands.add_parser("up", help="start Airflow, MLflow and the sandbox in the background")
    commands.add_parser("bi", help="make the pages (Superset) ready and start them in the background")
    commands.add_parser("down", help="stop what `up` and `night` started")
    reset = commands.add_parser("reset", help="delete all state of this working copy")
    reset.add_argument("--yes", action="store_true", help="do not ask")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code."""
    given = _parser().parse_args(arguments)
    if given.command == "night":
        from nightly import night

        if bool(given.input) != bool(given.mapping):
            raise SystemExit("give both INPUT (a folder of files) and MAPPING (its YAML), or neither")
        if given.input:
            night.use_input(given.input, given.mapping)
        return night.run(given.as_of, dry_run=given.dry_run)
    if given.command == "rerun":
        from nightly import night

        return night.run(given.as_of, systems=given.system, dry_run=given.dry_run)
    if given.command in ("as-of", "dbt", "deadline", "systems"):
        return _step(given)
    if given.command in ("summary", "backfill"):
        return _look(given)
    if given.command in ("backup", "restore"):
        return _keep(given)
    if given.command in operating.COMMANDS:
        return operating.run(given)
    if given.command == "bi":
        from nightly import pages

        return pages.up()
    from nightly import stack

    if given.command == "reset":
        return stack.reset(sure=given.yes)
    if given.command == "advance":
        return stack.advance(given.days)
    return stack.up() if given.command == "up" else stack.down()


def _keep(given: argparse.Namespace) -> int:
    from nightly import backup, restore
    from nightly.business_day import parse_day

    if given.command == "restore":
        return restore.restore(given.source, dry_run=given.dry_run)
    code = backup.back_up(given.to, parse_day(given.as_of) if given.as_of else None, dry_run=given.dry_run)
    if given.as_of and not given.dry_run:  # as the night's last step
        from nightly import metrics

        metrics.write_beside(parse_day(given.as_of), datetime.now(UTC))
    return code


def _step(given: argparse.Namespace) -> int:
    from nightly.business_day import parse_day, resolve
    from nightly.night import chosen_systems
    from nightly.night_lock import begin_scheduled

    if given.command == "as-of":
        if given.scheduled_at:
            begin_scheduled()
        print(resolve(given.asked, given.scheduled_at))
        return 0
    if given.command == "systems":
        print(json.dumps(chosen_systems(given.asked)))
        return 0
    if given.command == "deadline":
        from nightly import deadline, metrics

        day = resolve(given.as_of, given.scheduled_at)
        try:
            deadline.check(day)
        finally:
            metrics.write_beside(day, datetime.now(UTC))
        return 0
    from nightly import dbt

    dbt.run(given.layer, parse_day(given.as_of))
    return 0


def _look(given: argparse.Namespace) -> int:
    from nightly.business_day import parse_day

    if given.command == "summary":
        from nightly import summary

        summary.show(parse_day(given.as_of) if given.as_of else None)
        return 0
    from nightly import backfill

    first, last = parse_day(given.first), parse_day(given.last)
    return backfill.run(first, last, model=given.model, every_days=given.every, dry_run=given.dry_run)


if __name__ == "__main__":
    run_cli(main)
