"""Before it asks, the door tells what a change moves in the current period, from the build that people see."""

from datetime import date
from decimal import Decimal

import pytest

from tests.warehouse.nights import Nights
from tests.warehouse.organisation import PARENTS, keep_calendar, organise
from warehouse.periods import known_periods
from warehouse.publish import publish
from warehouse.setting_effects import effects
from warehouse.setting_rows import WITHDRAWN, Holding, defaults
from warehouse.setting_rules import Proposal

DAY = date(2026, 5, 20)
DEALS = [
    ("O-1", "ann", "S2", "2026Q2", "1000.00"),
    ("O-2", "bob", "S3", "2026Q2", "200.00"),
    ("O-3", "bob", "S3", "2026Q2", "0.50"),
    ("O-4", "bob", "S3", "2026Q3", "5000.00"),  # of the next period
]


@pytest.fixture(scope="module")
def published(nights: Nights) -> Nights:
    """Four open deals in the published build."""
    organise(nights, DAY, PARENTS)
    keep_calendar(nights)
    build = nights.build(DAY)
    rows = ", ".join(f"('{build.build_id}', '{deal}', '{owner}', '{stage}', '{period}', {amount}::numeric(18,2))"
                     for deal, owner, stage, period, amount in DEALS)  # fmt: skip
    nights.execute(
        "transformer",
        f"create table {build.schema}.mart_open_opportunities as select * from (values {rows})"
        " as v (build_id, opportunity_id, owner_id, stage_code, close_period_id, open_gross_amount)",
    )
    publish(DAY)
    return nights


def told(changed: Holding, held: Holding | None = None, valid_from: date = DAY) -> list[str]:
    """What the door says of a change."""
    return effects(
        Proposal({**defaults(), **(held or {})}, changed, {}, PARENTS, DAY, known_periods("transformer")), valid_from
    )


def test_a_set_rate_moves_the_weighted_pipeline_of_the_periods_deals(published: Nights) -> None:
    stage = {**defaults()["stage", "S3"], "set_rate": "0.35"}
    before = Decimal("1000") * Decimal("0.3") + Decimal("200.50") * Decimal("0.5")
    after = Decimal("1000") * Decimal("0.3") + Decimal("200.50") * Decimal("0.35")
    assert told({("stage", "S3"): stage}) == [
        f"in 2026Q2: pipeline weighted by set rates {before:.2f} → {after:.2f} (3 open deals)"
    ]


def test_a_team_that_moves_takes_its_open_deals_along(published: Nights) -> None:
    moved = {("org_node", "N2"): {"parent_node_id": "S", "node_level": "team", "name": "Two"}}
    assert told(moved, valid_from=date(2026, 6, 1)) == [
        "in 2026Q2 from 2026-06-01 on: N2 moves from N to S with 3 open deals of 5200.50"
    ]


def test_a_move_that_is_taken_back_returns_to_the_place_in_the_crm(published: Nights) -> None:
    held = {("org_node", "N2"): {"parent_node_id": "S", "node_level": "team", "name": "Two"}}
    assert told({("org_node", "N2"): WITHDRAWN}, held) == [
        "in 2026Q2: N2 moves from S to N with 3 open deals of 5200.50"
    ]


def test_a_target_is_told_for_the_current_period_only(published: Nights) -> None:
    held = {("target", "C|2026Q2"): {"gross_amount": "10.00"}}
    asked = {("target", "C|2026Q2"): {"gross_amount": "12.00"}, ("target", "C|2026Q3"): {"gross_amount": "9.00"}}
    assert told(asked, held) == ["in 2026Q2: target of C 10.00 → 12.00"]
    assert told({("target", "C|2026Q3"): {"gross_amount": "9.00"}}) == ["no published figure of 2026Q2 changes"]


def test_a_calendar_names_the_targets_whose_periods_it_ends(published: Nights) -> None:
    held = {("target", f"C|{period}"): {"gross_amount": "10.00"} for period in ("2026Q4", "2027Q1", "2027Q2")}
    rule = {("calendar", "2027-01-01"): {"calendar_kind": "closing_day", "closing_day": 25, "id_prefix": "K"}}
    assert told(rule, held) == [
        "no published figure of 2026Q2 changes",
        "2 rows of sheet target name periods of the calendar that ends (2027Q1, 2027Q2): enter them for the new periods",
    ]
