"""In mid-quarter, through the settings door alone: a team moves with its forty open deals, a product line is split, next year gets another
calendar, a target changes. What was published stays to the cent; what is published from then on is told in the new organisation."""

from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
import pytest

from config.settings import settings
from tests.dbt.tenant import milliseconds
from tests.warehouse.books import filled
from tests.warehouse.nights import MODEL
from warehouse import readers
from warehouse.builds import Build, open_build
from warehouse.connection import connect
from warehouse.publish import publish
from warehouse.setting_rows import Decision
from warehouse.settings import apply

pytestmark = pytest.mark.slow

BEFORE, DECIDED, AFTER = date(2026, 5, 11), date(2026, 5, 12), date(2026, 5, 13)
OPP = "fxiaoke__opportunities"
MARTS = (
    "+mart_metrics +mart_metrics_as_was +dim_slice +mart_pipeline_movement +mart_open_opportunities +mart_build +dim_period"
    " +fct_opportunity"
)
ORGANISATION = [
    ("D0", "company", None), ("D10", "region", "D0"), ("D12", "region", "D0"), ("D101", "team", "D10"), ("D102", "team", "D10"),
]  # fmt: skip
CHANGES = (
    ("org_node", ("D101",), {"parent_node_id": "D12", "node_level": "team", "name": "一队"}),
    ("product_line", ("PUMP",), {"name_zh": "泵", "name_en": "Pumps"}),
    ("product_line", ("PUMP-S",), {"name_zh": "小泵", "name_en": "Small pumps", "parent_product_line": "PUMP"}),
    ("product_line", ("PUMP-L",), {"name_zh": "大泵", "name_en": "Large pumps", "parent_product_line": "PUMP"}),
    ("channel", ("own",), {"name_zh": "自营", "name_en": "Own sales"}),
    ("channel", ("direct",), {"name_zh": "直销", "name_en": "Direct", "parent_channel": "own"}),
    ("calendar", ("2027-01-01",), {"calendar_kind": "closing_day", "closing_day": 25, "id_prefix": "K"}),
    ("fx_rate", ("USD",), {"rate": 7.2}),
    ("tax_rate", ("PUMP",), {"rate": 0.09}),
    ("target", ("D0", "2026Q2"), {"gross_amount": 9500000}),
    ("target", ("D10", "2026Q2"), {"gross_amount": 5500000}),
    ("target", ("D12", "2026Q2"), {"gross_amount": 4000000}),
)
OF_THE_QUARTER = " where node_id = 'D0' and period_id = '2026Q2' and slice_kind = %s order by 1"
FEATURES = "select opportunity_id, as_of_date, revision, features_hash from features.opportunity_features where as_of_date <= %s order by 1"


def night(build: Callable[..., None], day: date) -> Build:
    """The marts of a day that this file reads, passed by the gate and published."""
    opened = open_build(day)
    build(
        MARTS, day.isoformat(), build_id=opened.build_id, build_schema=opened.schema, model_version=opened.model_version
    )
    with connect("checker") as connection:
        connection.execute(
            "insert into ops.gate_verdicts (as_of, border, build_id, verdict, reason) values (%s, 'marts', %s, 'passed', 'test')",
            (day, opened.build_id),
        )
    return opened


@pytest.fixture(scope="module")
def company(land: Callable[..., None], deal: Callable[..., dict[str, Any]]) -> None:
    """Team D101: forty open deals of 100,000, one won in the first quarter; team D102: one small pump open, one in dollars; all pumps."""
    for node, kind, parent in ORGANISATION:
        land(
            "fxiaoke__departments",
            node,
            "2025-01-01",
            {"name": node, "dept_kind__c": kind, "parent_id": [parent] if parent else []},
        )
    for rep, team in (("1001", "D101"), ("1002", "D102")):
        person = {"user_id": rep, "full_name": rep, "main_department": [team], "status": "0"}
        land("fxiaoke__people", f"P{rep}", "2025-01-01", person)
    created, in_may = "2026-03-02 09:00", milliseconds("2026-05-29")
    for number in range(40):
        land(OPP, f"O{number:02d}", created, deal("eq_need", created, close_date=in_may, product_line__c="PUMP"))
    land(OPP, "OTHER", created, deal("eq_need", created, close_date=in_may, owner=["1002"], product_line__c="PUMP-S"))
    dollars = {"currency__c": "USD", "amount": "1000.50", "close_date": milliseconds("2026-09-01"), "owner": ["1002"]}
    land(OPP, "DOLLARS", created, deal("eq_need", created, product_line__c="PUMP", **dollars))
    land(
        OPP, "WON", "2026-02-10 09:00", deal("eq_need", "2026-02-10 09:00", product_line__c="PUMP", amount="300000.01")
    )
    land(OPP, "WON", "2026-03-20 09:00", deal("won", "2026-02-10 09:00", product_line__c="PUMP", amount="300000.01"))
    with connect("ml") as connection:
        connection.execute(MODEL.format(name="win-1", as_of="2026-01-01"))
    with connect("loader") as connection:
        for node in ("D0", "D10"):
            connection.execute(
                "insert into ops.settings (kind, key, value, valid_from, decided_at, decided_by, reason) values"
                " ('target', %s, '{\"gross_amount\": \"9000000.00\"}', '2025-12-01', '-infinity', 'test', 'plan')",
                (f"{node}|2026Q2",),
            )


@pytest.fixture(scope="module")
def told(
    company: None, build: Callable[..., None], query: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Any]]:
    """Published on 11 May; decided on the 12th; published on the 13th; then the 11th made once more. What was seen on the way."""
    seen: dict[str, Any] = {"first": night(build, BEFORE)}
    publish(BEFORE)
    seen["figures"], seen["features"] = (
        query(f"select * from {shown(seen['first'])}.mart_metrics order by 1, 2, 3, 4, 5"),
        query(FEATURES, BEFORE),
    )
    folder = tmp_path_factory.mktemp("change")
    readers.add("reader_of_d10", ["D10"], folder / "password")
    seen["deals_before"] = deals_of(folder / "password")
    path = filled(folder / "change.xlsx", CHANGES, DECIDED)
    seen["said"] = []
    apply(
        path,
        Decision(DECIDED, DECIDED, "lin", "the region was founded"),
        lambda lines: bool(seen["said"].extend(lines) or True),
    )
    seen["second"] = night(build, AFTER)
    publish(AFTER)
    seen["deals_after"] = deals_of(folder / "password")
    again = night(build, BEFORE)
    seen["again"], seen["rerun"] = again, publish(BEFORE)
    yield seen
    readers.remove("reader_of_d10")


def shown(build: Build) -> str:
    """The schema of a build that is published."""
    return f"build_{build.build_id}"


def deals_of(password: Path) -> int:
    """How many open deals the reader of region D10 is shown."""
    now = settings()
    with psycopg.connect(
        host=now.pg_host, port=now.pg_port, dbname=now.pg_database, user="reader_of_d10", password=password.read_text("utf-8").strip()
    ) as connection:  # fmt: skip
        found: Any = connection.execute("select count(*) from published.mart_open_opportunities").fetchone()
    return int(found[0])


def figure(
    query: Callable[..., Any], build: Build, column: str, period: str, mart: str = "mart_metrics"
) -> dict[str, Any]:
    """Node → figure of a build."""
    rows = query(
        f"select node_id, {column} from {shown(build)}.{mart} where period_id = %s and slice_kind = 'all'"
        " and node_id in ('D0', 'D10', 'D12', 'D101')",
        period,
    )
    return dict(rows)


def test_the_door_tells_what_moves_before_it_asks(told: dict[str, Any]) -> None:
    effects = [line for line in told["said"] if line.startswith("in 2026Q2")]
    assert "in 2026Q2: D101 moves from D10 to D12 with 40 open deals of 4000000.00" in effects
    assert "in 2026Q2: target of D0 9000000.00 → 9500000.00" in effects


def test_what_was_published_stays_to_the_cent(told: dict[str, Any], query: Callable[..., Any]) -> None:
    assert len(told["figures"]) > 0
    assert query(f"select * from {shown(told['first'])}.mart_metrics order by 1, 2, 3, 4, 5") == told["figures"]
    # computed anew from the append-only layers it is the same build with the same rows
    assert told["again"].build_id == told["first"].build_id
    assert told["rerun"].endswith("its rerun is identical and was dropped")


def test_later_builds_tell_past_periods_in_the_new_organisation_and_as_it_was(
    told: dict[str, Any], query: Callable[..., Any]
) -> None:
    won = Decimal("300000.01")
    assert figure(query, told["first"], "won_gross_amount", "2026Q1") == {
        "D0": won,
        "D10": won,
        "D12": Decimal(0),
        "D101": won,
    }
    after = figure(query, told["second"], "won_gross_amount", "2026Q1")
    assert after.pop("D10", Decimal(0)) == 0
    assert after == {"D0": won, "D12": won, "D101": won}
    then = figure(query, told["second"], "won_gross_amount", "2026Q1", "mart_metrics_as_was")
    assert then == {"D0": won, "D10": won, "D12": Decimal(0), "D101": won}
    days = f"select distinct organisation_of from {shown(told['second'])}.mart_metrics_as_was where period_id = %s"
    assert query(days, "2026Q1") == [(date(2026, 3, 31),)]


def test_the_new_target_counts_from_the_night_that_sees_it(told: dict[str, Any], query: Callable[..., Any]) -> None:
    targets = figure(query, told["first"], "target_gross_amount", "2026Q2")
    assert (targets["D0"], targets["D10"]) == (Decimal("9000000.00"), Decimal("9000000.00"))
    targets = figure(query, told["second"], "target_gross_amount", "2026Q2")
    assert (targets["D0"], targets["D10"], targets["D12"]) == (
        Decimal("9500000.00"),
        Decimal("5500000.00"),
        Decimal("4000000.00"),
    )


@pytest.mark.parametrize("span", ["period", "week"])
def test_the_waterfall_shows_the_move_and_balances(told: dict[str, Any], query: Callable[..., Any], span: str) -> None:
    rows = query(
        f"select node_id, component, gross_amount from {shown(told['second'])}.mart_pipeline_movement where span_kind = %s"
        " and node_id in ('D0', 'D10', 'D12', 'D101') and gross_amount <> 0 order by 1, component_order",
        span,
    )
    forty, one, all_ = Decimal("4000000.00"), Decimal("100000.00"), Decimal("4100000.00")
    assert rows == [
        ("D0", "opening", all_), ("D0", "closing", all_),
        ("D10", "opening", all_), ("D10", "moved_out", -forty), ("D10", "closing", one),
        ("D101", "opening", forty), ("D101", "closing", forty),
        ("D12", "moved_in", forty), ("D12", "closing", forty),
    ]  # fmt: skip


def test_row_level_security_follows_with_the_next_night(told: dict[str, Any]) -> None:
    assert (told["deals_before"], told["deals_after"]) == (42, 2)


def test_no_feature_row_changes(told: dict[str, Any], query: Callable[..., Any]) -> None:
    assert len(told["features"]) == 42
    assert query(FEATURES, BEFORE) == told["features"]


def test_period_ids_in_use_keep_their_meaning(told: dict[str, Any], query: Callable[..., Any]) -> None:
    used = "select period_id, starts_on, ends_on from {}.dim_period where ends_on < '2027-01-01' order by 1"
    before = query(used.format(shown(told["first"])))
    assert ("2026Q4", date(2026, 10, 1), date(2026, 12, 31)) in before
    assert [row for row in query(used.format(shown(told["second"]))) if row in before] == before
    later = query(
        f"select period_id, starts_on::text, ends_on::text from {shown(told['second'])}.dim_period where period_kind = 'quarter'"
        " and starts_on between '2027-01-01' and '2027-06-30' order by 2"
    )
    assert later == [
        ("K2027Q1", "2027-01-01", "2027-03-25"),
        ("K2027Q2", "2027-03-26", "2027-06-25"),
        ("K2027Q3", "2027-06-26", "2027-09-25"),
    ]


def test_a_split_line_or_a_channel_below_another_moves_no_deal_and_adds_up_to_what_is_above(
    told: dict[str, Any], query: Callable[..., Any]
) -> None:
    small, own = Decimal("100000.00"), Decimal("4000000.00")
    for build, pumps in ((told["first"], own), (told["second"], own + small)):
        cells = f"select slice_value, open_gross_amount from {shown(build)}.mart_metrics" + OF_THE_QUARTER
        assert query(cells, "product_line") == [("PUMP", own), ("PUMP-S", small)]
        assert query(cells, "product_node") == [("PUMP", pumps), ("PUMP-S", small)]
    assert query(cells, "channel_node") == [("direct", own + small), ("own", own + small)]
    names = f"select slice_value, parent_value, name_zh from {shown(build)}.dim_slice where slice_kind = %s order by 1"
    assert query(names, "channel") == [("direct", "own", "直销"), ("own", None, "自营")]


def test_a_deal_in_dollars_moves_by_the_rate_alone_and_a_won_one_keeps_the_rates_of_its_day(
    told: dict[str, Any], query: Callable[..., Any]
) -> None:
    money = (
        "select opportunity_id, currency, original_gross_amount::text, fx_rate::float, gross_amount::text, tax_rate::float,"
        " net_amount::text, fx_rate_date::text from {}.fct_opportunity where opportunity_id in ('DOLLARS', 'WON') order by 1"
    )
    won = ("WON", "CNY", "300000.01", 1.0, "300000.01", 0.13, "265486.73", "2026-03-20")
    dollars = ("DOLLARS", "USD", "1000.50", 7.1, "7103.55", 0.13, "6286.33", "2026-05-11")
    assert query(money.format(shown(told["first"]))) == [dollars, won]
    # 1000.50 x 7.2 = 7203.60, of which 9 % is tax
    dollars = ("DOLLARS", "USD", "1000.50", 7.2, "7203.60", 0.09, "6608.81", "2026-05-13")
    assert query(money.format(shown(told["second"]))) == [dollars, won]
