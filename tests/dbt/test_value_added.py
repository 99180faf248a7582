"""What people's adjustments were worth, who leans which way, and the blend, worked by hand over eight closed quarters."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from warehouse.connection import connect

pytestmark = pytest.mark.slow

AS_OF, BUILD = "2026-05-15", "20260515_aaaaaaaaaaaa"
QUARTERS = [
    (f"{year}Q{quarter}", date(year, 3 * quarter - 2, 1)) for year in (2024, 2025, 2026) for quarter in (1, 2, 3, 4)
][1:9]
WON = [100, 120, 90, 110, 100, 130, 80, 100]  # thousands, by each rep in each quarter; the team has two of them
NODES = {
    "D1": (None, "team"),
    "1001": ("D1", "rep"),
    "1002": ("D1", "rep"),
    "1003": ("D1", "rep"),
    "1004": ("D1", "rep"),
}
# person and node → what is said of each quarter, as a multiple of what lands; None: nothing was said
CALLS: dict[tuple[str, str], list[float | None]] = {
    ("planted", "1001"): [1.3] * 8,
    ("fair", "1002"): [1.06, 0.94, 1.04, 0.95, 1.06, 0.94, 0.97, 1.04],
    ("new", "1003"): [None] * 5 + [0.7, 0.72, 0.68],
    ("turned", "1004"): [0.95, 1.06, 0.94, 1.05, 0.95, 1.05, 0.93, 1.9],
    ("boss", "D1"): [1.02, 0.97, 1.01, 1.0, 0.99, 1.02, 0.98, 1.01],
    ("boss", "1001"): [1.0] * 8,
}
PLANNED = """
    create table intermediate.int_period_actuals as
    select period_id, node_id, node_level, actual_gross_amount::numeric(18, 2), starts_on::date,
        (starts_on::date + interval '3 months - 1 day')::date as ends_on
    from (values {}) as rows (period_id, node_id, node_level, actual_gross_amount, starts_on)
"""
CALENDAR = """
    create table intermediate.int_period_versions as
    select period_id, 'quarter' as period_kind, starts_on::date, (starts_on::date + interval '3 months - 1 day')::date as ends_on,
        timestamptz '1970-01-01' as valid_from, timestamptz '9999-12-31' as valid_to
    from (values {}) as rows (period_id, starts_on)
"""
FORECAST = f"""
    create table build_{BUILD}.mart_period_forecast as
    select '{BUILD}' as build_id, '1001' as node_id, '2026Q2' as period_id, '1001' as node_name, null::text as parent_node_id,
        1000.00 as mean
"""


def submit(  # type: ignore[no-untyped-def]
    connection, person: str, node: str, period: str, day: date, amount: float, baseline: float
) -> None:
    """One number said beside a baseline."""
    connection.execute(
        "insert into ops.submissions (period_id, node_id, as_of, said_by, door, build_id, baseline, gross_amount, reason, is_late)"
        " values (%s, %s, %s, %s, 'page', %s, %s, %s, %s, false)",
        (period, node, day, person, BUILD, round(baseline, 2), round(amount, 2), f"why {person}"),
    )


@pytest.fixture(scope="module")
def told(tenant_database, build, query):  # type: ignore[no-untyped-def]
    """The marts over the calls above: said on the 14th day, the baseline ten percent below what lands; later numbers do not count."""
    levels = {"D1": 4, **dict.fromkeys(("1001", "1002", "1003", "1004"), 1)}
    actuals = [
        f"('{period}', '{node}', '{NODES[node][1]}', {1000 * won * many}, '{day}')"
        for (period, day), won in zip(QUARTERS, WON, strict=True)
        for node, many in levels.items()
    ]
    with connect("transformer") as connection:
        connection.execute(
            "insert into ops.builds (build_id, as_of, inputs_digest, code_version, model_version, seed, state)"
            " values (%s, %s, 'x', 'x', 'win-1', 1, 'building')",
            (BUILD, AS_OF),
        )
        for schema in ("intermediate", f"build_{BUILD}"):
            connection.execute(f"create schema if not exists {schema}")
        connection.execute(PLANNED.format(", ".join(actuals)))
        connection.execute(CALENDAR.format(", ".join(f"('{period}', '{day}')" for period, day in QUARTERS)))
        pairs = [(node, above) for node, (parent, _) in NODES.items() for above in (node, parent) if above]
        connection.execute(
            "create table intermediate.int_org_ancestors (as_of_date date, node_id text, ancestor_id text)"
        )
        for node, above in pairs:
            connection.execute("insert into intermediate.int_org_ancestors values (%s, %s, %s)", (AS_OF, node, above))
        connection.execute(FORECAST)
    with connect("submitter") as connection:
        for (person, node), said in CALLS.items():
            for (period, day), won, times in zip(QUARTERS, WON, said, strict=True):
                landed = 1000 * won * levels[node]
                if times is not None:
                    submit(connection, person, node, period, day + timedelta(days=13), times * landed, 0.9 * landed)
                    submit(connection, person, node, period, day + timedelta(days=80), landed, landed)
        submit(connection, "planted", "1001", "2026Q2", date(2026, 5, 12), 1300, 1000)
    models = "stg_landfall__submissions mart_forecast_value_added mart_rep_bias mart_forecast_submission"
    build(models, AS_OF, build_id=BUILD, build_schema=f"build_{BUILD}")
    return lambda statement: query(statement.replace("{marts}", f"build_{BUILD}"))


def test_a_call_is_the_baseline_seen_plus_the_adjustment_and_worth_the_errors_difference(told):  # type: ignore[no-untyped-def]
    columns = "baseline_gross_amount, adjustment_gross_amount, final_gross_amount, actual_gross_amount, value_added_gross_amount"
    rows = told(
        f"select {columns}, reason from {{marts}}.mart_forecast_value_added where said_by = 'planted' and period_id = '2024Q3'"
    )
    # |108,000 - 120,000| - |156,000 - 120,000|
    assert rows == [(*map(Decimal, ("108000.00", "48000.00", "156000.00", "120000.00", "-24000.00")), "why planted")]


def test_who_makes_the_baseline_worse_again_and_again_is_told_so(told):  # type: ignore[no-untyped-def]
    rows = told(
        "select said_by, node_id, value_added_gross_amount::int, periods_count, harmed_count, is_persistently_negative"
        " from {marts}.mart_forecast_value_added where period_id = 'all' order by 1, 2"
    )
    # 830,000 landed at each rep; the baseline missed 83,000 of it and the planted rep 249,000
    assert [row for row in rows if row[5]] == [("planted", "1001", -166000, 8, 8, True)]
    assert [row[2:5] for row in rows if row[:2] == ("boss", "1001")] == [(83000, 8, 0)]


def test_a_rep_who_says_thirty_percent_more_is_found_by_as_much(told):  # type: ignore[no-untyped-def]
    ((bias, shrunk, low, high, label, n),) = told(
        "select bias_rate, shrunk_bias_rate, shrunk_bias_low_rate, shrunk_bias_high_rate, label, periods_count"
        " from {marts}.mart_rep_bias where said_by = 'planted' and window_period_id = '2026Q1'"
    )
    assert (bias, label, n) == (Decimal("0.300000"), "optimistic", 8)
    assert float(shrunk) == pytest.approx(0.30, abs=0.05)
    assert 0.1 < low < shrunk < Decimal("0.3") < high


def test_few_periods_have_a_wide_interval_and_no_label_and_one_quarter_makes_none(told):  # type: ignore[no-untyped-def]
    rows = told(
        "select said_by, node_id, label, periods_count, (shrunk_bias_high_rate - shrunk_bias_low_rate)::float, shrunk_bias_high_rate::float"
        " from {marts}.mart_rep_bias where window_period_id = '2026Q1' order by 1"
    )
    found = {row[0]: row[1:] for row in rows}
    assert {person: label for person, (_, label, *_) in found.items() if label} == {"planted": "optimistic"}
    assert found["new"][2] == 3
    assert found["new"][3] > 1.4 * found["planted"][3]
    assert [row[1] for row in rows if row[0] == "boss"] == ["D1"], "a manager is judged by the own node"


def test_a_label_needs_two_quarters_in_a_row(told):  # type: ignore[no-untyped-def]
    rows = told(
        "select window_period_id, periods_count, label from {marts}.mart_rep_bias where said_by = 'planted' order by 1"
    )
    assert [label for _, _, label in rows] == [None] * 4 + ["optimistic"] * 4
    assert [n for _, n, _ in rows] == list(range(1, 9))


def test_the_blend_stands_beside_the_number_and_the_baseline(told):  # type: ignore[no-untyped-def]
    ((baseline, said, blend, weight),) = told(
        "select baseline_gross_amount, submitted_gross_amount, blend_gross_amount, own_weight_rate from {marts}.mart_forecast_submission"
    )
    # errors of 10 % and 30 %: a share of 0.01 / (0.01 + 0.09), drawn by four periods' worth to one half: (8 × 0.1 + 4 × 0.5) / 12
    assert (baseline, said, weight) == (Decimal("1000.00"), Decimal("1300.00"), Decimal("0.233333"))
    assert blend == Decimal("1070.00")


def test_rows_are_placed_in_the_organisation_by_their_node(told):  # type: ignore[no-untyped-def]
    rows = told(
        "select table_name from information_schema.columns where table_schema = '{marts}' and column_name = 'node_id' order by 1"
    )
    assert {name for (name,) in rows} >= {"mart_forecast_value_added", "mart_rep_bias"}
