"""Everything that may happen to a company after a day, as changes for the sandbox: all fields of all records, deletions, merges, inserts.

In: a line whose company stands at D+1 01:30. Out: patches dated after cutoff(D), or before it but told after D's night. New values come
from the field's other values, so that the records stay such as a CRM may hold. Left out is what the CRM itself sets once (`create_time`);
accounts are merged and teams change region in patches of their own, so that the organisation stays a tree.
"""

from decimal import Decimal
from typing import Any

import orjson

from sandbox.objects import DATE, DATE_TIME, FLAG, NUMBER, OBJECTS, TEXT, own_fields
from tests.end_to_end.line import Line

DAY_MS = 86_400_000
ORDER = ("DepartmentObj", "PersonnelObj", "AccountObj", "LeadsObj", "NewOpportunityObj", "ActiveRecordObj")
APART = ("create_time", "merged_into_id__c", "parent_id", "dept_kind__c")
Patch = dict[str, Any]


def records_of(line: Line, name: str, before_ms: int) -> list[tuple[str, dict[str, Any]]]:
    """Id and fields of the object's records last modified before an instant, by id."""
    query = "select id, body from current where object = ? and last_modified_time < ? order by id"
    return [(record_id, orjson.loads(body)) for record_id, body in line.company(query, name, before_ms)]


def changed(line: Line, name: str, before_ms: int, at_ms: int) -> list[Patch]:
    """One change of all fields for each record of the object last modified before `before_ms`."""
    chosen, known = records_of(line, name, before_ms), records_of(line, name, at_ms + 10 * DAY_MS)
    fields = [field for field in own_fields(name) if field not in APART]
    values = {
        field: sorted({orjson.dumps(body[field]) for _, body in known if body.get(field) is not None})
        for field in fields
    }
    return [
        {
            "object": name, "id": record_id, "op": "update", "at_ms": at_ms + number,
            "fields": {field: _other(OBJECTS[name][field], body.get(field), values[field]) for field in fields},
        }
        for number, (record_id, body) in enumerate(chosen)
    ]  # fmt: skip


def _other(kind: str, value: Any, values: list[bytes]) -> Any:
    """A value of the same kind that is not `value`."""
    if kind == NUMBER:
        return str(Decimal(str(value)) * 3 + 7) if value is not None else "7"
    if kind in (DATE, DATE_TIME):
        return int(value) + 40 * DAY_MS if value is not None else orjson.loads(values[0]) if values else None
    if kind == FLAG:
        return not value
    if kind == TEXT:  # names and ids of its own, which stay unique
        return f"{value}-2" if value is not None else "told later"
    others = [other for other in values if other != orjson.dumps(value)]
    if others:
        return orjson.loads(others[len(others) // 2])
    return f"{value}-2" if isinstance(value, str) else value


def after_midnight(line: Line, window_from_ms: int, cutoff_ms: int) -> list[Patch]:
    """Between midnight and extraction half of the records that the day's window does not hold change, and some go."""
    at_ms, patches = cutoff_ms + DAY_MS // 48, []
    for name in ORDER[1:]:
        for number, patch in enumerate(changed(line, name, window_from_ms, at_ms)[::2]):
            is_gone = number % 25 == 0 and name != "PersonnelObj"
            patches.append(patch | {"op": "delete", "fields": {}} if is_gone else patch)
    return patches


def next_day(line: Line, cutoff_ms: int) -> list[Patch]:
    """All that changes on D+1: every record in every field, deletions, merges, and records inserted as if they were older."""
    noon = cutoff_ms + DAY_MS // 2
    patches = [patch for name in ORDER for patch in changed(line, name, noon, noon)]
    deals = records_of(line, "NewOpportunityObj", noon)
    accounts = [record_id for record_id, _ in records_of(line, "AccountObj", noon)]
    late = noon + DAY_MS // 4
    patches += [
        {"object": "NewOpportunityObj", "id": deal, "op": "delete", "fields": {}, "at_ms": late}
        for deal, _ in deals[::9]
    ]
    patches += [
        {"object": "AccountObj", "id": gone, "op": "update", "fields": {"merged_into_id__c": kept}, "at_ms": late}
        for gone, kept in zip(accounts[::4], accounts[1::4], strict=False)
    ]
    teams = [
        (team, body["parent_id"])
        for team, body in records_of(line, "DepartmentObj", noon)
        if body["dept_kind__c"] == "team"
    ]
    patches += [
        {"object": "DepartmentObj", "id": team, "op": "update", "fields": {"parent_id": other}, "at_ms": late}
        for (team, _), (_, other) in zip(teams, teams[3:] + teams[:3], strict=True)
    ]
    return [*patches, *_inserted(deals, cutoff_ms)]


def _inserted(deals: list[tuple[str, dict[str, Any]]], cutoff_ms: int) -> list[Patch]:
    """Contacts of existing deals and copies of deals, as if days old: modified in D's last half hour, told after its night."""
    at_ms, born = cutoff_ms - DAY_MS // 48, cutoff_ms - 5 * DAY_MS
    patches: list[Patch] = []
    for number, (deal, body) in enumerate(deals):
        contact = {
            "active_record_type": "5", "direction__c": "in", "contact_count__c": "9", "owner": body.get("owner"), "create_time": born,
            "related_object_data": [{"id": deal, "describe_api_name": "NewOpportunityObj"}], "life_status": "normal",
        }  # fmt: skip
        patches.append(
            {"object": "ActiveRecordObj", "id": f"{number:024x}", "op": "create", "fields": contact, "at_ms": at_ms}
        )
        if number % 5 == 0:
            copy = body | {"create_time": born, "stg_changed_time": born}
            patches.append(
                {"object": "NewOpportunityObj", "id": f"f{number:023x}", "op": "create", "fields": copy, "at_ms": at_ms}
            )
    return patches
