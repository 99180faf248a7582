"""`python -m connectors`: read the outside world into landing, write scores back, tell people, say whether the systems can be reached."""

import argparse
from datetime import UTC, date, datetime
from pathlib import Path

from config.settings import settings
from warehouse.clock import day_before
from warehouse.steps import run_cli


def _parser() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m connectors", description=__doc__)
    parser.add_argument("--list", action="store_true", help="show the tenant's streams and end")
    steps = parser.add_subparsers(dest="step")
    extract = steps.add_parser("extract", help="read every stream up to the end of a business day")
    extract.add_argument("--system", help="read this system only")
    extract.add_argument("--stream", help="read this stream of the system only")
    history = steps.add_parser("history", help="load the go-live export, once")
    history.add_argument(
        "--go-live", type=date.fromisoformat, help="the export's last day, where its manifest does not say"
    )
    writeback = steps.add_parser("writeback", help="send the scores that the published build owes")
    notify = steps.add_parser("notify", help="tell people what came up, by the channels of LANDFALL_NOTIFY")
    for step in (extract, history, writeback, notify):
        step.add_argument("--as-of", type=date.fromisoformat, required=True, help="business day, YYYY-MM-DD")
    for step in (extract, writeback, notify):
        step.add_argument("--dry-run", action="store_true", help="say what would happen, change nothing")
    check = steps.add_parser("check", help="can every configured system be reached and read, and if not, what to do")
    check.add_argument("--system", help="look at this system only")
    check.add_argument("--history", action="store_true", help="say of every field since when it is known, and how")
    check.add_argument(
        "--credentials",
        action="store_true",
        help="of --system: exit code 0 it takes our credentials, 4 it refuses them",
    )
    check.add_argument(
        "--record", metavar="ID", help="try updates on this deal of Fxiaoke, made for it; it is left as it was"
    )
    check.add_argument(
        "--as-of", type=date.fromisoformat, help="look at data up to the end of this day; default: as for preview"
    )
    steps.add_parser("webhook", help="take in leads that senders hand in, until told to end")
    onboard = steps.add_parser("onboard", help="propose a tenant's mapping from what its system says of itself")
    onboard.add_argument("system", choices=["files", "fxiaoke", "salesforce", "kingdee", "dingtalk", "wecom"])
    onboard.add_argument("--tenant", help="whose mapping; default: LANDFALL_TENANT")
    onboard.add_argument(
        "--currency", default="CNY", help="of files: what amounts are in where no column says; default: CNY"
    )
    onboard.add_argument("--force", action="store_true", help="write a mapping that exists anew")
    onboard.add_argument("--dry-run", action="store_true", help="show what would be written, write nothing")
    onboard.add_argument(
        "--as-of", type=date.fromisoformat, help="look at records up to the end of this day; default: as for preview"
    )
    ready = steps.add_parser(
        "readiness", help="does the system need an upgrade? five symptoms measured on exports, one page"
    )
    ready.add_argument("--out", type=Path, metavar="FOLDER", help="where the page goes; default: the tenant's outputs")
    ready.add_argument("--as-of", type=date.fromisoformat, help="day of the export; default: the last day seen in it")
    for step in (onboard, ready):
        step.add_argument(
            "--field", action="append", default=[], metavar="STREAM.FIELD=THEIRS", help="what a person decided"
        )
        step.add_argument(
            "--input", type=Path, metavar="FOLDER", help="the folder of exports; default: LANDFALL_INPUT_DIR"
        )
    preview = steps.add_parser("preview", help="show records and monthly figures as they would land; lands nothing")
    preview.add_argument("system")
    preview.add_argument("--stream", help="this stream only")
    preview.add_argument(
        "--as-of", type=date.fromisoformat, help="business day; default: LANDFALL_AS_OF, else the one that ended last"
    )
    return parser


def _day(asked: date | None) -> date:
    """The business day that is asked for, that is set, or that ended last by the caller's clock."""
    if asked or settings().as_of:
        return asked or date.fromisoformat(settings().as_of)
    return day_before(datetime.now(UTC))


def main() -> int:
    """Entry point; see `--help`."""
    parser = _parser()
    given = parser.parse_args()
    if given.list:
        from connectors.check import list_streams

        list_streams()
    elif given.step == "extract":
        from connectors.extract import extract as run_extract

        run_extract(given.as_of, given.system, given.stream, dry_run=given.dry_run)
    elif given.step == "history":
        from connectors.history import load_history

        load_history(given.as_of, given.go_live)
    elif given.step == "writeback":
        from connectors.writeback import write_back

        write_back(given.as_of, dry_run=given.dry_run)
    elif given.step == "notify":
        from connectors.notify import notify as run_notify

        run_notify(given.as_of, dry_run=given.dry_run)
    elif given.step == "webhook":
        from connectors.webhook_service import serve

        serve()
    else:
        return _look(parser, given)
    return 0


def _look(parser: argparse.ArgumentParser, given: argparse.Namespace) -> int:
    """The commands that land nothing."""
    if given.step == "check" and given.history:
        from connectors.field_history import tell

        tell(given.system)
    elif given.step == "check":
        if given.credentials and not given.system:
            parser.error("--credentials asks one system: name it with --system")
        from connectors import check

        if given.record:
            return check.check_update(given.record)
        return (
            check.check_credentials(given.system) if given.credentials else check.check(given.system, _day(given.as_of))
        )
    elif given.step == "onboard" and given.system == "files":
        from connectors.onboard_exports import onboard_files

        onboard_files(
            given.input, given.tenant, given.currency, given.field, dry_run=given.dry_run, is_forced=given.force
        )
    elif given.step == "onboard":
        from connectors.onboard import onboard as run_onboard

        run_onboard(
            given.system, given.tenant, given.field, _day(given.as_of), dry_run=given.dry_run, is_forced=given.force
        )
    elif given.step == "readiness":
        from connectors.readiness import readiness

        readiness(given.input, given.out, given.as_of, given.field)
    elif given.step == "preview":
        from connectors.preview import preview as run_preview

        run_preview(given.system, given.stream, _day(given.as_of))
    else:
        parser.error("choose a step or --list")
    return 0


if __name__ == "__main__":
    run_cli(main)
