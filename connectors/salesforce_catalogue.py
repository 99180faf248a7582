"""What a tenant's Salesforce is made of: the list of objects, each one's describe, and the records that were changed last.

Record types are fields of a linked record: where the org has them, `RecordType.DeveloperName` is shown with them as options. Which stages
belong to which record type, and which of them are closed, no describe tells; the records themselves do for the latter.
In: an opened org. Out: the catalogue that onboarding proposes a mapping from. Nothing is landed.
"""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from connectors.catalogue import LOOKED_AT, Option, TenantField, one_line
from connectors.salesforce import Salesforce
from connectors.salesforce_query import dated_by, found
from connectors.streams import Stream

MOST_FIELDS = 100  # of one query, whose text travels in an address
UNASKED = ("address", "location", "base64", "anyType")  # types that are parts of other fields, or files
RECORD_TYPE, TYPE_LINK = "RecordType.DeveloperName", "RecordType"


def catalogue(_as_of: date) -> "SalesforceCatalogue":
    """The tenant's org."""
    return SalesforceCatalogue(Salesforce())


class SalesforceCatalogue:
    """One org as it describes itself to the integration user."""

    def __init__(self, org: Salesforce) -> None:
        self._org = org
        self._described: dict[str, Mapping[str, Any]] = {}

    def objects(self) -> dict[str, str]:
        """API name → label of every object that may be queried."""
        return {
            str(each["name"]): one_line(each.get("label"))
            for each in self._org.told("sobjects", "the list of objects")["sobjects"]
            if each.get("queryable")
        }

    def fields(self, _stream: Stream, object_name: str) -> list[TenantField]:
        """The object's fields that the integration user may see."""
        if object_name not in self._described:
            self._described[object_name] = self._org.told(f"sobjects/{object_name}/describe", object_name)
        return list(_fields(self._described[object_name]))

    def sample(self, stream: Stream, object_name: str, names: list[str]) -> list[dict[str, Any]]:
        """The records that were changed last."""
        rows: dict[str, dict[str, Any]] = {}
        for start in range(0, len(names), MOST_FIELDS):
            asked = list(dict.fromkeys(["Id", *names[start : start + MOST_FIELDS]]))
            text = f"SELECT {', '.join(asked)} FROM {object_name} ORDER BY {dated_by(stream)} DESC LIMIT {LOOKED_AT}"  # noqa: S608 - names that the org told
            for row in self._org.told("query", object_name, q=text)["records"]:
                rows.setdefault(str(row.get("Id")), {}).update({name: found(row, name) for name in asked})
        return list(rows.values())

    def options(self, _stream: Stream) -> Mapping[str, str]:
        """The template's are right: an object is all that a stream names."""
        return {}

    def close(self) -> None:
        """Close the connections."""
        self._org.close()


def _fields(said: Mapping[str, Any]) -> Iterator[TenantField]:
    for field in said["fields"]:
        if field.get("type") not in UNASKED:
            yield TenantField(
                str(field["name"]), one_line(field.get("label")), str(field.get("type", "")), _options(field)
            )
        if field.get("relationshipName") == TYPE_LINK:
            types = [each for each in said.get("recordTypeInfos") or () if each.get("active", True)]
            options = tuple(Option(str(each["developerName"]), one_line(each.get("name")), {}) for each in types)
            yield TenantField(RECORD_TYPE, one_line(field.get("label")), "record_type", options)


def _options(field: Mapping[str, Any]) -> tuple[Option, ...]:
    return tuple(
        Option(str(each["value"]), one_line(each.get("label")), {})
        for each in field.get("picklistValues") or ()
        if each.get("active", True) and each.get("value") is not None
    )
