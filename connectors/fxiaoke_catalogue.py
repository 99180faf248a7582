"""What a tenant's Fxiaoke is made of: `object/list`, `object/describe`, and the records that were changed last.

In: an opened CRM. Out: the catalogue that onboarding proposes a mapping from. Nothing is landed.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any

from connectors.catalogue import LOOKED_AT, Option, TenantField, one_line
from connectors.fxiaoke import Fxiaoke
from connectors.streams import Stream


def catalogue(_as_of: date) -> "FxiaokeCatalogue":
    """The tenant's CRM, signed in."""
    return FxiaokeCatalogue(Fxiaoke())


class FxiaokeCatalogue:
    """One tenant's CRM as it describes itself."""

    def __init__(self, crm: Fxiaoke) -> None:
        self._crm = crm
        crm.calls.sign_in()

    def objects(self) -> dict[str, str]:
        """API name → label of every active object."""
        listed = self._crm.data("/cgi/crm/v2/object/list", {}, what="the list of objects").get("objects", [])
        return {
            str(each["describeApiName"]): one_line(each.get("describeDisplayName"))
            for each in listed
            if isinstance(each, dict) and each.get("describeApiName") and each.get("isActive", True)
        }

    def fields(self, _stream: Stream, object_name: str) -> list[TenantField]:
        """The active fields of an object."""
        return [
            TenantField(str(name), one_line(said.get("label")), str(said.get("type", "")), _options(said))
            for name, said in self._crm.describe(object_name).items()
            if isinstance(said, dict) and said.get("is_active", True)
        ]

    def sample(self, _stream: Stream, object_name: str, names: list[str]) -> list[dict[str, Any]]:
        """The records that were changed last, at most one page."""
        rows = self._crm.query(object_name, [], names, limit=LOOKED_AT, newest_by="last_modified_time")
        return [row for row in rows if isinstance(row, dict)]

    def options(self, _stream: Stream) -> Mapping[str, str]:
        """The template's are right: an object is all that a stream names."""
        return {}

    def close(self) -> None:
        """Close the connections."""
        self._crm.close()


def _options(said: Mapping[str, Any]) -> tuple[Option, ...]:
    found = []
    for each in said.get("options") or []:
        if isinstance(each, dict) and each.get("value") is not None:
            children: dict[str, list[str]] = {}
            for child in each.get("child_options") or []:
                children |= {str(name): [str(value) for value in values] for name, values in child.items()}
            found.append(Option(str(each["value"]), one_line(each.get("label")), children))
    return tuple(found)
