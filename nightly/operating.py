"""The commands of who keeps an installation running: upgrade, prepare, serve, healthy, rotate, status, metrics, inventory.

In: the parser of `python -m nightly`. Out: its sub-commands, and one function that runs them.
"""

import argparse
from datetime import UTC, datetime
from pathlib import Path

COMMANDS = ("upgrade", "prepare", "serve", "healthy", "rotate", "status", "metrics", "inventory")


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the sub-commands."""
    moving = commands.add_parser("upgrade", help="take the data to the code that lies here, or leave all as it was")
    moving.add_argument("--to", type=Path, metavar="FOLDER", help="where its backup goes; default: LANDFALL_BACKUP_DIR")
    moving.add_argument(
        "--new-model", action="store_true", help="train instead of comparing: the release changes the features"
    )
    moving.add_argument("--back", action="store_true", help="bring back the state of before one that was interrupted")
    moving.add_argument("--dry-run", action="store_true", help="say what would change, change nothing")
    commands.add_parser("prepare", help="bring the databases of landfall, Airflow and MLflow up to date")
    for name, said in (
        ("serve", "become one long-running process, as a container does"),
        ("healthy", "say whether it is well"),
    ):
        long = commands.add_parser(name, help=said)
        long.add_argument("process", help="airflow, airflow-scheduler, …, as docker/compose.yml names its services")
    for name, said in (
        ("status", "did last night work, is it late, what is stale"),
        ("metrics", "write the file of metrics"),
    ):
        look = commands.add_parser(name, help=said)
        look.add_argument(
            "--as-of", metavar="YYYY-MM-DD", default="", help="business day; default: the day that ended last"
        )
    parts = commands.add_parser("inventory", help="write the bill of materials (CycloneDX) and print the licences")
    parts.add_argument("--out", type=Path, required=True, metavar="FILE", help="JSON file to write")
    rotation = commands.add_parser("rotate", help="change a secret while old and new both hold")
    rotation.add_argument(
        "name", help="vault_key, database, airflow, pages, or a vendor's secret by its setting, as fxiaoke_app_secret"
    )
    rotation.add_argument("--new", type=Path, metavar="FILE", help="the new secret, from its vendor")
    rotation.add_argument("--finish", action="store_true", help="see that the old secret is refused, and forget it")
    rotation.add_argument("--back", action="store_true", help="put the old secret back")


def run(given: argparse.Namespace) -> int:
    """Run one of them; returns its exit code."""
    if given.command == "upgrade":
        from nightly import upgrade

        if given.back:
            return upgrade.bring_back()
        return upgrade.upgrade(given.to, new_model=given.new_model, dry_run=given.dry_run)
    if given.command == "rotate":
        from nightly import rotate

        if given.name not in rotate.names():
            raise SystemExit(f"there is no secret {given.name}: choose among {', '.join(rotate.names())}")
        return rotate.rotate(given.name, given.new, finish=given.finish, back=given.back)
    if given.command in ("status", "metrics"):
        return _look(given)
    if given.command == "inventory":
        from nightly import inventory

        return inventory.write(given.out)
    from nightly import serve

    if given.command == "prepare":
        return serve.prepare()
    if given.process not in serve.NAMES:
        raise SystemExit(f"there is no process {given.process}: choose among {', '.join(serve.NAMES)}")
    return serve.run(given.process) if given.command == "serve" else serve.healthy(given.process)


def _look(given: argparse.Namespace) -> int:
    from nightly import metrics, status
    from nightly.business_day import resolve

    day, now = resolve(given.as_of), datetime.now(UTC)
    if given.command == "status":
        return status.show(day, now)
    path = metrics.write(day, now)
    print(f"metrics of {day} are in {path}" if path else "no metrics are kept: set LANDFALL_METRICS_FILE to a file")
    return 0
