"""What the CRM does with its objects: find, read, update, describe.

In: the body of a request whose caller is known. Out: the `data` part of the answer. Raises CrmError for what the CRM refuses.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from sandbox.administration import described, listed
from sandbox.auth import OPEN_USER, Caller
from sandbox.channels import noted_id
from sandbox.clock import Clock, cutoff_ms
from sandbox.dialect import dialect
from sandbox.errors import BAD_PARAMETER, LOCKED, NO_PERMISSION, CrmError
from sandbox.fxiaoke_ways import PaymentWords, binned, fill_bin, with_numbers
from sandbox.objects import BOOKKEEPING, OBJECTS, PEOPLE, wire_value
from sandbox.query import Search, count, find, parse, refuse
from sandbox.quota import Rules
from sandbox.store import Record, Store

NOT_WRITABLE = {*BOOKKEEPING, "create_time", "owner"}


class Objects:
    """The objects of one tenant."""

    def __init__(self, store: Store, clock: Clock, rules: Rules) -> None:
        self._store = store
        self._clock = clock
        self._rules = rules
        self._payment_words = PaymentWords(rules)

    def query(self, body: Mapping[str, Any], caller: Caller) -> dict[str, Any]:
        """One page of records: {offset, limit, total, dataList}."""
        data = _data(body)
        search = self._search(data)
        total = count(self._store, search) if data.get("find_explicit_total_num") else 0
        records = self._shown(self._found(search), search.fields, body, caller)
        return {"offset": search.offset, "limit": search.limit, "total": total, "dataList": records}

    def find_one(self, body: Mapping[str, Any], caller: Caller) -> dict[str, Any]:
        """The first record of a search: {objectData}, null when there is none."""
        search = self._search(_data(body))
        found = self._found(search)[:1]
        shown = self._shown(found, search.fields, body, caller)
        return {"objectData": shown[0] if shown else None}

    def get(self, body: Mapping[str, Any], caller: Caller) -> dict[str, Any]:
        """One record by id, with all its fields."""
        data = _data(body)
        record = self._record(self._granted(data.get("dataObjectApiName")), data.get("objectDataId"), has_bin=True)
        return self._shown([record], None, body, caller)[0]

    def update(self, body: Mapping[str, Any], caller: Caller) -> dict[str, Any]:
        """Set the sent fields of one record; null clears, what is left out stays, or goes. Workflows fire unless switched off."""
        row = _data(body).get("object_data")
        if not isinstance(row, dict):
            raise refuse("an update carries its row in data.object_data")
        name = self._granted(row.get("dataObjectApiName"))
        record = self._record(name, row.get("_id"))
        given = {field: value for field, value in row.items() if field not in ("_id", "dataObjectApiName")}
        fields = dict(zip(self._payment_words.own(name, list(given)), given.values(), strict=True))
        refused = sorted(field for field in fields if field not in OBJECTS[name] or field in NOT_WRITABLE)
        if refused:
            raise CrmError(BAD_PARAMETER, f"{name} has no writable field {', '.join(refused)}")
        is_locked = record.id in self._rules.locked_ids
        if is_locked and not self._rules.fxiaoke_is_locked_applied:
            raise CrmError(LOCKED, "the record is locked")
        kept = {field: wire_value(OBJECTS[name][field], value) for field, value in fields.items()}
        if not self._rules.fxiaoke_keeps_omitted:
            kept = dict.fromkeys(record.body.keys() - NOT_WRITABLE - {"life_status"}) | kept
        is_fired = body.get("triggerWorkFlow", True) is not False or body.get("triggerApprovalFlow", True) is not False
        self._store.apply(
            self._clock.now_ms(), name, record.id, "update", kept, caller.user_id, workflow_fired=is_fired
        )
        if is_locked:
            raise CrmError(LOCKED, "the record is locked")
        return {}

    def list_objects(self, _body: Mapping[str, Any], _caller: Caller) -> dict[str, Any]:
        """Names of the objects."""
        return listed(dialect("standard"))

    def describe(self, body: Mapping[str, Any], _caller: Caller) -> dict[str, Any]:
        """Fields of one object with their types, labels and options."""
        words = dialect("standard")
        found = words.objects[self._granted(_data(body).get("apiName"))]
        shown = described(self._store, words, found)
        shown["describe"]["fields"] = self._payment_words.theirs(found.own, shown["describe"]["fields"])
        return shown

    def employees_by_mobile(self, mobile: object) -> list[dict[str, Any]]:
        """Employees with a mobile number, as the old style looks its user up."""
        found = self._store.rows(
            "select id, body ->> 'full_name' as name from current "
            "where object = 'PersonnelObj' and body ->> 'phone' = ?",
            [str(mobile)],
        )
        return [{"openUserId": f"{OPEN_USER}{row['id']}", "name": row["name"]} for row in found]

    def is_employee(self, user_id: str) -> bool:
        """Whether requests may run as this employee; the integration's own user 1000 always may."""
        return user_id == "1000" or self._store.record("PersonnelObj", user_id) is not None

    def _search(self, data: Mapping[str, Any]) -> Search:
        name, info = self._granted(data.get("dataObjectApiName")), data.get("search_query_info")
        if not isinstance(info, dict):
            raise refuse("a query carries search_query_info as an object")
        if info.get("fieldProjection") is not None:
            info = {**info, "fieldProjection": self._payment_words.own(name, info["fieldProjection"])}
        return parse(name, info, self._rules.fxiaoke_most_rows)

    def _found(self, search: Search) -> list[Record]:
        if self._rules.fxiaoke_shows_bin:
            fill_bin(self._store, search.object)
        return find(self._store, search, has_bin=self._rules.fxiaoke_shows_bin)

    def _granted(self, name: object) -> str:
        if not isinstance(name, str) or name not in OBJECTS:
            raise refuse(f"there is no object {name!r}")
        if name in self._rules.denied_objects:
            raise CrmError(NO_PERMISSION, f"the app has no data access to {name}")
        return name

    def _record(self, name: str, record_id: object, *, has_bin: bool = False) -> Record:
        record = self._store.record(name, str(record_id))
        if record is None and has_bin and self._rules.fxiaoke_shows_bin:
            record = next((each for each in binned(self._store, name) if each.id == record_id), None)
        if record is None:
            raise refuse(f"there is no record {record_id} of {name}")
        return record

    def _shown(
        self, records: list[Record], fields: list[str] | None, body: Mapping[str, Any], caller: Caller
    ) -> list[dict[str, Any]]:
        names = self._names(record.body.get("owner") for record in records)
        is_open_id = caller.is_legacy != (body.get("convertUserId") is True)
        is_null_shown = body.get("includeNull") is True or self._rules.fxiaoke_shows_nulls
        is_text = self._rules.fxiaoke_numbers_are_text
        return [
            self._payment_words.theirs(record.object, row if is_text else with_numbers(record.object, row))
            for record in map(self._noted, records)
            for row in [_wire(record, fields, names, is_null_shown=is_null_shown, is_open_id=is_open_id)]
        ]

    def _noted(self, record: Record) -> Record:
        """A lead with its channel's id, where it came after the go-live: the field is younger than the others."""
        if record.object != "LeadsObj" or record.create_time < cutoff_ms(
            date.fromisoformat(self._store.state("go_live"))
        ):
            return record
        return replace(record, body={"channel_lead_id__c": noted_id(record.id, record.body), **record.body})

    def _names(self, owners: Iterable[object]) -> dict[str, str]:
        ids = {str(user) for owner in owners if isinstance(owner, list) for user in owner}
        marks = ", ".join("?" * len(ids))
        statement = (
            f"select id, body ->> 'full_name' as name from current where object = 'PersonnelObj' and id in ({marks})"  # noqa: S608
        )
        return {row["id"]: row["name"] for row in self._store.rows(statement, ids)}


def _data(body: Mapping[str, Any]) -> Mapping[str, Any]:
    data = body.get("data")
    if not isinstance(data, dict):
        raise refuse("the body carries no data object")
    return data


def _wire(
    record: Record, fields: list[str] | None, names: Mapping[str, str], *, is_null_shown: bool, is_open_id: bool
) -> dict[str, Any]:
    """A record as it travels: nulls left out unless asked for, the owner's name beside the owner, people as the style names them."""
    kinds = OBJECTS[record.object]
    whole = record.body | {
        "create_time": record.create_time,
        "last_modified_time": record.last_modified_time,
        "last_modified_by": [record.last_modified_by],
        "version": str(record.version),
    }
    wanted = list(kinds) if fields is None else [field for field in fields if field in kinds]
    out: dict[str, Any] = {"_id": record.id}
    for field in wanted:
        value = whole.get(field)
        if field != "_id" and (value is not None or is_null_shown):
            is_person = is_open_id and kinds[field] == PEOPLE and isinstance(value, list)
            out[field] = [f"{OPEN_USER}{user}" for user in value or []] if is_person else value
    if owner := "owner" in out and record.body.get("owner"):
        out["owner__r"] = {"name": names.get(str(owner[0]), "")}
    return out
