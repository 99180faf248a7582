"""What a tenant lets us read from a system and write to it, as data: a stream is a row of `config/tenants/<tenant>/<system>.yml`.

A tenant without a file of its own for a system uses the sandbox's, whose standard fields exist in every tenant;
`python -m connectors check` names the mapped fields that do not.
"""

from decimal import Decimal
from pathlib import Path
from typing import Any, Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from config.settings import ROOT, settings
from connectors.scrub import is_spoken
from warehouse.steps import StepError


class Changed(BaseModel):
    """The field that dates a record, and its unit: ms or s since 1970, iso (with offset), local (text without one, in `zone`)."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    field: str
    unit: Literal["ms", "s", "iso", "local"]
    zone: str = ""


class FilledBy(BaseModel):
    """What of the tenant fills a standard field: its field (empty: it has our name), times `scale`, an option value by its name here."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    field: str = ""
    scale: Decimal | None = Field(None, gt=0)
    values: dict[str, str] = {}


class Stream(BaseModel):
    """One object of a system: what it is called there, how it is read, which fields, and which of them name a person.

    `fields` are the standard ones, which is what lands; `filled_by` says which field of the tenant fills one where the name, unit or option
    values differ. An option value that is not listed lands as it came.
    `classified`: customer is a customer's name, which is a person's where it is no company's.
    `mode`: changed (a window of its change time) · snapshot (whole each night; what is missing was deleted) · days (figures of a day, the
    last `reread_days` read again) · files (all that lies in a folder; what is taken away from there was not deleted).
    `is_final_later`: when the night reads it, the day that ended last may still change; the last `reread_days` are read again.
    `ids_every`: how often all ids are read to find what was deleted. While what landed is younger than `max_age_hours`, a night goes on
    without a stream that failed; a required one that is older stops it.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    system: str = ""
    name: str = ""
    object: str
    mode: Literal["changed", "snapshot", "days", "files"] = "changed"
    key: list[str]
    changed: Changed | None = None
    bookkeeping: list[str] = []
    fields: dict[str, Literal["text", "number", "instant", "list", "flag"]]
    filled_by: dict[str, FilledBy] = {}
    classified: dict[str, Literal["phone", "name", "customer", "mail", "chat", "text"]] = {}
    is_required: bool = False
    max_age_hours: int = 36
    look_back_minutes: int | None = None
    ids_every: Literal["", "night", "week"] = ""
    is_final_later: bool = False
    reread_days: int = 0
    options: dict[str, str] = {}

    @model_validator(mode="after")
    def _keyed_by_a_token(self) -> "Stream":
        if self.ids_every and any(name in self.classified for name in self.key):
            raise ValueError(
                "a stream whose key names a person cannot be compared with a list of ids: read it as a snapshot"
            )
        return self

    @property
    def names(self) -> list[str]:
        """The fields that land, by their standard names: key and bookkeeping first."""
        return list(dict.fromkeys([*self.key, *self.bookkeeping, *self.fields]))

    @property
    def spoken(self) -> list[str]:
        """The fields that people type free words into and that no kind is declared for: they may name a person."""
        return [name for name in self.fields if is_spoken(name) and name not in self.classified]

    @property
    def projection(self) -> list[str]:
        """The tenant's fields to ask for, in the order of `names`."""
        return [self.theirs(name) for name in self.names]

    def theirs(self, name: str) -> str:
        """The tenant's name of a standard field."""
        filled = self.filled_by.get(name)
        return filled.field or name if filled else name

    @model_validator(mode="after")
    def _fills_each_field_once(self) -> Self:
        strangers = sorted(self.filled_by.keys() - set(self.names))
        if strangers:
            raise ValueError(f"filled_by names {strangers[0]}, which is none of the stream's fields")
        for name in self.names:
            if self.projection.count(self.theirs(name)) > 1:
                raise ValueError(f"the tenant's field {self.theirs(name)} fills more than one field")
        return self


class StageLog(BaseModel):
    """How a go-live export that holds only stages becomes records of an opportunity stream."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    stream: str
    fixed_at_creation: list[str]
    stage: str
    stage_changed_at: str


class Target(BaseModel):
    """A field of the system that one key of the payload fills."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    field: str
    kind: Literal["number", "text", "instant", "day"]


class WriteBack(BaseModel):
    """The object that gets the scores and its fields by payload key."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    object: str
    fields: dict[str, Target]


class SystemMapping(BaseModel):
    """The whole file. `defaults` hold for every stream that does not say otherwise."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    defaults: dict[str, Any] = {}
    streams: dict[str, Stream]
    stage_log: StageLog | None = None
    write_back: WriteBack | None = None
    write_back_leads: WriteBack | None = None

    @property
    def write_backs(self) -> dict[str, WriteBack]:
        """The objects that get scores, by the entry that names them: deals first, then leads."""
        named = {"write_back": self.write_back, "write_back_leads": self.write_back_leads}
        return {entry: back for entry, back in named.items() if back}


def mapping_path(system: str) -> Path:
    """The tenant's mapping file of the system, or the sandbox's where the tenant has none."""
    own = settings().tenants_dir / settings().tenant / f"{system}.yml"
    return own if own.exists() else ROOT / "config" / "tenants" / "sandbox" / f"{system}.yml"


def mapping_of(system: str) -> SystemMapping:
    """The tenant's mapping of the system. Raises StepError naming file and entry when it is not as it should be."""
    return read_mapping(mapping_path(system), system)


def read_mapping(path: Path, system: str) -> SystemMapping:
    """The mapping in one file. Raises StepError as `mapping_of`."""
    try:
        text = yaml.safe_load(path.read_text("utf-8"))
        defaults = text.get("defaults", {})
        text["streams"] = {
            name: {**defaults, **entry, "system": system, "name": name} for name, entry in text["streams"].items()
        }
        return SystemMapping.model_validate(text)
    except (OSError, yaml.YAMLError, KeyError, TypeError, AttributeError) as error:
        raise StepError(
            f"{path} is not a mapping of streams ({type(error).__name__}): correct it, then rerun"
        ) from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise StepError(f"{path}: entry {where}: {first['msg']}: correct it, then rerun") from error


def write_back_of(system: str) -> WriteBack:
    """Where the system's mapping lets scores go. Raises StepError when it names no place."""
    found = mapping_of(system).write_back
    if found is None:
        raise StepError(f"{mapping_path(system)} names no write_back: add it or switch write-back off, then rerun")
    return found
