"""What the administrator of the Salesforce org set up: which fields there are, by which names, and what the org says of itself.

In: a company's dialect, what tests hide. Out: objects with their fields' kinds, rows by the org's own names, the answers of the list of
objects and of describe. The company's records and what is written to the org stay as they are.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from sandbox.administration import created_fields
from sandbox.dialect import FOLDER
from sandbox.salesforce_schema import FIELDS, FLAG, INSTANT, MONEY, NUMBER, WRITABLE, org_id
from sandbox.store import Store

RECORD_TYPE, TYPE_ID = "RecordType.DeveloperName", "RecordTypeId"
RECORD_TYPES = {"equipment": "Equipment", "software": "Software", "parts": "Parts"}
PICKLISTS = {
    "StageName": [
        "Prospecting", "Qualification", "Needs Analysis", "Value Proposition", "Id. Decision Makers", "Perception Analysis",
        "Proposal/Price Quote", "Negotiation/Review", "Closed Won", "Closed Lost",
    ],
    "ForecastCategoryName": ["Omitted", "Pipeline", "Best Case", "Commit", "Closed"],
    "Type": ["New Business", "Renewal"],
    "TaskSubtype": ["Task", "Email", "Call"],
    "CallType": ["Internal", "Inbound", "Outbound"],
}  # fmt: skip
TYPES = {"id": "reference", "text": "string", NUMBER: "double", FLAG: "boolean", INSTANT: "datetime"}
MONEY_FIELDS, SHARES = ("Amount",), ("Probability",)


@dataclass(frozen=True, slots=True)
class Renamed:
    """One field that the tenant keeps in a custom one: its name, label, divisor and picklist, ours → theirs."""

    name: str
    label: str
    divide_by: int
    options: Mapping[str, str]


class OrgWords:
    """The org's own words; those of the standard dialect are Salesforce's."""

    def __init__(self, store: Store) -> None:
        self._store, name = store, store.state("dialect", "standard")
        said = yaml.safe_load((FOLDER / f"{name}.yml").read_text("utf-8")).get("salesforce", {})
        self._hidden: Sequence[str] = said.get("hidden", ())
        self._stages: Mapping[str, str] = said.get("stages", {})
        self._is_standard = name == "standard"
        self._renamed = {
            of: {
                own: Renamed(each["name"], each["label"], each.get("divide_by", 1), each.get("options", {}))
                for own, each in fields.items()
            }
            for of, fields in said.get("fields", {}).items()
        }

    def kinds(self, name: str) -> dict[str, str]:
        """Every field of an object with its kind; a renamed field's former one stays, empty."""
        renamed = {each.name: FIELDS[name][own] for own, each in self._renamed.get(name, {}).items()}
        return FIELDS[name] | renamed | ({TYPE_ID: "id"} if RECORD_TYPE in FIELDS[name] else {})

    def visible(self, name: str, *, is_multi_currency: bool) -> dict[str, str]:
        """The fields that the integration's user may see; those for scores are there in the standard dialect, elsewhere once created."""
        created = {field for of, field in created_fields(self._store) if of == name}
        hidden = {*self._hidden, *(() if is_multi_currency else (MONEY,))}
        hidden |= {TYPE_ID} if RECORD_TYPE in hidden else set()
        if not self._is_standard:
            hidden |= WRITABLE.get(name, {}).keys() - created
        return {field: kind for field, kind in self.kinds(name).items() if field not in hidden}

    def row(self, name: str, row: Mapping[str, Any]) -> dict[str, Any]:
        """A row by the org's own names and values."""
        out = dict(row)
        if RECORD_TYPE in out:
            out[TYPE_ID] = org_id("012", out[RECORD_TYPE])
        for own, each in self._renamed.get(name, {}).items():
            value, out[own] = row[own], None
            out[each.name] = (
                value / each.divide_by if each.divide_by > 1 and value is not None else each.options.get(value, value)
            )
        if name == "OpportunityHistory":  # it keeps Salesforce's own fields alone
            out |= dict.fromkeys(self._renamed.get("Opportunity", {}).keys() & out.keys())
        if "StageName" in out:
            out["StageName"] = self._stages.get(out["StageName"], out["StageName"])
        return out

    def listed(self, names: Sequence[str]) -> dict[str, Any]:
        """The answer of the list of objects."""
        objects = [{"name": name, "label": label_of(name), "queryable": True, "custom": False} for name in names]
        return {"encoding": "UTF-8", "maxBatchSize": 200, "sobjects": objects}

    def described(self, name: str, visible: Mapping[str, str]) -> dict[str, Any]:
        """The answer of describe."""
        said: dict[str, Any] = {"name": name, "label": label_of(name), "queryable": True}
        types = RECORD_TYPES if RECORD_TYPE in visible else {}
        said["recordTypeInfos"] = [
            {"developerName": value, "name": label, "active": True, "master": False} for value, label in types.items()
        ]
        return said | {
            "fields": [
                self._field(name, field, kind) for field, kind in sorted(visible.items()) if field != RECORD_TYPE
            ]
        }

    def _field(self, name: str, field: str, kind: str) -> dict[str, Any]:
        known = {each.name: (own, each) for own, each in self._renamed.get(name, {}).items()}
        own, renamed = known.get(field, (field, None))
        link = field.removesuffix("Id") if kind == "id" else ""
        told: dict[str, Any] = {
            "name": field,
            "label": renamed.label if renamed else label_of(field),
            "type": "id" if field == "Id" else _type(own, kind),
            "relationshipName": link or None,
            "updateable": field in WRITABLE.get(name, {}),
            "custom": field.endswith("__c"),
            "picklistValues": [],
        }
        if own in PICKLISTS and name != "OpportunityHistory":
            words = renamed.options if renamed else self._stages if own == "StageName" else {}
            values = [words[value] for value in PICKLISTS[own] if value in words] if words else PICKLISTS[own]
            told["type"] = "picklist"
            told["picklistValues"] = [{"value": value, "label": value, "active": True} for value in values]
        return told


def label_of(name: str) -> str:
    """What a screen calls a standard object or field: its API name in words."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name.removesuffix("__c").replace("_", " "))


def _type(own: str, kind: str) -> str:
    return "currency" if own in MONEY_FIELDS else "percent" if own in SHARES else TYPES.get(kind, kind)
