"""Commands of the warehouse: make and upgrade the database, open a build, publish it, roll back, readers and roles, erasing a person."""

import argparse
import getpass
import sys
from datetime import date
from pathlib import Path

from config.settings import settings
from warehouse import dead_letters, erasure, readers
from warehouse.builds import open_build
from warehouse.connection import connect
from warehouse.migrate import migrate
from warehouse.pointer import rollback
from warehouse.publish import publish
from warehouse.retention import retire
from warehouse.roles import differences
from warehouse.steps import StepError, recorded, run_cli


def main() -> None:
    """Entry point of `python -m warehouse`."""
    arguments = _parser().parse_args()
    match arguments.command:
        case "migrate":
            print(f"migrations applied now: {', '.join(migrate()) or 'none'}")
        case "open-build":
            _open(arguments.as_of, arguments.model)
        case "publish":
            _publish(arguments.as_of)
        case "rollback":
            print(rollback(arguments.to, arguments.as_of, by=arguments.by or getpass.getuser()))
        case "roles":
            _compare_roles()
        case "readers":
            _readers(arguments)
        case "erase":
            _erase(arguments)
        case "dead-letters":
            _dead_letters(arguments)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m warehouse", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("migrate", help="create the tenant's database, or bring it up to date")
    opening = commands.add_parser("open-build", help="name the build of a day by its inputs and make its schema")
    opening.add_argument(
        "--model",
        choices=["champion", "current"],
        default="champion",
        help="that day's champion, or today's (marked hindsight)",
    )
    publishing = commands.add_parser(
        "publish", help="show a checked build to readers, then drop what retention no longer keeps"
    )
    for command in (opening, publishing):
        command.add_argument(
            "--as-of", type=date.fromisoformat, required=True, metavar="D", help="business day, YYYY-MM-DD"
        )
    back = commands.add_parser("rollback", help="show the build published before")
    back.add_argument("--by", metavar="WHO", help="who asks for it; default: the operating system's user")
    which = back.add_mutually_exclusive_group()
    which.add_argument("--to", metavar="BUILD_ID", help="a certain build that was published")
    which.add_argument(
        "--as-of", type=date.fromisoformat, metavar="D", help="the last one published for that business day"
    )
    _add_dead_letters(commands.add_parser("dead-letters", help="records that the CRM refused night after night"))
    commands.add_parser("roles", help="hold the catalogue against warehouse/roles.yml; exit 1 with every difference")
    erasing = commands.add_parser(
        "erase", help="take a person's values out of the vault, and say where they can still be found"
    )
    erasing.add_argument(
        "--file",
        type=Path,
        required=True,
        metavar="FILE",
        help="one value a line (phone, name, mail, chat id), - for standard input",
    )
    erasing.add_argument(
        "--as-of", type=date.fromisoformat, required=True, metavar="D", help="business day on which it was asked"
    )
    erasing.add_argument(
        "--by", required=True, metavar="WHO", help="who asked, or the number of the request; not the person"
    )
    erasing.add_argument(
        "--dry-run", action="store_true", help="say what would be erased and where it is found, erase nothing"
    )
    _add_readers(commands.add_parser("readers", help="logins that read schema published, and the nodes each may see"))
    return parser


def _add_readers(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True)
    adding = actions.add_parser("add", help="create a login, or set its nodes anew")
    adding.add_argument("name", metavar="NAME")
    adding.add_argument(
        "--node",
        action="append",
        required=True,
        metavar="NODE_ID",
        help="node whose subtree it sees; * the whole; again for more",
    )
    adding.add_argument(
        "--password-file",
        type=Path,
        required=True,
        metavar="FILE",
        help="holds the password; written with a random one when missing",
    )
    actions.add_parser("list", help="every reader with its nodes")
    removing = actions.add_parser("remove", help="drop a login and its access")
    removing.add_argument("name", metavar="NAME")
    for action in (adding, removing):
        action.add_argument("--dry-run", action="store_true", help="say what would be done and do nothing")


def _add_dead_letters(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True)
    actions.add_parser("list", help="every one with the nights and the code of its refusal")
    releasing = actions.add_parser("release", help="send them again from the next night on")
    releasing.add_argument("records", nargs="*", metavar="RECORD_ID", help="which; none given: all")
    releasing.add_argument("--reason", required=True, help="what was mended")
    releasing.add_argument("--dry-run", action="store_true", help="say which would be released and do nothing")


def _dead_letters(arguments: argparse.Namespace) -> None:
    if arguments.action == "list":
        found = dead_letters.listed()
        told = [f"{system} {record}  refused in {nights} nights with {code}, last for build {build}"
                for system, record, build, nights, code in found]  # fmt: skip
        print("\n".join(told) or "no dead letters")
        return
    freed = dead_letters.release(arguments.records, arguments.reason, dry_run=arguments.dry_run)
    would = "would release" if arguments.dry_run else "released"
    print(f"{would} {len(freed)} dead letters: {', '.join(freed) or 'there is none'}")


def _readers(arguments: argparse.Namespace) -> None:
    match arguments.action:
        case "add":
            print(readers.add(arguments.name, arguments.node, arguments.password_file, dry_run=arguments.dry_run))
        case "list":
            print("\n".join(f"{name}  {nodes or 'nothing'}" for name, nodes in readers.listed()) or "no readers")
        case "remove":
            print(readers.remove(arguments.name, dry_run=arguments.dry_run))


def _erase(arguments: argparse.Namespace) -> None:
    text = sys.stdin.read() if str(arguments.file) == "-" else arguments.file.read_text("utf-8")
    values = [line.strip() for line in text.splitlines() if line.strip()]
    if not values:
        raise StepError(f"{arguments.file} names no value: write one a line, then rerun")
    done = erasure.erase(values, arguments.as_of, arguments.by, dry_run=arguments.dry_run)
    kinds = ", ".join(f"{count} {kind}" for kind, count in done.by_kind.items()) or "nothing"
    print(
        f"{'would take' if arguments.dry_run else 'took'} {kinds} out of the vault, {done.raw_copies} raw copies of unreadable records"
    )
    if not arguments.dry_run:
        print(
            f"wrote {', '.join(erasure.REWRITTEN)} anew; not reached: the server's WAL until it is recycled, backups, and replicas' WAL"
        )
    places = list(erasure.places(values))
    found = [f"{place}: {count} rows" if " " in place else place for place, count in places if count]
    if closed := [place for place, count in places if not count]:
        print("\n".join(["not looked into:", *closed]))
    if found and not arguments.dry_run:
        raise StepError("\n".join(["still found here, delete it by hand, then rerun:", *found]))
    print("\n".join(found) or "found nowhere else, in no table and no file that can be looked into")


def _compare_roles() -> None:
    with connect("checker") as connection:
        found = differences(connection)
    if found:
        raise StepError("\n".join([*found, "correct the grants or warehouse/roles.yml, then rerun"]))
    print("every role may do exactly what warehouse/roles.yml says")


def _open(as_of: date, model: str) -> None:
    with recorded("open_build", as_of) as run:
        build = open_build(as_of, model="current" if model == "current" else "champion")
        run.note(build_id=build.build_id, model_version=build.model_version)
        print(f"build {build.build_id} ({build.state}), model {build.model_version}, marts go to schema {build.schema}")


def _publish(as_of: date) -> None:
    with recorded("publish", as_of) as run:
        print(publish(as_of))
        dropped = retire()
        run.note(dropped_schemas=len(dropped))
        print(f"retention dropped {len(dropped)} builds")
        print(f"pages: {settings().page_url('p1')} · can it be trusted: {settings().page_url('p8')}")


if __name__ == "__main__":
    run_cli(main)
