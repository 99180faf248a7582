"""A silence of WeCom's message archive is a warning: its messages may be lost for good."""

from datetime import date, timedelta

from expectations.__main__ import decide
from tests.expectations.landings import declare, execute, fetch, quiet_night
from warehouse.clock import cutoff
from warehouse.connection import connect

MONDAY = date(2026, 1, 5)


def message(day: date) -> None:
    """One message at the end of a day, known that night."""
    with connect("loader") as connection:
        connection.execute(
            "insert into landing.wecom__archive_messages (record_id, record, record_hash, changed_at, known_at, load_id, is_reconstructed)"
            """ values (%s, '{"userid": "wc1", "external_userid": {"token": "p_1"}, "msgtime": 1767542400000}', 'x', %s, %s, 'x', false)""",
            (f"m{day}", cutoff(day) - timedelta(hours=1), cutoff(day)),
        )


def gaps(day: date) -> list[tuple[object, ...]]:
    """What the gate of a day found about the archive."""
    return fetch(
        "select distinct on (expectation) expectation, level, state from ops.check_results"
        f" where suite = 'landing.archive' and as_of = '{day}' order by expectation, check_id desc"
    )


def test_a_gap_over_four_days_warns_and_never_blocks(tenant_database: str) -> None:
    declare(opportunities=True, people=True)
    quiet_night(MONDAY)
    decide("landing", MONDAY, [])
    assert gaps(MONDAY) == []  # a tenant without an archive is not asked
    message(MONDAY)
    for days, state in ((3, "passed"), (4, "failed")):
        day = MONDAY + timedelta(days=days)
        quiet_night(day)
        assert decide("landing", day, []).startswith("landing gate passed")
        assert [row[1:] for row in gaps(day)] == [("warning", state)]
    execute("owner_ddl", "truncate landing.wecom__archive_messages")
