"""Where the CRM's contract leaves open how a tenant behaves, the other way: the recycle bin in queries, another name of a payment's amount,
numbers as numbers. The switches are in `quota.Rules`.

In: the company's file, rows as the contract shows them. Out: rows as such a tenant shows them.
"""

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

import orjson

from sandbox.objects import NUMBER, OBJECTS
from sandbox.quota import Rules
from sandbox.schema import CURRENT_COLUMNS
from sandbox.store import Record, Store

PAYMENT, AMOUNT = "PaymentObj", "payment_amount"


class PaymentWords:
    """What the tenant calls the amount of a payment."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules

    def own(self, object_name: str, names: list[str]) -> list[str]:
        """The asked fields by the company's names; its own name is a stranger where the tenant has another."""
        theirs = self._rules.fxiaoke_payment_field
        if object_name != PAYMENT or theirs == AMOUNT:
            return names
        return [AMOUNT if name == theirs else f"no {name}" if name == AMOUNT else name for name in names]

    def theirs(self, object_name: str, row: Mapping[str, Any]) -> dict[str, Any]:
        """A record, or a description of fields, by the tenant's name."""
        name = self._rules.fxiaoke_payment_field if object_name == PAYMENT else AMOUNT
        return {name if field == AMOUNT else field: value for field, value in row.items()}


def with_numbers(object_name: str, row: Mapping[str, Any]) -> dict[str, Any]:
    """A record whose numbers travel as numbers."""
    kinds = OBJECTS[object_name]
    return {field: _number(value) if kinds.get(field) == NUMBER else value for field, value in row.items()}


def _number(value: object) -> object:
    try:
        return float(Decimal(str(value)))
    except InvalidOperation:
        return value


def binned(store: Store, object_name: str) -> list[Record]:
    """The deleted records of an object as they lie in the recycle bin."""
    ended = store.rows(
        "select id, at_ms, version, actor from journal as gone where object = ? and op = 'delete' and not exists"
        " (select 1 from journal as later where later.object = gone.object and later.id = gone.id and later.seq > gone.seq)",
        [object_name],
    )
    found = []
    for end in ended:
        told = store.rows(
            "select at_ms, fields from journal where object = ? and id = ? order by seq", [object_name, end["id"]]
        )
        body: dict[str, Any] = {}
        for row in told:
            body |= orjson.loads(row["fields"])
        kept = {name: value for name, value in body.items() if value is not None} | {"life_status": "invalid"}
        created = int(kept.get("create_time", told[0]["at_ms"]))
        found.append(Record(object_name, end["id"], kept, created, end["at_ms"], end["actor"], end["version"]))
    return found


def fill_bin(store: Store, object_name: str) -> None:
    """Put the object's deleted records beside those that exist, for one query."""
    store.connection.execute(f"create temp table if not exists bin as select {CURRENT_COLUMNS} from current limit 0")  # noqa: S608
    store.connection.execute("delete from temp.bin")
    store.connection.executemany(
        "insert into temp.bin values (?, ?, ?, ?, ?, ?, ?)",
        [
            (each.object, each.id, orjson.dumps(each.body).decode(), each.create_time, each.last_modified_time,
             each.last_modified_by, each.version)
            for each in binned(store, object_name)
        ],
    )  # fmt: skip
