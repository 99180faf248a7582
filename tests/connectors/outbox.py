"""A published build and what it owes: the table of `sync` that dbt makes, filled by hand."""

import json
from collections.abc import Iterable
from datetime import date
from typing import Any

from psycopg import sql

from warehouse.connection import connect

OF_DEALS, OF_LEADS, OF_CUSTOMERS = (
    ("sync_crm__opportunity_scores", "opportunity_id"),
    ("sync_crm__lead_scores", "lead_id"),
    ("sync_dingtalk__customer_scores", "customer_id"),
)
Owed = tuple[str, str, dict[str, Any]]  # record, action, payload


def publish(
    day: date | str, build_id: str, system: str, owed: Iterable[Owed], into: tuple[str, str] = OF_DEALS
) -> None:  # fmt: skip
    """Publish a build of `day` that owes these messages; what earlier builds owed is gone, their receipts stay."""
    columns = "build_id text, {} text, system text, action text, payload jsonb, payload_hash text"
    with connect("transformer") as connection:
        for name, key in (OF_DEALS, OF_LEADS, OF_CUSTOMERS):
            made = sql.SQL("drop table if exists {table}; create table {table} (" + columns.format("{key}") + ")")
            connection.execute(made.format(table=sql.Identifier("sync", name), key=sql.Identifier(key)))
        connection.execute(
            "insert into ops.builds (build_id, as_of, inputs_digest, code_version, seed, state) values (%s, %s, '', '', 1, 'published')",
            (build_id, day),
        )
        connection.execute(
            "insert into ops.publications (build_id, as_of, kind, manifest) values (%s, %s, 'publish', '{}')",
            (build_id, day),
        )
        rows = [
            (build_id, record, system, action, text, text)
            for record, action, payload in owed
            for text in [json.dumps(payload)]
        ]
        with connection.cursor() as cursor:
            cursor.executemany(
                sql.SQL("insert into {} values (%s, %s, %s, %s, %s, md5(%s))").format(sql.Identifier("sync", into[0])),
                rows,
            )
