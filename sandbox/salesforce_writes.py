"""Updates of Salesforce records, 200 a call, and reading the same records back.

A row that fails says so at its place in the answer; the others are done all the same unless the call says `allOrNone`.
"""

from datetime import datetime
from typing import Any

from sandbox.endpoints import Answered, Asked, World
from sandbox.salesforce_objects import Org
from sandbox.salesforce_schema import FIELDS, INSTANT, OBJECTS, OUR_USER, WRITABLE, wire
from sandbox.soql_query import SoqlError

MOST_RECORDS, MOST_RETRIEVED = 200, 2000
LONGEST = {"LF_Band__c": 2, "LF_Reasons__c": 500, "LF_Model_Version__c": 80, "LF_Link__c": 255}


class RowError(Exception):
    """A row that cannot be written."""

    def __init__(self, code: str, message: str, *fields: str) -> None:
        super().__init__(message)
        self.told = {"statusCode": code, "message": message, "fields": list(fields)}


class Writes:
    """The updates of one org."""

    def __init__(self, org: Org, world: World) -> None:
        self._org, self._world = org, world

    def update(self, asked: Asked) -> Answered:
        """{"allOrNone", "records": [{"attributes": {"type"}, "id", fields…}]} → one result a record, in their order."""
        body = asked.json or {}
        records = body.get("records")
        if not isinstance(records, list) or not all(
            isinstance(each, dict) and (each.get("attributes") or {}).get("type") for each in records
        ):
            raise SoqlError("JSON_PARSER_ERROR", "records with attributes.type were expected")
        if len(records) > MOST_RECORDS:
            raise SoqlError(
                "EXCEEDED_MAX_SIZE_REQUEST",
                f"record limit reached. cannot submit more than {MOST_RECORDS} records in this operation",
            )
        if body.get("allOrNone") is not False:
            raise SoqlError("INVALID_INPUT", "the sandbox knows allOrNone false alone")
        results = [self.updated(record) for record in records]
        return Answered(results, code=200, rows=sum(result["success"] for result in results))

    def retrieve(self, asked: Asked) -> Answered:
        """{"ids", "fields"} → the records in the order of the ids, null for what is gone."""
        ids, fields = (asked.json or {}).get("ids"), (asked.json or {}).get("fields")
        if not isinstance(ids, list) or not isinstance(fields, list) or len(ids) > MOST_RETRIEVED:
            raise SoqlError("INVALID_INPUT", f"ids (at most {MOST_RETRIEVED}) and fields were expected")
        if strangers := [field for field in fields if field not in FIELDS.get(asked.object, {})]:
            raise SoqlError("INVALID_FIELD", f"No such column '{strangers[0]}' on sobject of type {asked.object}")
        rows = {row["Id"]: row for row in self._org.rows(asked.object) if not row["IsDeleted"]}
        kinds = FIELDS[asked.object]
        found = [
            {"attributes": {"type": asked.object}} | {field: wire(kinds[field], rows[key][field]) for field in ["Id", *fields]}
            if key in rows else None for key in ids
        ]  # fmt: skip
        return Answered(found, code=200, rows=sum(each is not None for each in found))

    def updated(self, record: dict[str, Any]) -> dict[str, Any]:
        """Write one record; what became of it."""
        name, key = record["attributes"]["type"], str(record.get("id", ""))
        fields = {field: value for field, value in record.items() if field not in ("attributes", "id")}
        try:
            self._apply(str(name), key, fields)
        except RowError as error:
            return {"success": False, "errors": [error.told]}
        return {"id": key, "success": True, "errors": []}

    def _apply(self, name: str, key: str, fields: dict[str, Any]) -> None:
        if name not in OBJECTS:
            raise RowError("INVALID_TYPE", f"sObject type '{name}' is not supported.")
        if strangers := [field for field in fields if field not in FIELDS[name]]:
            raise RowError("INVALID_FIELD", f"No such column '{strangers[0]}' on sobject of type {name}")
        if held := [field for field in fields if field not in WRITABLE.get(name, {})]:
            told = (
                f"Unable to create/update fields: {', '.join(held)}. Please check the security settings of this field"
            )
            raise RowError("INVALID_FIELD_FOR_INSERT_UPDATE", told, *held)
        ours = self._org.company_id(name, key)
        if ours is None:
            raise RowError(
                "MALFORMED_ID" if len(key) not in (15, 18) else "INVALID_CROSS_REFERENCE_KEY",
                "invalid cross reference id",
            )
        record = self._world.store.record(OBJECTS[name][1], ours)
        if record is None or record.body.get("life_status", "normal") != "normal":
            raise RowError("ENTITY_IS_DELETED", "entity is deleted")
        if {key, ours} & set(self._world.rules.locked_ids):
            raise RowError("UNABLE_TO_LOCK_ROW", "unable to obtain exclusive access to this record")
        kept = {field.lower(): _kept(field, WRITABLE[name][field], value) for field, value in fields.items()}
        self._world.store.apply(
            self._world.clock.now_ms(), OBJECTS[name][1], ours, "update", kept, OUR_USER, workflow_fired=False
        )


def _kept(field: str, kind: str, value: Any) -> Any:
    """A written value as the company keeps it. Raises RowError."""
    if value is None:
        return None
    if kind == "number":
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise RowError("INVALID_TYPE_ON_FIELD_IN_RECORD", f"{field}: value not of required type", field)
        return str(value)
    if not isinstance(value, str):
        raise RowError("INVALID_TYPE_ON_FIELD_IN_RECORD", f"{field}: value not of required type", field)
    if len(value) > LONGEST.get(field, len(value)):
        raise RowError("STRING_TOO_LONG", f"{field}: data value too large (max length={LONGEST[field]})", field)
    if kind == INSTANT:
        return round(datetime.fromisoformat(value).timestamp() * 1000)
    return value
