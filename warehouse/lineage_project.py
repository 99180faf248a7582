"""The models of the dbt project as its newest night left them, and what their columns are made of.

In: dbt's manifest and compiled SQL, which change with the code and not with the day. Out: parents and readers of a model, inputs of a
column, and why they cannot be told where they cannot.
"""

import json
import re
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any

from config.settings import ROOT
from warehouse.lineage_sql import Columns, Made, Relation, columns_of
from warehouse.steps import StepError

LAYERS = ("features", "marts", "sync")
NIGHT = re.compile(r"\b\d{4}-\d\d-\d\d\b|\d{8}_[0-9a-f]{12}")
Column = tuple[str, str]  # model, or schema.table of a source, and column


@dataclass
class Project:
    """The models, sources and exposures of a dbt project, their SQL and what each column is made of."""

    manifest: dict[str, Any]
    sql: dict[str, str]
    made: dict[str, dict[str, Made]] = field(default_factory=dict)
    unread: dict[str, str] = field(default_factory=dict)

    @cached_property
    def models(self) -> dict[str, dict[str, Any]]:
        """Models by name, and seeds, which are where lineage ends."""
        nodes = self.manifest["nodes"].values()
        return {node["name"]: node for node in nodes if node["resource_type"] in ("model", "seed")}

    @cached_property
    def digest(self) -> str:
        """What the models are but for the night's day and build, in 16 letters: their lineage is the same while it is."""
        said = NIGHT.sub("", json.dumps(self.sql, sort_keys=True))
        return sha256(said.encode()).hexdigest()[:16]

    def parents(self, model: str) -> list[str]:
        """The models and sources that a model reads."""
        nodes = self.manifest["nodes"] | self.manifest["sources"]
        found = [nodes[key] for key in self.models[model].get("depends_on", {}).get("nodes", [])]
        return [
            f"{node['schema']}.{node['name']}" if node["resource_type"] == "source" else node["name"] for node in found
        ]

    def readers(self, model: str) -> list[str]:
        """The models and exposures that read a model."""
        key = self.models[model]["unique_id"]
        exposures = self.manifest.get("exposures", {}).values()
        return sorted(
            [name for name, node in self.models.items() if key in node.get("depends_on", {}).get("nodes", [])]
            + [f"exposure {each['name']}" for each in exposures if key in each["depends_on"]["nodes"]]
        )

    def columns(self, model: str) -> dict[str, Made]:
        """What each column of a model is made of; empty where its SQL cannot be read, with the reason in `unread`."""
        if model not in self.made:
            self.made[model] = {}
            parents = [parent for parent in self.parents(model) if parent in self.models]
            named = {parent: self._names(parent) for parent in self._read(parents)}
            known = {self._relation(parent): names for parent, names in named.items() if names}
            try:
                self.made[model] = columns_of(self.sql[model], known)
            except KeyError:
                if self.models[model]["resource_type"] == "model":
                    self.unread[model] = "dbt compiled no SQL for it"
            except ValueError as error:
                self.unread[model] = str(error)
        return self.made[model]

    def _read(self, parents: list[str]) -> list[str]:
        """The parents that are relations; of inlined ones, whose SQL stands in their readers, their own parents."""
        read: list[str] = []
        for name in parents:
            is_inlined = self.models[name]["config"].get("materialized") == "ephemeral"
            above = [parent for parent in self.parents(name) if parent in self.models]
            read += self._read(above) if is_inlined else [name]
        return list(dict.fromkeys(read))

    def _names(self, model: str) -> Columns:
        node = self.models[model]
        if node["resource_type"] == "seed":
            with (ROOT / "dbt_project" / node["original_file_path"]).open(encoding="utf-8") as lines:
                return tuple(lines.readline().strip().split(","))
        return tuple(name for name in self.columns(model) if name != "*")

    def _relation(self, model: str) -> Relation:
        return Relation(*str(self.models[model]["relation_name"]).replace('"', "").split("."))

    def inputs(self, column: Column) -> tuple[list[Column], str]:
        """The columns that a model's column is made of, and what cannot be told of it. A source's column is made of nothing."""
        model, name = column
        if model not in self.models or self.models[model]["resource_type"] == "seed":
            return [], ""
        made = self.columns(model).get(name)
        if made is None:
            return [], self.unread.get(model, f"{model} has no column {name}")
        of = [(rel.name if rel.name in self.models else f"{rel.schema}.{rel.name}", read) for rel, read in made.of]
        return of, made.doubt


def read_project(state: Path) -> Project:
    """What dbt left in the folders of the layers under `state`, or in `state` itself. Raises StepError where there is nothing."""
    folders = [state / layer for layer in LAYERS if (state / layer / "manifest.json").exists()] or [state]
    if not (folders[-1] / "manifest.json").exists():
        raise StepError(f"dbt has left no manifest under {state}: run `make nightly` once, then rerun")
    manifest = json.loads((folders[-1] / "manifest.json").read_text("utf-8"))
    files = [path for folder in folders for path in sorted((folder / "compiled").rglob("models/*/*.sql"))]
    return Project(manifest, {path.stem: path.read_text("utf-8") for path in files})


def walk(project: Project, start: Column) -> dict[Column, tuple[list[Column], str]]:
    """Every column upstream of `start`, it included, with its inputs and what cannot be told."""
    found: dict[Column, tuple[list[Column], str]] = {}
    queue = [start]
    while queue:
        column = queue.pop(0)
        if column not in found:
            found[column] = project.inputs(column)
            queue += found[column][0]
    return found
