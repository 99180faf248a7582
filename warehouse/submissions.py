"""People's numbers beside the model's: a workbook out to a manager and back in, and a page for the phone.

`template` writes a workbook with the published baseline of a node, its children and their largest open deals; `import` takes the numbers
that were filled in, all or none; `serve` shows the same on a page where a manager signs in with a reader's login. A number that differs
from the baseline needs its reason. Nothing is changed or deleted: the newest number of a week counts, those after the window are late.
"""

import argparse
import getpass
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from config.settings import settings
from warehouse import submission_book
from warehouse.connection import connect
from warehouse.steps import StepError, run_cli
from warehouse.submission_rows import Header, Line, business_day, faults, header, keep, lines, said, week
from warehouse.submission_words import WORDS


def main() -> None:
    """Entry point of `python -m warehouse.submissions`."""
    given = _parser().parse_args()
    match given.command:
        case "template":
            print(template(given.file, given.node, given.as_of))
        case "import":
            print(take_in(given.file, given.node, given.at, given.by or getpass.getuser(), dry_run=given.dry_run))
        case "serve":
            from warehouse.submission_server import serve

            serve(given.port if given.port is not None else settings().submission_port, given.day)


def template(path: Path, node_id: str, as_of: date) -> str:
    """Write the workbook of `node_id` for the week of `as_of`; returns a sentence."""
    seen, found = _shown(node_id)
    submission_book.export(path, seen, found, said(seen.period_id, week(as_of) - timedelta(days=7)))
    return f"wrote {len(found)} lines of {seen.period_id} (build {seen.build_id}) to {path}: fill in your_number and reason, then import"


def take_in(path: Path, node_id: str, moment: datetime, said_by: str, *, dry_run: bool = False) -> str:
    """Keep the numbers of a filled-in workbook; returns a sentence. Raises StepError that lists every fault, and then keeps none."""
    seen, found = _shown(node_id)
    asked, wrong = submission_book.load(path, seen, found)
    wrong += faults(asked, seen, business_day(moment), WORDS["en"])
    if wrong:
        raise StepError("\n".join([*wrong, f"{len(wrong)} faults, nothing was kept: correct {path}, then rerun"]))
    if dry_run:
        return f"would keep up to {len(asked)} numbers for {seen.period_id}; nothing was kept"
    kept = keep(asked, seen, moment, said_by, "workbook")
    return f"kept {kept} of {len(asked)} numbers for {seen.period_id}; the others were said before"


def _shown(node_id: str) -> tuple[Header, list[Line]]:
    with connect("checker") as reader:
        seen = header(reader)
        if seen is None:
            raise StepError("no build is published yet: run `make nightly`, then rerun")
        found = lines(reader, node_id)
    if not found:
        raise StepError(f"the published build has no node {node_id}: take one of published.mart_period_forecast")
    return seen, found


def _moment(text: str) -> datetime:
    """An instant as a person types it: local time, or with the UTC offset that it names."""
    typed = datetime.fromisoformat(text)
    return typed if typed.tzinfo else typed.replace(tzinfo=ZoneInfo(settings().time_zone))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m warehouse.submissions", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    writing = commands.add_parser("template", help="write a manager's workbook")
    taking = commands.add_parser("import", help="keep the numbers of a filled-in workbook, all or none")
    for command in (writing, taking):
        command.add_argument("file", type=Path, metavar="FILE.xlsx")
        command.add_argument("--node", required=True, metavar="NODE_ID", help="the manager's node of the organisation")
    writing.add_argument(
        "--as-of",
        type=date.fromisoformat,
        required=True,
        metavar="D",
        help="a day of the week that the numbers are for",
    )
    taking.add_argument(
        "--at",
        type=_moment,
        required=True,
        metavar="'D HH:MM'",
        help="business day and local time (or with a UTC offset) at which they are said; not before the published day",
    )
    taking.add_argument("--by", help="who says them; default: the operating system's user")
    taking.add_argument("--dry-run", action="store_true", help="check the workbook and keep nothing")
    serving = commands.add_parser("serve", help="the managers' page, on loopback")
    serving.add_argument("--port", type=int, help="default: the setting submission_port; 0 chooses a free one")
    serving.add_argument(
        "--day", type=date.fromisoformat, metavar="D", help="take this business day as today (sandbox)"
    )
    return parser


if __name__ == "__main__":
    run_cli(main)
