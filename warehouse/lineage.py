"""Where does a figure come from? Model by model by dbt's manifest, column by column down to the fields of the raw records.

`python -m warehouse.lineage MODEL[.COLUMN] [--json]`; `--all --json` tells every column of every model. In: what dbt left of the newest
night. Out: the columns that a value is made of, and where that cannot be told. Joins and filters decide which rows there are; they are seen
model by model only.
"""

import argparse
import json
from pathlib import Path
from typing import Any

from config.settings import settings
from warehouse.lineage_project import Column, Project, read_project, walk
from warehouse.steps import StepError, run_cli


def main() -> None:
    """Entry point of `python -m warehouse.lineage`."""
    parser = _parser()
    given = parser.parse_args()
    if bool(given.name) == given.all or (given.keep and not given.all):
        parser.error("name MODEL or MODEL.COLUMN, or say --all; --keep is of all")
    project = read_project(given.state or settings().home / "dbt" / settings().tenant)
    if given.keep and kept_of(given.keep) == project.digest:
        return
    if given.all:
        columns = [(model, column) for model in project.models for column in project.columns(model)]
    else:
        columns = asked(project, given.name)
    if given.keep:
        told_all = json.dumps(graph(project, columns) | {"digest": project.digest}, ensure_ascii=False)
        unfinished = given.keep.with_suffix(".unfinished")
        unfinished.write_text(told_all, "utf-8")
        unfinished.replace(given.keep)
    elif given.json:
        print(json.dumps(graph(project, columns), ensure_ascii=False))
    else:
        print("\n".join(told(project, columns)))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m warehouse.lineage", description=__doc__)
    parser.add_argument("name", nargs="?", metavar="MODEL[.COLUMN]")
    parser.add_argument("--all", action="store_true", help="every column of every model")
    parser.add_argument("--json", action="store_true", help="as edges, for programs")
    parser.add_argument(
        "--keep", type=Path, metavar="FILE", help="into a file, for the pages; left alone while the models are the same"
    )
    parser.add_argument("--state", type=Path, metavar="FOLDER", help="what dbt left; default: of the tenant's nights")
    return parser


def kept_of(path: Path) -> str:
    """The digest of the models whose lineage a file keeps; empty where there is none."""
    return str(json.loads(path.read_text("utf-8"))["digest"]) if path.exists() else ""


def asked(project: Project, name: str) -> list[Column]:
    """The column that is named, or all of the model. Raises StepError naming what there is."""
    model, _, column = name.partition(".")
    if model not in project.models:
        raise StepError(f"there is no model {model}: `python -m warehouse.lineage --all` lists them")
    known = list(project.columns(model))
    if column and column not in known:
        raise StepError(f"{model} has no column {column}: choose one of {', '.join(known)}")
    return [(model, column)] if column else [(model, each) for each in known or ["*"]]


def told(project: Project, columns: list[Column]) -> list[str]:
    """The models around each model that is asked for, then each column with everything upstream, each told once."""
    lines: list[str] = []
    seen: set[Column] = set()
    for model in dict.fromkeys(model for model, _ in columns):
        lines += [f"{model} reads {', '.join(project.parents(model)) or 'nothing'}"]
        lines += [f"{model} is read by {', '.join(project.readers(model)) or 'nobody'}"]
        if model in project.unread:
            lines.append(f"{model}: its columns cannot be told: {project.unread[model]}")
    for column in columns:
        _tell(project, column, 0, seen, lines)
    return lines


def _tell(project: Project, column: Column, depth: int, seen: set[Column], lines: list[str]) -> None:
    inputs, doubt = project.inputs(column)
    is_told = column in seen and bool(inputs)
    seen.add(column)
    note = " (above)" if is_told else f"  ? {doubt}" if doubt else ""
    lines.append(f"{'  ' * depth}{'.'.join(column)}{note}")
    for each in [] if is_told else inputs:
        _tell(project, each, depth + 1, seen, lines)


def graph(project: Project, columns: list[Column]) -> dict[str, Any]:
    """Edges between columns (from, to), the columns of sources that all begins with, what cannot be told, and edges between models."""
    found = {column: made for start in columns for column, made in walk(project, start).items()}
    models = dict.fromkeys(model for model, _ in found if model in project.models)
    return {
        "columns": [[".".join(each), ".".join(column)] for column, (inputs, _) in found.items() for each in inputs],
        "sources": sorted(".".join(column) for column in found if column[0] not in project.models),
        "untold": {".".join(column): doubt for column, (_, doubt) in found.items() if doubt},
        "models": [[parent, model] for model in models for parent in project.parents(model)],
    }


if __name__ == "__main__":
    run_cli(main)
