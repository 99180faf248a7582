"""The invented company: found it, serve its CRM, export its past, let it live on.

`python -m sandbox create|serve|export|screens|lists|archive|advance|create-fields|clock`; its files lie in `<home>/sandbox`.
"""

import argparse
import json
import os
import sys
from datetime import date
from pathlib import Path

import orjson

from config.settings import settings
from sandbox.administration import create_fields
from sandbox.archive import write_archive
from sandbox.clock import night_ms
from sandbox.control_api import clock_state
from sandbox.dialect import DIALECTS
from sandbox.export import export
from sandbox.lead_lists import write_lists
from sandbox.life import CompanyError, advance, found
from sandbox.list_export import write_screens
from sandbox.quota import Rules
from sandbox.server import HOST, serve
from sandbox.store import NoCompanyError, Store, database

WRITERS = {"screens": write_screens, "lists": write_lists, "archive": write_archive}


def parser() -> argparse.ArgumentParser:
    """The command line."""
    now = settings()
    top = argparse.ArgumentParser(
        prog="python -m sandbox", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    top.add_argument("--home", type=Path, default=now.home, help="folder of state (default: LANDFALL_HOME)")
    commands = top.add_subparsers(dest="command", required=True)
    create = commands.add_parser(
        "create", help="invent the company: three years up to the end of a day, and days ahead"
    )
    create.add_argument(
        "--day", type=date.fromisoformat, default=date.fromisoformat(now.sandbox_day), help="its day, YYYY-MM-DD"
    )
    create.add_argument("--scale", type=float, default=now.sandbox_scale, help="1 is 12,000 opportunities")
    create.add_argument("--seed", type=int, default=now.sandbox_seed, help="the same seed gives the same company")
    create.add_argument("--days-ahead", type=int, default=200, help="how many days it can live on")
    create.add_argument(
        "--dialect",
        choices=DIALECTS,
        default=now.sandbox_dialect,
        help="how its administrator set the CRM up; renamed: 商机 1.0, names, stages and units of its own",
    )
    create.add_argument(
        "--replace", action="store_true", help="give up the company that is there, its journal included"
    )
    server = commands.add_parser("serve", help="serve its CRM over HTTP, on loopback unless told otherwise")
    server.add_argument("--port", type=int, default=now.sandbox_port, help="0 chooses a free one")
    server.add_argument("--host", default=HOST, help="address to listen on")
    server.add_argument(
        "--clock-speed", type=float, default=now.sandbox_clock_speed, help="sandbox seconds per second; 0 stands still"
    )
    server.add_argument(
        "--requests-per-20s",
        type=int,
        default=Rules().requests_per_20s,
        help="quota per endpoint, sandbox time; 0 none",
    )
    server.add_argument(
        "--daily-quota", type=int, default=Rules().daily_quota, help="calls in a sandbox day; 0 unlimited"
    )
    exported = commands.add_parser("export", help="write the bulk export of the go-live as CSV")
    exported.add_argument("--mode", choices=["full", "stage_only"], default="full", help="what the past tells")
    exported.add_argument("--out", type=Path, required=True, help="folder to write to")
    screens = commands.add_parser("screens", help="write what a person exports from the CRM's list pages as CSV")
    screens.add_argument("--out", type=Path, required=True, help="folder to write to")
    lists = commands.add_parser("lists", help="write the lists of leads that its people drop in a folder")
    lists.add_argument("--out", type=Path, required=True, help="folder to write to")
    archive = commands.add_parser("archive", help="write the decrypted export of WeCom's message archive")
    archive.add_argument("--out", type=Path, required=True, help="folder to write to")
    later = commands.add_parser("advance", help="let the company live on")
    later.add_argument("--days", type=int, default=1, help="how many days")
    fields = commands.add_parser("create-fields", help="be the administrator who creates the fields for scores")
    fields.add_argument("file", type=Path, help="the list that onboarding wrote (object, field, …)")
    commands.add_parser("clock", help="print its day and calendar as JSON")
    return top


def run(asked: argparse.Namespace) -> None:
    """Do what was asked. Raises CompanyError or NoCompanyError with a sentence for people."""
    if asked.command == "create":
        _create(asked)
    elif asked.command == "serve":
        rules = Rules(requests_per_20s=asked.requests_per_20s, daily_quota=asked.daily_quota)
        serve(asked.home, asked.port, speed=asked.clock_speed, rules=rules, host=asked.host)
    else:
        store = Store(database(asked.home))
        if asked.command == "export":
            for name, rows in export(store, asked.out, asked.mode).items():
                print(f"{name}: {rows:,} rows")
        elif asked.command in WRITERS:
            for name, rows in WRITERS[asked.command](store, asked.out).items():
                print(f"{name}: {rows:,} rows")
        elif asked.command == "advance":
            for day, changes in advance(store, asked.days, at_s=store.last_request_at()):
                print(f"{day}: {changes:,} changes")
        elif asked.command == "create-fields":
            print(f"{create_fields(store, asked.file)} fields created")
        else:
            print(json.dumps(clock_state(store, night_ms(store.day()))))
        store.close()


def _create(asked: argparse.Namespace) -> None:
    note = database(asked.home).with_name("server.json")
    if note.exists() and _is_alive(pid := orjson.loads(note.read_bytes())["pid"]):
        raise CompanyError(f"the sandbox of this home is being served by process {pid}: stop it first")
    try:
        path = found(
            asked.home,
            asked.day,
            scale=asked.scale,
            seed=asked.seed,
            days_ahead=asked.days_ahead,
            dialect=asked.dialect,
            is_replacing=asked.replace,
        )
    except ValueError as error:
        raise CompanyError(str(error)) from error
    print(f"the company is founded: {path}")


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except OSError:
        return False
    return True


def main() -> int:
    """Entry point of `python -m sandbox`."""
    try:
        run(parser().parse_args())
    except (CompanyError, NoCompanyError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
