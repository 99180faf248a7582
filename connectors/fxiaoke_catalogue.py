"""What a tenant's CRM is made of: its objects, their fields with label, type and options, and a sample of what is filled in.

In: an opened CRM. Out: the catalogue that onboarding proposes a mapping from. Nothing is landed.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from connectors.fxiaoke import PAGE, Fxiaoke

LONGEST_LABEL = 60


@dataclass(frozen=True, slots=True)
class Option:
    """One option of a field; `children`: options of other fields that go with it."""

    value: str
    label: str
    children: Mapping[str, list[str]]


@dataclass(frozen=True, slots=True)
class TenantField:
    """One field of the tenant."""

    name: str
    label: str
    type: str
    options: tuple[Option, ...] = ()


def objects(crm: Fxiaoke) -> dict[str, str]:
    """API name → label of every active object."""
    listed = crm.data("/cgi/crm/v2/object/list", {}, what="the list of objects").get("objects", [])
    return {
        str(each["describeApiName"]): _plain(each.get("describeDisplayName"))
        for each in listed
        if isinstance(each, dict) and each.get("describeApiName") and each.get("isActive", True)
    }


def fields(crm: Fxiaoke, object_name: str) -> list[TenantField]:
    """The active fields of an object."""
    return [
        TenantField(str(name), _plain(said.get("label")), str(said.get("type", "")), _options(said))
        for name, said in crm.describe(object_name).items()
        if isinstance(said, dict) and said.get("is_active", True)
    ]


def sample(crm: Fxiaoke, object_name: str, names: list[str]) -> list[dict[str, Any]]:
    """The records that were changed last, at most one page."""
    rows = crm.query(object_name, [], names, limit=PAGE, newest_by="last_modified_time")
    return [row for row in rows if isinstance(row, dict)]


def _options(said: Mapping[str, Any]) -> tuple[Option, ...]:
    found = []
    for each in said.get("options") or []:
        if isinstance(each, dict) and each.get("value") is not None:
            children: dict[str, list[str]] = {}
            for child in each.get("child_options") or []:
                children |= {str(name): [str(value) for value in values] for name, values in child.items()}
            found.append(Option(str(each["value"]), _plain(each.get("label")), children))
    return tuple(found)


def _plain(label: object) -> str:
    """A label as one short line, whatever somebody typed."""
    return re.sub(r"[\s\x00-\x1f\x7f]+", " ", str(label or "")).strip()[:LONGEST_LABEL]
