"""The settings door: business settings out to an Excel workbook, and back in as insert-only rows with who, when and why.

`export` writes what holds; `diff` says what a filled-in workbook would change; `apply` does it, in one transaction, or says every fault;
`undo` adds the rows that restore what held before a change. A past day never changes: what is decided on D counts from D+1 on.
"""

import argparse
import getpass
import sys
from collections.abc import Callable
from datetime import date
from hashlib import sha256
from pathlib import Path

from warehouse import setting_book, setting_rows
from warehouse.connection import connect
from warehouse.frames import fetch_all
from warehouse.periods import known_periods
from warehouse.setting_calendar import calendar_faults
from warehouse.setting_effects import differences, effects
from warehouse.setting_rows import Decision, Holding, Key
from warehouse.setting_rules import Proposal, changes, faults
from warehouse.steps import StepError, run_cli

_NODES = """
    select node_id, parent_node_id from intermediate.int_org_nodes
    where as_of_date = (select max(as_of_date) from intermediate.int_org_nodes where as_of_date <= %s)
"""


Agree = Callable[[list[str]], bool]


def main() -> None:
    """Entry point of `python -m warehouse.settings`."""
    parser = _parser()
    given = parser.parse_args()
    if given.command == "undo" and (given.file is None) == (given.change is None):
        parser.error("undo takes either the workbook that was applied or --change N")
    match given.command:
        case "export":
            print(export(given.file, given.valid_from or given.as_of, given.as_of))
        case "diff":
            print("\n".join(told(propose(given.file, _decision(given)), _decision(given))))
        case "apply":
            print(apply(given.file, _decision(given), _agreement(given)))
        case "undo":
            print(undo(given.change, _decision(given), _agreement(given)))


def export(path: Path, valid_on: date, as_of: date) -> str:
    """Write the settings that hold on `valid_on`, by everything decided up to `as_of`, to `path`; returns a sentence."""
    with connect("loader") as connection:
        held = setting_rows.holding(connection, valid_on, as_of)
    return f"wrote {setting_book.export(path, held, organisation(as_of))} settings to {path}"


def propose(path: Path, decision: Decision) -> Proposal:
    """What the workbook would change. Raises StepError that lists every fault of the file."""
    asked, places, found = setting_book.load(path)
    with connect("loader") as connection:
        held = setting_rows.holding(connection, decision.valid_from, decision.as_of)
    proposal = _proposal(held, changes(held, asked), places, decision.as_of, decision.valid_from)
    found += [*faults(proposal), *calendar_faults(proposal)]
    if found:
        raise StepError("\n".join([*found, f"{len(found)} faults, nothing was changed: correct {path}, then rerun"]))
    return proposal


def apply(path: Path, decision: Decision, agree: Agree) -> str:
    """Append what the workbook changes once `agree` says yes to what is told. Returns a sentence; raises StepError as `propose`."""
    with connect("loader") as connection:
        setting_rows.lock(connection)
        proposal = propose(path, decision)
        if not proposal.changed:
            return "nothing to do: the workbook says what holds already"
        if not agree(told(proposal, decision)):
            return "nothing was changed"
        number = setting_rows.write(connection, decision, proposal.changed)
    many = len(proposal.changed)
    return f"change {number}: {many} settings hold from {decision.valid_from}, seen by days after {decision.as_of}"


def undo(change: int | None, decision: Decision, agree: Agree) -> str:
    """Append what held before change `change` (None: the newest standing one of the decision's file). Returns a sentence.

    Raises StepError when there is no such change, it was undone, a later one stands on it, or what it restores is at fault.
    """
    with connect("loader") as connection:
        setting_rows.lock(connection)
        number = change or setting_rows.change_of_file(connection, str(decision.file_sha256))
        rows = setting_rows.former_values(connection, number)
        valid_from = rows[0].valid_from
        held = setting_rows.holding(connection, valid_from, decision.as_of)
        former = {(row.kind, row.key): row.former for row in rows}
        proposal = _proposal(held, former, {}, decision.as_of, valid_from)
        found = [*faults(proposal), *calendar_faults(proposal)]
        if found:
            raise StepError(
                "\n".join([*found, f"change {number} cannot be undone alone: apply a file that says what shall hold"])
            )
        if not agree([*differences(proposal), *effects(proposal, valid_from)]):
            return "nothing was changed"
        undone = setting_rows.undo(connection, decision, number)
    return f"change {undone}: change {number} is undone, seen by days after {decision.as_of}"


def _proposal(held: Holding, changed: Holding, places: dict[Key, int], as_of: date, valid_from: date) -> Proposal:
    return Proposal(held, changed, places, organisation(as_of), as_of, known_periods("transformer"), valid_from)


def told(proposal: Proposal, decision: Decision) -> list[str]:
    """The change in lines: every value before and after, then what moves in the current period."""
    if not proposal.changed:
        return ["no difference"]
    return [*differences(proposal), *effects(proposal, decision.valid_from)]


def organisation(as_of: date) -> dict[str, str | None]:
    """Node → parent, as the newest night up to `as_of` knows it from the CRM; empty before the first."""
    if fetch_all("transformer", "select to_regclass('intermediate.int_org_nodes') is null")[0][0]:
        return {}
    return dict(fetch_all("transformer", _NODES, (as_of,)))


def _decision(given: argparse.Namespace) -> Decision:
    try:
        digest = sha256(given.file.read_bytes()).hexdigest() if given.file else None
    except OSError as error:
        raise StepError(f"{given.file} cannot be read ({type(error).__name__}): give the workbook's path") from error
    reason = (getattr(given, "reason", "") or "").strip()
    if given.command in ("apply", "undo") and not reason:
        raise StepError("a change needs its reason: give --reason in a sentence")
    decided_by = getattr(given, "by", None) or getpass.getuser()
    return Decision(given.as_of, given.valid_from or given.as_of, decided_by, reason, digest)


def _agreement(given: argparse.Namespace) -> Agree:
    """Prints the change, then takes --yes, --dry-run or the person's answer."""

    def agree(lines: list[str]) -> bool:
        print("\n".join(lines), flush=True)
        if given.dry_run or given.yes:
            return not given.dry_run
        if not sys.stdin.isatty():
            raise StepError("nobody is there to ask: read the change above, then rerun with --yes")
        return input("make this change? [y/N] ").strip().lower() in ("y", "yes", "是")

    return agree


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m warehouse.settings", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    for name, said in (
        ("export", "write what holds to a workbook"),
        ("diff", "say what a workbook would change, or every fault of it"),
        ("apply", "make the changes of a workbook, all or none"),
        ("undo", "restore what held before a change, by new rows"),
    ):
        command = commands.add_parser(name, help=said, description=said)
        command.add_argument("file", type=Path, metavar="FILE.xlsx", nargs="?" if name == "undo" else None)
        command.add_argument(
            "--as-of",
            type=date.fromisoformat,
            required=True,
            metavar="D",
            help="business day of the decision; D+1 sees it first",
        )
        command.add_argument(
            "--valid-from",
            type=date.fromisoformat,
            required=name in ("diff", "apply"),
            metavar="D",
            help="first day on which it holds (export: the day whose settings are written)",
        )
        if name in ("apply", "undo"):
            command.add_argument("--reason", required=True, help="why, in a sentence; kept with the rows")
            command.add_argument("--by", help="who decided; default: the operating system's user")
            command.add_argument("--yes", action="store_true", help="do not ask")
            command.add_argument("--dry-run", action="store_true", help="say what would change and change nothing")
        if name == "undo":
            command.add_argument(
                "--change", type=int, metavar="N", help="number of the change; without it the file names it"
            )
    return parser


if __name__ == "__main__":
    run_cli(main)
