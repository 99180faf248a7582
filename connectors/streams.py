"""What a tenant lets us read from its CRM and write to it, as data: a stream is a row of `config/tenants/<tenant>/fxiaoke.yml`.

A tenant without a file of its own uses the sandbox's, whose standard fields exist in every tenant; `python -m connectors check` names the
mapped fields that do not.
"""

from pathlib import Path
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from config.settings import ROOT, settings
from warehouse.steps import StepError

BOOKKEEPING = ("_id", "last_modified_time", "last_modified_by", "version")


class Stream(BaseModel):
    """One object of the CRM: its API name, its fields with the kind of their values, and those that name a person."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    name: str = ""
    object: str
    fields: dict[str, Literal["text", "instant", "list", "flag"]]
    classified: dict[str, Literal["phone", "name", "mail", "chat", "text"]] = {}

    @property
    def projection(self) -> list[str]:
        """The fields to ask for, bookkeeping first."""
        return [*BOOKKEEPING, *self.fields]


class StageLog(BaseModel):
    """How a go-live export that holds only stages becomes records of an opportunity stream."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    stream: str
    fixed_at_creation: list[str]
    stage: str
    stage_changed_at: str


class Target(BaseModel):
    """A field of the CRM that one key of the payload fills."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    field: str
    kind: Literal["number", "text", "instant", "day"]


class WriteBack(BaseModel):
    """The object that gets the scores and its fields by payload key."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    object: str
    fields: dict[str, Target]


class CrmMapping(BaseModel):
    """The whole file."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    streams: dict[str, Stream]
    stage_log: StageLog
    write_back: WriteBack


def mapping_path() -> Path:
    """The tenant's mapping file, or the sandbox's where the tenant has none."""
    tenants = ROOT / "config" / "tenants"
    own = tenants / settings().tenant / "fxiaoke.yml"
    return own if own.exists() else tenants / "sandbox" / "fxiaoke.yml"


def crm_mapping() -> CrmMapping:
    """The tenant's mapping. Raises StepError naming file and entry when it is not as it should be."""
    path = mapping_path()
    try:
        text = yaml.safe_load(path.read_text("utf-8"))
        for name, entry in text["streams"].items():
            entry["name"] = name
        return CrmMapping.model_validate(text)
    except (yaml.YAMLError, KeyError, TypeError) as error:
        raise StepError(
            f"{path} is not a mapping of streams ({type(error).__name__}): correct it, then rerun"
        ) from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise StepError(f"{path}: entry {where}: {first['msg']}: correct it, then rerun") from error
