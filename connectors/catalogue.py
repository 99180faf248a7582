"""What a tenant's system is made of, as onboarding asks for it: objects, fields with label, type and options, records to look at.

In: an opened system. Out: a `Catalogue`, one class a system in `connectors/<system>_catalogue.py`. Nothing is landed.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from importlib import import_module
from typing import Any, Protocol, cast

from connectors.sources import must_be_connected
from connectors.streams import Stream

LONGEST_LABEL = 60
LOOKED_AT = 100  # records of an object


@dataclass(frozen=True, slots=True)
class Option:
    """One option of a field; `children`: options of other fields that go with it."""

    value: str
    label: str
    children: Mapping[str, list[str]]


@dataclass(frozen=True, slots=True)
class TenantField:
    """One field of the tenant. Label and type are empty where the vendor tells none."""

    name: str
    label: str
    type: str
    options: tuple[Option, ...] = ()


class Catalogue(Protocol):
    """One opened system, as it describes itself."""

    def objects(self) -> Mapping[str, str]:
        """Name → label of every object that may be read."""

    def fields(self, stream: Stream, object_name: str) -> list[TenantField]:
        """The fields of the object that would be read as the stream."""

    def sample(self, stream: Stream, object_name: str, names: list[str]) -> list[dict[str, Any]]:
        """At most LOOKED_AT records with these fields, the newest where the vendor can sort so."""

    def options(self, stream: Stream) -> Mapping[str, str]:
        """The stream's options as this tenant needs them, empty where the template's are right."""

    def close(self) -> None:
        """Close the connections."""


def catalogue_of(system: str, as_of: date) -> Catalogue:
    """The catalogue of a system that onboarding knows; what needs days is looked at up to the end of `as_of`.

    Raises StepError when it is not connected.
    """
    must_be_connected(system)
    return cast("Catalogue", import_module(f"connectors.{system}_catalogue").catalogue(as_of))


def one_line(label: object) -> str:
    """A label as one short line, whatever somebody typed."""
    return re.sub(r"[\s\x00-\x1f\x7f]+", " ", str(label or "")).strip()[:LONGEST_LABEL]
