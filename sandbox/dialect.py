"""What one tenant calls the company's objects, fields, options and stages, and in which unit it keeps amounts.

In: `dialects/standard.yml`, and over it the file of another dialect. Out: names and values both ways. The company itself, its journal and
its truth stay as they are; only the CRM's face and its export speak the dialect.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any
from zlib import crc32

import yaml

from sandbox.objects import LABELS, LINKS, OBJECTS

FOLDER = Path(__file__).parent / "dialects"
DIALECTS = sorted(path.stem for path in FOLDER.glob("*.yml"))
PROCESS, STAGE, DEALS = "sales_process_id", "sales_stage", "NewOpportunityObj"
Option = tuple[str, str]  # value, label


@dataclass(frozen=True, slots=True)
class FieldWords:
    """One field as the tenant has it; `options`: the company's value → the tenant's value and label."""

    name: str
    label: str
    type: str
    divide_by: int = 0
    options: Mapping[str, Option] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Process:
    """One sales process: its value and label, and its stages in order with the company's own stage of each."""

    value: str
    label: str
    stages: tuple[tuple[str, str, str], ...]

    def stage(self, own: str, record_id: str) -> str:
        """The tenant's stage of a record that stands in one of the company's."""
        found = [value for value, _, each in self.stages if each == own]
        return found[crc32(record_id.encode()) % len(found)] if found else own


@dataclass(frozen=True, slots=True)
class ObjectWords:
    """One object: the company's name, the tenant's name and label, fields by the company's names, fields that nobody fills in."""

    own: str
    name: str
    label: str
    fields: Mapping[str, FieldWords]
    unused: Mapping[str, FieldWords]

    @property
    def own_names(self) -> dict[str, str]:
        """The tenant's field → the company's."""
        return {words.name: own for own, words in self.fields.items()}


@dataclass(frozen=True, slots=True)
class Dialect:
    """All of it. `objects` by the company's names; `silent_teams` of each five teams log no activity."""

    name: str
    objects: Mapping[str, ObjectWords]
    processes: Mapping[str, Process]
    silent_teams: tuple[int, ...]

    def named(self, theirs: object) -> ObjectWords | None:
        """The object that the tenant calls so."""
        return next((words for words in self.objects.values() if words.name == theirs), None)

    def value(self, words: ObjectWords, own: str, value: Any, record_id: str, process: str | None) -> Any:
        """The company's value of a field as the tenant has it."""
        if value is None:
            return None
        if words.own == DEALS and own in (PROCESS, STAGE):
            known = self.processes.get(process or "")
            return value if known is None else known.value if own == PROCESS else known.stage(value, record_id)
        as_named = words.fields[own]
        if as_named.divide_by:
            return format((Decimal(value) / as_named.divide_by).normalize(), "f")
        if OBJECTS[words.own][own] == LINKS:
            return [{**link, "describe_api_name": self._name(link["describe_api_name"])} for link in value]
        return as_named.options[value][0] if isinstance(value, str) and value in as_named.options else value

    def _name(self, own: str) -> str:
        return self.objects[own].name if own in self.objects else own


@cache
def dialect(name: str) -> Dialect:
    """The dialect of that name, one of DIALECTS."""
    said = yaml.safe_load((FOLDER / "standard.yml").read_text("utf-8"))
    over = yaml.safe_load((FOLDER / f"{name}.yml").read_text("utf-8"))
    processes = {
        own: Process(each["value"], each["label"], tuple((value, label, of) for value, label, of in each["stages"]))
        for own, each in over["processes"].items()
    }
    options: dict[str, dict[str, Option]] = {
        PROCESS: {own: (each.value, each.label) for own, each in processes.items()},
        STAGE: {value: (value, label) for each in processes.values() for value, label, _ in each.stages},
    }
    common = {own: {"label": label} for own, label in (said["common"] | said["scores"]).items()}
    objects = {}
    for own, kinds in OBJECTS.items():
        mine = over.get("objects", {}).get(own, {})
        known = common | said["objects"].get(own, {})
        words = {each: {"label": each, **known.get(each, {}), **mine.get("fields", {}).get(each, {})} for each in kinds}
        fields = {each: _field(each, kind, words[each], options) for each, kind in kinds.items()}
        unused = {each: _field(each, "text", words, {}) for each, words in mine.get("unused", {}).items()}
        objects[own] = ObjectWords(own, mine.get("name", own), mine.get("label", LABELS[own]), fields, unused)
    return Dialect(name, objects, processes, tuple(over.get("silent_teams", ())))


def _field(own: str, kind: str, words: Mapping[str, Any], listed: Mapping[str, Mapping[str, Option]]) -> FieldWords:
    options = listed.get(own) or {each: (value, label) for each, (value, label) in words.get("options", {}).items()}
    return FieldWords(
        words.get("name", own), words["label"], words.get("type", kind), words.get("divide_by", 0), options
    )
