"""The program that runs dbt: the project parsed once and kept, then one build of it with the variables and the database of a run.

dbt parses the whole project anew whenever a variable or the connection differs, which is every night, and parsing takes longer than most
builds. Nothing that parsing decides depends on them but where relations stand. So the project is parsed with its defaults (dbt's own
partial parsing follows edits of its files), and the run's database and the build's schema are put into what was parsed.

`python -m nightly.dbt_engine REQUEST` is a child of the step. In: JSON {selected, variables, parsed, state}. Out: JSON lines, one a model
as it ends {model, seconds, became}, last {faults}.
"""

import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from dbt.cli.main import dbtRunner, dbtRunnerResult

from config.settings import ROOT, settings
from nightly.dbt_session import settle

PROJECT = ROOT / "dbt_project"
PARSED_SCHEMA = "build_parse_only"  # dbt_project.yml's default of build_schema
ADDRESS = ("HOST", "PORT", "USER", "DATABASE")
FAILED = ("error", "fail", "runtime error")

Told = Callable[[str, float, str], None]  # model, seconds, what became of it


def build(
    selected: Sequence[str], variables: dict[str, Any], parsed: Path, state: Path, told: Told | None = None
) -> list[str]:
    """`dbt build` of `selected` (["--selector", "marts"], ["--select", "+a"]) in the database that the settings name.

    `parsed`: folder of the parsed project, kept between runs; `state`: folder of this run's artefacts and log. `told` hears of each model
    as it ends. Returns what failed, in dbt's words; empty when all was built.
    """
    manifest = parse(parsed)
    if isinstance(manifest, str):
        return [manifest]
    _place(manifest, settings().pg_database, str(variables.get("build_schema", PARSED_SCHEMA)))
    command = ["build", *selected, "--exclude-resource-type", "unit_test", "--vars", json.dumps(variables)]
    with address():
        done = dbtRunner(manifest=manifest, callbacks=[_listener(told)] if told else []).invoke(
            [*_quietly(state), *command, *_where(state)]
        )
    return _faults(done)


def parse(parsed: Path) -> Any:
    """The project as dbt sees it, kept in the folder `parsed`, or in words what is wrong with it."""
    settle()
    with address(is_known=False):
        done = dbtRunner().invoke([*_quietly(parsed), "parse", *_where(parsed)])
    return done.result if done.success else str(done.exception)


def _quietly(state: Path) -> list[str]:
    return ["--log-level", "none", "--no-use-colors", "--log-path", str(state / "logs")]


def _where(target: Path) -> list[str]:
    return ["--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT), "--target-path", str(target)]


@contextmanager
def address(*, is_known: bool = True) -> Iterator[None]:
    """The environment that profiles.yml reads: the settings' server; parsing asks none, so it must not see a change of it."""
    now = settings()
    names = {f"LANDFALL_PG_{key}": str(getattr(now, f"pg_{key.lower()}")) for key in ADDRESS}
    if now.pg_passfile:
        names["PGPASSFILE"] = str(now.pg_passfile)
    before = {name: os.environ.pop(name, None) for name in names}
    if is_known:
        os.environ |= names
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value


def _place(manifest: Any, database: str, schema: str) -> None:
    """Put the run's database, and the build's schema for the marts, into each relation of the parsed project."""
    for node in [*manifest.nodes.values(), *manifest.sources.values()]:
        before = f'"{node.database}"."{node.schema}"'
        node.database = database
        node.schema = schema if node.schema == PARSED_SCHEMA else node.schema
        if getattr(node, "relation_name", None):
            node.relation_name = node.relation_name.replace(before, f'"{database}"."{node.schema}"', 1)


def _listener(told: Told) -> Callable[[Any], None]:
    def heard(event: Any) -> None:
        if event.info.name == "LogModelResult":
            told(event.data.node_info.node_name, event.data.execution_time, event.data.status)

    return heard


def _faults(done: dbtRunnerResult) -> list[str]:
    if done.success:
        return []
    results = getattr(done.result, "results", None) or []
    found = [
        f"{each.node.name}: {' '.join(str(each.message).split())}" for each in results if str(each.status) in FAILED
    ]
    return found or [" ".join(str(done.exception or "no model failed, yet dbt ended in failure").split())]


def main(request: str) -> None:
    """Build what the request names, telling each model."""
    asked = json.loads(request)

    def told(model: str, seconds: float, became: str) -> None:
        _say({"model": model, "seconds": seconds, "became": became})

    faults = build(asked["selected"], asked["variables"], Path(asked["parsed"]), Path(asked["state"]), told)
    _say({"faults": faults})


def _say(line: dict[str, Any]) -> None:
    sys.stdout.write(f"{json.dumps(line)}\n")  # in one piece: two models may end at once
    sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1])
