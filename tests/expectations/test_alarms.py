"""True alarms: five planted corruptions (capability 1.8), each in 0.1 %, 1 % and 5 % of 1,000 deals, are named and judged as a table says
that docs/operations.md repeats, and what a gate blocked is not published. No alarms: days on which nobody works, old news.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

import pytest

from config.settings import ROOT
from connectors.source_fields import note_fields
from connectors.streams import mapping_of
from expectations.__main__ import decide
from tests.expectations.landings import copies, declare, execute, fetch, quiet_night, walk
from tests.expectations.layers import DAY, make_build, make_features
from warehouse.publish import publish
from warehouse.steps import GateBlocked
from warehouse.walks import loading

DEALS = 1000
SHARES = {"0.1 %": 1, "1 %": 10, "5 %": 50}
# corruption, gate, the check that names it, its verdict at each share
TABLE = [
    ("negative amount", "landing", "is_amount_sane", ("warning", "blocked", "blocked")),
    ("id given twice", "landing", "is_id_given_once", ("warning", "blocked", "blocked")),
    ("close before creation", "features", "is_close_after_creation", ("warning", "warning", "blocked")),
    ("unknown stage", "features", "stage_code is known", ("warning", "warning", "warning")),
    ("no owner", "features", "owner_id is known", ("warning", "warning", "warning")),
]
BROKEN_FEATURES = "days_to_close_date = -age_days - 1", "stage_code = null", "owner_id = null"
FAILED = """
    select expectation, bool_or(level = 'critical') from ops.check_results
    where border = %r and state <> 'passed' and check_id > %s group by expectation"""


@dataclass
class Crm:
    """A source that has these fields."""

    fields: list[str]

    def describe(self, _object_name: str) -> list[str]:
        """All of them."""
        return self.fields


@pytest.fixture(autouse=True)
def _nothing_landed(tenant_database: str) -> Iterator[None]:
    declare(opportunities=True, people=True)
    yield
    execute(
        "owner_ddl",
        "truncate landing.fxiaoke__opportunities, landing.fxiaoke__people, ops.loads, ops.watermarks, ops.gate_verdicts, ops.streams, "
        "ops.quarantine, vault.quarantined",
    )


def land(corrupted: int) -> None:
    """A night of 1,000 deals, so many of them with a negative amount and as many others with a second, different record of their id."""
    sound = copies("opportunities", DEALS - corrupted)
    below = copies("opportunities", corrupted, "negative", amount="-1")
    walk(DAY, "people", copies("people", 2))
    walk(DAY, "opportunities", [*sound, *below, *({**deal, "amount": "1.00"} for deal in sound[:corrupted])])


def compute(corrupted: int) -> None:
    """Features of 1,000 deals, so many of them with each of three faults."""
    names = [f"O-{number}" for number in range(DEALS)]
    make_features(names)
    for place, fault in enumerate(BROKEN_FEATURES):
        hit = names[place * corrupted : (place + 1) * corrupted]
        execute(
            "transformer", f"update features.opportunity_features set {fault} where opportunity_id = any(array{hit})"
        )


def found(border: str) -> tuple[dict[str, str], bool]:
    """What the gate of the border names: check → verdict; and whether it blocks."""
    [(last,)] = fetch("select coalesce(max(check_id), 0) from ops.check_results")
    try:
        decide(border, DAY, [])
        is_blocked = False
    except GateBlocked:
        is_blocked = True
    failed = fetch(FAILED % (border, last))
    return {str(check): "blocked" if is_critical else "warning" for check, is_critical in failed}, is_blocked


@pytest.mark.parametrize(("border", "corrupt"), [("landing", land), ("features", compute)])
@pytest.mark.parametrize(
    "share", [pytest.param("0.1 %", marks=pytest.mark.soak), "1 %", pytest.param("5 %", marks=pytest.mark.soak)]
)
def test_each_corruption_is_named_and_judged_as_the_table_says(border: str, corrupt, share: str) -> None:  # type: ignore[no-untyped-def]
    corrupt(SHARES[share])
    place = list(SHARES).index(share)
    expected = {check: verdicts[place] for _, gate, check, verdicts in TABLE if gate == border}
    assert found(border) == (expected, "blocked" in expected.values())


def test_the_table_stands_in_the_handbook() -> None:
    written = (ROOT / "docs" / "operations.md").read_text("utf-8")
    for corruption, border, check, verdicts in TABLE:
        assert f"| {corruption} | {border}: `{check}` | {' | '.join(verdicts)} |" in written


def test_what_a_gate_blocked_is_not_published_though_every_later_step_is_run_by_hand() -> None:
    land(SHARES["5 %"])
    assert found("landing")[1]
    make_features()
    make_build()
    with pytest.raises(GateBlocked, match=r"ops.gate_verdicts: is_passed fails for 1 of 1 rows .*first landing"):
        decide("marts", DAY, [])
    with pytest.raises(GateBlocked, match="is not published, the last build stays"):
        publish(DAY)


@pytest.mark.parametrize(
    ("monday", "quiet"),
    [(DAY, DAY + timedelta(days=5)), (date(2026, 2, 9), date(2026, 2, 16))],
    ids=["Saturday", "Spring Festival"],
)
def test_a_free_day_without_records_after_busy_working_days_is_no_alarm(monday: date, quiet: date) -> None:
    """Before public holidays were free days, a Monday of Spring Festival on which nobody wrote a record stopped the night."""
    for offset in range(5):
        quiet_night(monday + timedelta(days=offset))
    quiet_night(quiet, opportunities=0)
    assert "0 warnings" in decide("landing", quiet, [])


def test_a_line_of_a_list_that_stays_unreadable_is_told_of_once() -> None:
    """A list is read whole each night; its one scrawled phone was a warning for as long as the list lay there."""
    declare(leads=False)
    for offset, unreadable, warnings in ((0, 2, 1), (1, 2, 0), (2, 3, 1)):
        day = DAY + timedelta(days=offset)
        quiet_night(day)
        walk(day, "leads", [], unchanged=98, quarantined=unreadable)
        execute(
            "loader",
            "insert into ops.quarantine (load_id, system, stream, line_number, reason) select"
            f" '{day:%Y%m%d}-fxiaoke-leads', 'fxiaoke', 'leads', line, 'no phone' from generate_series(1, {unreadable}) as line",
        )
        assert f"{warnings} warnings" in decide("landing", day, [])


def test_a_field_that_appears_at_a_source_is_told_of_once_and_changes_nothing() -> None:
    """What no mapping names is never asked for: the warning alone shows that the CRM's administrator added a field."""
    with loading("fxiaoke") as connection:
        for day, fields, new in (
            (DAY, ["name"], []),
            (DAY + timedelta(days=1), ["name", "colour__c", "lf_band__c"], ["colour__c"]),
        ):
            crm, stream = Crm(fields), mapping_of("fxiaoke").streams["opportunities"]
            assert note_fields(connection, crm, stream, day) == new
            assert note_fields(connection, crm, stream, day) == []
            quiet_night(day)
    assert "0 warnings" in decide("landing", DAY, [])
    said = decide("landing", DAY + timedelta(days=1), [])
    assert "1 warnings" in said
    assert "ops.source_fields: number of new fields is 1 (allowed: none, first fxiaoke.opportunities colour__c)" in said
    quiet_night(DAY + timedelta(days=2))
    assert "0 warnings" in decide("landing", DAY + timedelta(days=2), [])
    execute("owner_ddl", "truncate ops.source_fields")
