"""A tenant's files by configuration: which column of which file fills which standard field, and what its values mean.

In: the YAML that LANDFALL_MAPPING names. Out: the checked mapping of the standard streams (opportunities, stage_changes, interactions), or
one sentence that names file and entry.
"""

from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from warehouse.steps import StepError

Kind = Literal["text", "amount", "instant", "day", "flag"]
STANDARD: dict[str, dict[str, Kind]] = {
    "opportunities": {
        "id": "text",
        "name": "text",
        "account_id": "text",
        "account_name": "text",
        "owner_id": "text",
        "sales_process": "text",
        "stage": "text",
        "amount": "amount",
        "currency": "text",
        "expected_close_on": "day",
        "product_line": "text",
        "lead_source": "text",
        "created_at": "instant",
        "closed_at": "instant",
        "is_renewal": "flag",
    },
    "stage_changes": {"id": "text", "opportunity_id": "text", "stage": "text", "changed_at": "instant"},
    "interactions": {
        "id": "text",
        "opportunity_id": "text",
        "kind": "text",
        "direction": "text",
        "occurred_at": "instant",
        "owner_id": "text",
    },
    "leads": {
        "lead_id": "text",
        "name": "text",
        "phone": "text",
        "mail": "text",
        "company": "text",
        "industry": "text",
        "region": "text",
        "campaign": "text",
        "message": "text",
        "submitted_at": "instant",
    },
}
REQUIRED = {
    "opportunities": ("id", "created_at"),
    "stage_changes": ("id", "opportunity_id", "stage", "changed_at"),
    "interactions": ("id", "opportunity_id", "kind", "occurred_at"),
    "leads": (),
}


class Strict(BaseModel):
    """An entry with no other keys than its own."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Source(Strict):
    """Where one field comes from: one column, or several joined; values may be renamed, a zero may mean unknown."""

    columns: list[str] = Field(min_length=1)
    separator: str = "|"
    values: dict[str, str] = {}
    zero_as_null: bool = False
    scale: Decimal = Field(
        Decimal(1), gt=0, description="what one unit of an amount is in the currency's own unit: 10000 for 万元"
    )


class Condition(Strict):
    """Rows whose `column` holds one of `values` are read (or, with `is_excluded`, left out)."""

    column: str
    values: list[str]
    is_excluded: bool = False


class FileStream(Strict):
    """One file, or some of its rows, and what it fills."""

    file: str
    encoding: str = "utf-8"
    delimiter: str = ","
    sheet: str | None = None
    where: list[Condition] = []
    fields: dict[str, Source]
    constants: dict[str, str] = {}
    changed_at: Source | None = Field(
        None, description="dates a row's last change; without it, the day of reading does"
    )

    @field_validator("fields", "changed_at", mode="before")
    @classmethod
    def _short_forms(cls, value: Any) -> Any:
        """`field: column` and `field: [column, column]` are short for a source."""
        if isinstance(value, dict) and "columns" not in value:
            return {
                name: cls._short_forms(entry) if isinstance(entry, str | list) else entry
                for name, entry in value.items()
            }
        if isinstance(value, str):
            return {"columns": [value]}
        return {"columns": value} if isinstance(value, list) else value

    @property
    def columns(self) -> set[str]:
        """All columns the file must have."""
        sources = [*self.fields.values(), *([self.changed_at] if self.changed_at else [])]
        return {column for source in sources for column in source.columns} | {
            condition.column for condition in self.where
        }


class Stage(Strict):
    """One stage of the tenant's funnel; `reason` says where its set rate comes from."""

    name_zh: str
    name_en: str
    stage_order: int
    set_rate: Decimal = Field(ge=0, le=1)
    outcome: Literal["open", "won", "lost"]
    reason: str


class FileMapping(Strict):
    """The whole file."""

    tenant: str
    name: str
    time_zone: str
    base_currency: str = Field(pattern=r"^[A-Z]{3}$")
    snapshot_every_days: int = Field(7, ge=1)
    stages: dict[str, Stage]
    stage_map: dict[str, dict[str, str]]
    interaction_kinds: dict[str, Literal["call", "visit", "message", "mail", "meeting", "other"]] = {}
    streams: dict[Literal["opportunities", "stage_changes", "interactions"], list[FileStream]]

    @field_validator("streams", mode="before")
    @classmethod
    def _parts(cls, value: Any) -> Any:
        """A stream is one file, or a list of parts read one after the other: an export of present states may show two versions a row."""
        return (
            {name: part if isinstance(part, list) else [part] for name, part in value.items()}
            if isinstance(value, dict)
            else value
        )


def load_mapping(path: Path) -> FileMapping:
    """The mapping in `path`. Raises StepError naming file and entry when it is not as it should be."""
    try:
        mapping = FileMapping.model_validate(yaml.safe_load(path.read_text("utf-8")))
    except FileNotFoundError as error:
        raise StepError(f"{path} does not exist: correct LANDFALL_MAPPING, then rerun") from error
    except yaml.YAMLError as error:
        raise StepError(f"{path} is not YAML: correct it, then rerun") from error
    except ValidationError as error:
        first = error.errors()[0]
        raise StepError(
            f"{path}: entry {'.'.join(map(str, first['loc']))}: {first['msg']}: correct it, then rerun"
        ) from error
    for name, stream in ((name, part) for name, parts in mapping.streams.items() for part in parts):
        given = stream.fields.keys() | stream.constants.keys()
        wrong = [f"field {field} is missing" for field in REQUIRED[name] if field not in given]
        wrong += [f"{field} is no standard field" for field in sorted(given - STANDARD[name].keys())]
        if wrong:
            raise StepError(f"{path}: stream {name}: {wrong[0]}: correct it, then rerun")
    return mapping
