"""The CRM's objects in a tenant's dialect: a request by the tenant's names becomes the company's, the answer goes back the same way.

In: the body of a request whose caller is known. Out: the `data` part of the answer. Options, stages and scaled amounts are not translated
on the way in: a search by them, or an update of them, is refused.
"""

from collections.abc import Mapping
from typing import Any

from sandbox.administration import described, exists, listed, silent_people
from sandbox.auth import Caller
from sandbox.clock import Clock
from sandbox.dialect import DEALS, PROCESS, Dialect, ObjectWords
from sandbox.errors import BAD_PARAMETER, CrmError
from sandbox.fxiaoke_objects import Objects
from sandbox.query import refuse
from sandbox.quota import Rules
from sandbox.store import Store


class DialectObjects(Objects):
    """The objects of a tenant that named them itself."""

    def __init__(self, store: Store, clock: Clock, rules: Rules, words: Dialect) -> None:
        super().__init__(store, clock, rules)
        self._words = words

    def query(self, body: Mapping[str, Any], caller: Caller) -> dict[str, Any]:
        """One page of records by the tenant's names."""
        found = self._asked(body)
        answer = super().query(self._own(body, found), caller)
        return answer | {"dataList": [self._theirs(found, row, _projection(body)) for row in answer["dataList"]]}

    def find_one(self, body: Mapping[str, Any], caller: Caller) -> dict[str, Any]:
        """The first record of a search by the tenant's names."""
        found = self._asked(body)
        record = super().find_one(self._own(body, found), caller)["objectData"]
        return {"objectData": record and self._theirs(found, record, _projection(body))}

    def get(self, body: Mapping[str, Any], caller: Caller) -> dict[str, Any]:
        """One record by the tenant's names."""
        found = self._asked(body)
        return self._theirs(
            found, super().get({**body, "data": {**body["data"], "dataObjectApiName": found.own}}, caller), None
        )

    def update(self, body: Mapping[str, Any], caller: Caller) -> dict[str, Any]:
        """Set fields by the tenant's names; those whose values are translated are refused."""
        data = body.get("data")
        row = data.get("object_data") if isinstance(data, dict) else None
        if not isinstance(row, dict):
            raise refuse("an update carries its row in data.object_data")
        found = self._object(row.get("dataObjectApiName"))
        own = {"_id": row.get("_id"), "dataObjectApiName": found.own}
        for name, value in row.items():
            if name not in ("_id", "dataObjectApiName"):
                field = self._field(found, name)
                if found.fields[field].options or found.fields[field].divide_by:
                    raise CrmError(BAD_PARAMETER, f"{found.name} has no writable field {name}")
                own[field] = value
        return super().update({**body, "data": {**body["data"], "object_data": own}}, caller)

    def list_objects(self, _body: Mapping[str, Any], _caller: Caller) -> dict[str, Any]:
        """The tenant's objects."""
        return listed(self._words)

    def describe(self, body: Mapping[str, Any], _caller: Caller) -> dict[str, Any]:
        """The fields of one object by the tenant's names."""
        found = self._asked(body, "apiName")
        self._granted(found.own)
        return described(self._store, self._words, found)

    def _asked(self, body: Mapping[str, Any], key: str = "dataObjectApiName") -> ObjectWords:
        data = body.get("data")
        if not isinstance(data, dict):
            raise refuse("the body carries no data object")
        return self._object(data.get(key))

    def _object(self, name: object) -> ObjectWords:
        found = self._words.named(name)
        if found is None:
            raise refuse(f"there is no object {name!r}")
        return found

    def _field(self, found: ObjectWords, name: object) -> str:
        own = found.own_names.get(str(name))
        if own is None or not exists(self._store, self._words, found, own):
            raise refuse(f"{found.name} has no field {name!r}")
        return own

    def _own(self, body: Mapping[str, Any], found: ObjectWords) -> dict[str, Any]:
        """The search by the company's names; what a walk needs to know a stage's process is asked for too."""
        info = dict(body["data"].get("search_query_info") or {})
        if "filters" in info:
            info["filters"] = [self._filter(found, each) for each in info["filters"] or []]
        if "orders" in info:
            info["orders"] = [
                {**each, "fieldName": self._field(found, each.get("fieldName"))} for each in info["orders"] or []
            ]
        if info.get("fieldProjection") is not None:
            known = [found.own_names[name] for name in info["fieldProjection"] if name in found.own_names]
            info["fieldProjection"] = [*known, *([PROCESS] if found.own == DEALS else [])]
        if found.own == "ActiveRecordObj" and self._words.silent_teams:
            silent = {"field_name": "owner", "operator": "NIN", "field_values": silent_people(self._store, self._words)}
            info["filters"] = [*info.get("filters", []), silent]
        return {**body, "data": {**body["data"], "dataObjectApiName": found.own, "search_query_info": info}}

    def _filter(self, found: ObjectWords, asked: Mapping[str, Any]) -> dict[str, Any]:
        own = self._field(found, asked.get("field_name"))
        if found.fields[own].options or found.fields[own].divide_by:
            raise refuse(f"{found.name} cannot be searched by {asked.get('field_name')}")
        return {**asked, "field_name": own}

    def _theirs(self, found: ObjectWords, row: Mapping[str, Any], asked: list[str] | None) -> dict[str, Any]:
        """A record by the tenant's names and values, with the asked fields only."""
        process = row.get(PROCESS)
        out = {}
        for own, value in row.items():
            words = found.fields.get(own)
            if words is None or own == "_id":
                out[own] = value
            elif asked is None or words.name in asked:
                out[words.name] = self._words.value(found, own, value, str(row["_id"]), process)
        return out


def _projection(body: Mapping[str, Any]) -> list[str] | None:
    info = body["data"].get("search_query_info")
    return info.get("fieldProjection") if isinstance(info, dict) else None
