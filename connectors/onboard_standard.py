"""How our standard fields, stages and options are recognised in a tenant's system: `config/onboarding/<system>.yml` as data.

The fields themselves, their kinds and their streams are those of the sandbox tenant's mapping, the template of every other.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict

from config.settings import ROOT
from connectors.streams import SystemMapping, read_mapping


class Strict(BaseModel):
    """An entry with no other keys than its own."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class StandardField(Strict):
    """One of our fields: names and labels that mean it, our option values with theirs, and what would be wrong without it.

    `tells`: its options are sales processes, stages or kinds of contact, it says of a deal that it is closed or won, of a record when
    it was created, or what its amounts are in.
    """

    names: list[str] = []
    labels: list[str] = []
    types: list[str] = []
    values: dict[str, list[str]] = {}
    is_amount: bool = False
    is_link: bool = False
    tells: Literal["", "process", "stage", "closed", "won", "channel", "created", "currency"] = ""
    without: str = ""


class StandardStream(Strict):
    """The fields of one stream, and the objects that may hold it, the better one first."""

    objects: list[str] = []
    fields: dict[str, StandardField]


class Wanted(Strict):
    """A field for our scores as an administrator creates it."""

    label: str
    type: str


class Standard(Strict):
    """The whole file. `types`: our kinds → the vendor's types that can hold one; `looked_at`: what the vendor was asked and could tell;
    `is_sampled`: which fields there are only records tell.
    """

    looked_at: str = ""
    is_sampled: bool = False
    types: dict[str, list[str]] = {}
    streams: dict[str, StandardStream]
    common: dict[str, StandardField] = {}
    units: dict[str, Decimal] = {}
    stages: dict[str, list[str]] = {}
    channels: dict[str, list[str]] = {}
    write_back: dict[str, Wanted] = {}

    def fields(self, stream: str, kinds: Mapping[str, str]) -> dict[str, StandardField]:
        """What is known of each field of a stream; nothing but its name where the file is silent."""
        known = self.common | self.streams[stream].fields if stream in self.streams else self.common
        return {name: known.get(name, StandardField()) for name in kinds}


def standard_of(system: str) -> tuple[Standard, SystemMapping]:
    """What is known of the system, and the mapping that serves as template."""
    return standard_fields(system), read_mapping(ROOT / "config" / "tenants" / "sandbox" / f"{system}.yml", system)


def standard_fields(system: str) -> Standard:
    """What is known of the system."""
    text = (ROOT / "config" / "onboarding" / f"{system}.yml").read_text("utf-8")
    return Standard.model_validate(yaml.safe_load(text))


def figures_of(system: str, stream: str) -> tuple[list[str], str, str]:
    """Of a stream: the fields that are amounts, the one that says when a record was created, and its currency; "" for none."""
    if not known_to_onboarding(system):
        return [], "", ""
    standard, template = standard_of(system)
    known = standard.fields(stream, template.streams[stream].fields) if stream in template.streams else {}
    created, currency = (
        next((name for name, field in known.items() if field.tells == what), "") for what in ("created", "currency")
    )
    return [name for name, field in known.items() if field.is_amount], created, currency


def known_to_onboarding(system: str) -> bool:
    """Whether there is a file about the system."""
    return (ROOT / "config" / "onboarding" / f"{system}.yml").exists()
