"""What programs write to customers of DingTalk: relation data row by row, kept beside the CRM's records and shown in the customers' forms.

In: a write as it arrived. Out: one result a row; the journal shows each change under the object `DingTalkCustomer`.
"""

from collections.abc import Mapping
from typing import Any

import orjson

from sandbox.chatting import WRITTEN, Team
from sandbox.dingtalk_asked import BAD_ARGUMENT
from sandbox.dingtalk_rows import KIND
from sandbox.errors import CrmError
from sandbox.quota import Rules
from sandbox.store import Store

GONE, LOCKED, BAD_VALUE = (
    "crm.data.notExist",
    "crm.data.locked",
    "crm.data.invalid",
)  # invented: the vendor prints no list
_TOLD = {GONE: "数据不存在", LOCKED: "数据已锁定", BAD_VALUE: "数据格式错误"}
_ALL = "select id, body, last_modified_time as at from current where object = ?"


def written(store: Store) -> dict[str, tuple[int, dict[str, Any]]]:
    """When a program wrote last and what the customer holds of it, by customer."""
    return {row["id"]: (row["at"], orjson.loads(row["body"])) for row in store.rows(_ALL, [WRITTEN])}


def write_relations(
    store: Store, team: Team, rules: Rules, given: Mapping[str, Any], now_ms: int
) -> list[dict[str, Any]]:
    """Write every row that can be written; one result a row, in order. Raises CrmError when the call itself is refused."""
    rows, user = given.get("relationList"), str(given.get("operatorUserId", ""))
    if given.get("relationType") != KIND or not user.startswith("dt") or not isinstance(rows, list):
        raise CrmError(BAD_ARGUMENT, "invalidParameter.relation")
    if not 0 < len(rows) <= rules.dingtalk_most_written:
        raise CrmError(BAD_ARGUMENT, "invalidParameter.relationList")
    return [_write(store, team, rules, row, user, now_ms) for row in rows]


def _write(store: Store, team: Team, rules: Rules, row: Mapping[str, Any], user: str, now_ms: int) -> dict[str, Any]:
    relation = str(row.get("relationId", ""))
    customer, values = relation.removeprefix("ins-"), row.get("bizDataList")
    if customer not in team.customers:
        return _failed(relation, GONE)
    if not isinstance(values, list) or not all(isinstance(each.get("value"), str) for each in values):
        return _failed(relation, BAD_VALUE)
    is_locked = relation in rules.locked_ids
    if not is_locked or rules.dingtalk_is_locked_applied:
        fields = {str(each["key"]): each["value"] or None for each in values}
        op = "update" if store.record(WRITTEN, customer) else "create"
        store.apply(now_ms, WRITTEN, customer, op, fields, user)
    return _failed(relation, LOCKED) if is_locked else {"relationId": relation, "success": True}


def _failed(relation: str, code: str) -> dict[str, Any]:
    return {
        "relationId": relation, "success": False, "errorCode": code, "errorMsg": _TOLD[code], "duplicatedRelationIds": [],
    }  # fmt: skip
