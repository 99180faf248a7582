"""Hand-made walks and landed records for the tests of the landing gate."""

import json
from datetime import date, timedelta

from warehouse.clock import cutoff
from warehouse.connection import connect

OPPORTUNITY: dict[str, object] = {
    "_id": "O-1",
    "sales_stage": "eq_need",
    "create_time": 1767542400000,
    "amount": "180000.00",
}
PERSON: dict[str, object] = {"_id": "P-1", "user_id": "1001"}
RECORDS: dict[str, dict[str, object]] = {"opportunities": OPPORTUNITY, "people": PERSON}


def declare(**streams: bool) -> None:
    """Declare streams as the connectors do: name → whether it is required; each may be 36 hours old."""
    for stream, is_required in streams.items():
        execute(
            "loader",
            "insert into ops.streams (system, stream, mode, is_required, max_age)"
            f" values ('fxiaoke', '{stream}', 'changed', {is_required}, '36 hours')",
        )


def execute(role: str | None, *statements: str) -> None:
    """Run statements in `role`, each in a transaction of its own."""
    with connect(role, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement)


def fetch(query: str) -> list[tuple[object, ...]]:
    """Rows of `query` as the auditor sees them."""
    with connect("auditor") as connection:
        return connection.execute(query).fetchall()


def walk(
    day: date,
    stream: str,
    records: list[dict[str, object]],
    *,
    suffix: str = "",
    quarantined: int = 0,
    state: str = "finished",
    unchanged: int = 0,
    is_first: bool = False,
) -> None:
    """A walk of `stream` for `day` that landed `records`, each with a `record_id` of its own."""
    load_id, end = f"{day:%Y%m%d}-fxiaoke-{stream}{suffix}", cutoff(day)
    start = None if is_first else end - timedelta(days=1, hours=1)
    with connect("loader") as connection:
        connection.execute(
            """insert into ops.loads (load_id, system, stream, as_of, window_from, window_to, state, received, landed, unchanged,
                   quarantined)
               values (%s, 'fxiaoke', %s, %s, %s, %s, %s, %s, %s, %s, %s)""",
            (
                load_id,
                stream,
                day,
                start,
                end,
                state,
                len(records) + unchanged + quarantined,
                len(records),
                unchanged,
                quarantined,
            ),
        )
        for number, record in enumerate(records):
            connection.execute(
                f"""insert into landing.fxiaoke__{stream} (record_id, record, record_hash, changed_at, known_at, load_id, is_reconstructed)
                    values (%s, %s, %s, %s, %s, %s, false)""",
                (record.get("_id"), json.dumps(record), f"{load_id} {number}", end - timedelta(hours=12), end, load_id),
            )


def copies(stream: str, count: int, prefix: str = "R", **changed: object) -> list[dict[str, object]]:
    """`count` sound records of `stream` with ids of their own, `changed` fields replaced."""
    return [{**RECORDS[stream], "_id": f"{prefix}-{number}", **changed} for number in range(count)]


def quiet_night(day: date, opportunities: int = 30) -> None:
    """A night as it should be."""
    walk(day, "people", copies("people", 2, f"{day:%m%d}"))
    walk(day, "opportunities", copies("opportunities", opportunities, f"{day:%m%d}"))


def verdicts(day: date) -> list[str]:
    """All verdicts of the landing gate on `day`, oldest first."""
    found = fetch(
        f"select verdict from ops.gate_verdicts where border = 'landing' and as_of = '{day}' order by verdict_id"
    )
    return [str(verdict) for (verdict,) in found]


def watermark(stream: str) -> object:
    """The stream's watermark, None without one."""
    found = fetch(f"select watermark from ops.watermarks where stream = '{stream}'")
    return found[0][0] if found else None
