"""The period forecast, on a company of two teams and three owners small enough to work out by hand."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pytest

from ml.bundle import save
from ml.dataset import day_number, rows_from
from ml.draws import DEAL_CORRELATION, OpenDeals, draw_new, draw_open, drifted, in_common, market_shocks
from ml.forecast import forecast, forecast_rows
from ml.model import fit
from ml.records import Row
from ml.tree import tree_of
from warehouse.connection import connect
from warehouse.frames import fetch_all
from warehouse.steps import StepError, StepRun

AS_OF = date(2025, 6, 30)
PARENTS = {"company": None, "north": "company", "south": "company", "ann": "north", "bo": "north", "cy": "south"}
WON = {"company": 700_00, "north": 500_00, "south": 200_00, "ann": 500_00, "bo": 0, "cy": 200_00}  # cents
NEW = {"ann": 100_00, "bo": 300_00, "cy": 200_00}  # cents in each past window
ABOVE = {"ann": ("ann", "north", "company"), "bo": ("bo", "north", "company"), "cy": ("cy", "south", "company")}
NODES = tuple(PARENTS)


def windows(past: int, kind: str = "period") -> pd.DataFrame:
    rows: list[Row] = [
        (node, parent, "current", "2025Q3", "2025Q3", WON[node], np.nan) for node, parent in PARENTS.items()
    ]
    for number in range(past):
        for node, parent in PARENTS.items():
            new = sum(cents for owner, cents in NEW.items() if node in ABOVE[owner])
            rows.append((node, parent, kind, f"w{number}", f"p{number}", np.nan, float(new)))
    return pd.DataFrame(
        rows, columns=["node_id", "parent_node_id", "window_kind", "window_id", "period_id", "won", "new"]
    )


def deals(*each: tuple[str, float, float | None]) -> pd.DataFrame:
    rows = [(f"O-{i}", node, p, cents) for i, (owner, p, cents) in enumerate(each) for node in ABOVE[owner]]
    return pd.DataFrame(rows, columns=["opportunity_id", "node_id", "p", "cents"])


def by_node(rows: list[Row]) -> dict[str, dict[str, Any]]:
    names = ("won", "from_open", "from_new", "mean", "p10", "p50", "p90", "reason", "scale")
    return {row[1]: dict(zip(names, row[4:], strict=True)) for row in rows}


THREE = deals(("ann", 0.25, 1000_00.0), ("bo", 0.5, 301_01.0), ("cy", 0.9, None))


def test_a_node_s_mean_is_won_plus_probability_times_amount_plus_past_new_business() -> None:
    found = by_node(forecast_rows(windows(4), THREE, "b", seed=1))
    assert found["company"]["won"] == Decimal("700.00")
    assert found["company"]["from_open"] == Decimal(
        "400.50"
    )  # 0.25 × 1000.00 + 0.5 × 301.01 (half a cent, to even) + nothing known
    assert found["company"]["from_new"] == Decimal("600.00")
    assert found["company"]["mean"] == Decimal("1700.50")
    assert found["cy"]["from_open"] == 0


def test_means_of_children_add_up_to_their_parent_to_the_cent() -> None:
    found = by_node(forecast_rows(windows(3), THREE, "b", seed=1))
    for part in ("won", "from_open", "from_new", "mean"):
        assert found["ann"][part] + found["bo"][part] == found["north"][part]
        assert found["north"][part] + found["south"][part] == found["company"][part]


def test_ranges_are_ordered_and_the_company_s_is_narrower_than_its_teams_together() -> None:
    found = by_node(forecast_rows(windows(4), THREE, "b", seed=1))

    def width(node: str) -> Decimal:
        found_width: Decimal = found[node]["p90"] - found[node]["p10"]
        return found_width

    assert all(of["p10"] <= of["p50"] <= of["p90"] for of in found.values())
    assert 0 < width("company") < width("north") + width("south")


def test_every_draw_of_a_parent_is_the_sum_of_its_childrens_draws() -> None:
    tree = tree_of(windows(1))
    draw = np.random.default_rng(1)
    market = market_shocks(draw)
    own = draw_open(OpenDeals(np.array([0.3, 0.6]), np.array([1234_56, 99_99]), np.array([3, 5])), 6, market, draw)
    shares = np.array([0, 0, 0, 0.2, 0.3, 0.5])
    own = own + draw_new(np.array([500_00.0, 900_00.0]), np.array([1.0, 1.0]), shares, market, draw)
    total = dict(zip(NODES, tree.summed(own).T, strict=True))
    assert (total["ann"] + total["bo"] == total["north"]).all()
    assert (total["north"] + total["south"] == total["company"]).all()
    assert len(np.unique(total["company"])) > 100


def test_deals_keep_their_probability_and_share_good_and_bad_periods() -> None:
    draw = np.random.default_rng(2)
    market = market_shocks(draw)
    many = OpenDeals(np.full(400, 0.3), np.full(400, 100_00), np.arange(400) % 6)
    open_won = draw_open(many, 6, market, draw)
    total = drifted(open_won, 0 * open_won, tree_of(windows(1)), np.ones(6), draw).sum(axis=1)
    independent = np.sqrt(400 * 0.3 * 0.7) * 100_00
    assert total.mean() == pytest.approx(400 * 0.3 * 100_00, rel=0.02)
    assert total.std() > 1.4 * independent


def test_the_fewer_deals_taught_the_chances_the_more_they_are_off_together() -> None:
    assert in_common(None) == DEAL_CORRELATION
    shares = [in_common(closed) for closed in ((10_000, 10_000), (200, 200), (22, 38), (7, 13), (0, 13))]
    assert shares == sorted(shares)
    assert shares[0] == pytest.approx(DEAL_CORRELATION, abs=1e-3)
    assert shares[2] == pytest.approx(
        0.0286, abs=1e-4
    )  # 1/22.5 + 1/38.5, ÷ 1.702²: 0.0243; 0.005 + 0.995 · 0.0243 ÷ 1.0243
    assert shares[-1] < 1
    forty = deals(*[("ann", 0.3, 1000_00.0)] * 40)
    few, many = (
        by_node(forecast_rows(windows(4), forty, "b", 1, correlation=in_common(closed)))["company"]
        for closed in ((2, 3), (200, 300))
    )
    assert few["mean"] == many["mean"]
    assert few["p10"] < many["p10"]


def test_with_fewer_than_two_known_windows_there_is_a_mean_and_a_reason_but_no_range() -> None:
    for past in (0, 1):
        found = by_node(forecast_rows(windows(past), THREE, "b", seed=1))["company"]
        assert (found["p10"], found["p50"], found["p90"]) == (None, None, None)
        assert found["reason"] == f"fewer than 2 past windows are known ({past}): no range yet"
        assert found["mean"] == Decimal("700.00") + Decimal("400.50") + 600 * past


def test_rolling_windows_stand_in_where_fewer_than_two_seasonal_ones_are_known() -> None:
    rolling = windows(3, "rolling").assign(new=lambda frame: frame["new"] * 2)
    both = pd.concat(
        [windows(1), rolling[rolling["window_kind"] == "rolling"].assign(window_id=lambda f: "r" + f["window_id"])]
    )
    assert by_node(forecast_rows(both, THREE, "b", seed=1))["company"]["from_new"] == Decimal("1200.00")


def test_a_node_whose_new_business_was_less_than_nothing_gets_the_least_of_it_and_no_negative_share() -> None:
    """Credit notes made an owner's past windows negative, and the draws stopped the night with a ValueError."""
    past = windows(4)
    past.loc[(past["node_id"] == "ann") & (past["window_kind"] == "period"), "new"] = -500_00.0
    found = by_node(forecast_rows(past, THREE, "b", seed=1))
    assert 0 <= found["ann"]["from_new"] < found["bo"]["from_new"]
    assert found["company"]["p10"] <= found["company"]["p50"] <= found["company"]["p90"]


def test_the_same_seed_gives_the_same_forecast_and_another_seed_only_another_range() -> None:
    one, same, other = (forecast_rows(windows(4), THREE, "b", seed=seed) for seed in (1, 1, 2))
    assert one == same
    assert [row[:8] for row in one] == [row[:8] for row in other]
    assert one != other


def test_a_deal_that_belongs_to_no_node_stops_the_forecast_instead_of_going_missing() -> None:
    lost = pd.concat([THREE, pd.DataFrame([("O-9", "nowhere", 0.5, 100.0)], columns=THREE.columns)])
    with pytest.raises(StepError, match=r"1 open deals belong to no node .* \(first: O-9\)"):
        forecast_rows(windows(4), lost, "b", seed=1)


@pytest.fixture
def scored(features_schema: Callable[[pd.DataFrame], None], pipeline: Callable[..., pd.DataFrame]) -> None:
    """A build of the day with three scored deals of Ann's, the last without an amount."""
    features_schema(pipeline(3).head(0))
    version = save(fit(rows_from(pipeline(60)), day_number(AS_OF), "smoothed", 1), AS_OF, 1).version
    with connect("owner_ddl") as connection:
        connection.execute("truncate scores.models, scores.period_forecasts, ops.builds cascade")
        connection.execute(
            """insert into ops.builds (build_id, as_of, inputs_digest, code_version, model_version, seed, state)
               values ('b1', '2025-06-30', '', '', %s, 1, 'building')""",
            (version,),
        )
        connection.execute(
            "insert into scores.models values (%s, 'win', '2025-06-30', 'smoothed', '', '{}', true, '')", (version,)
        )
        connection.execute(
            """insert into scores.opportunity_scores values
               ('b1', 'O-1', '2025-06-30', 0.5, 0.25, '{}', '2025-07-07', 'smoothed', %(m)s, -1.0, '{}', '[]', 'h', 800.00),
               ('b1', 'O-2', '2025-06-30', 0.5, 0.25, '{}', '2025-07-07', 'smoothed', %(m)s, -1.0, '{}', '[]', 'h', null),
               ('b1', 'O-3', '2025-06-30', 0.5, 0.25, '{}', '2025-07-07', 'smoothed', %(m)s, -1.0, '{}', '[]', 'h', null)""",
            {"m": version},
        )
    with connect("transformer") as connection:
        connection.execute("""insert into features.opportunity_features (opportunity_id, as_of_date, revision, open_gross_amount) values
            ('O-1', '2025-06-30', 1, 7.00), ('O-1', '2025-06-30', 2, 1000.00), ('O-2', '2025-06-30', 1, 200.00),
            ('O-3', '2025-06-30', 1, null)""")
        connection.execute(
            """insert into features.opportunity_nodes values ('2025-06-30', 'O-1', 'ann'), ('2025-06-30', 'O-1', 'company'),
               ('2025-06-30', 'O-2', 'ann'), ('2025-06-30', 'O-2', 'company'),
               ('2025-06-30', 'O-3', 'ann'), ('2025-06-30', 'O-3', 'company')"""
        )
        connection.execute("""insert into features.period_features values
            ('2025-06-30', 'company', '2025Q3', null, 'current', '2025Q3', 10.10, null, false, '2025-09-30'),
            ('2025-06-30', 'ann', '2025Q3', 'company', 'current', '2025Q3', 10.10, null, false, '2025-09-30'),
            ('2025-06-30', 'company', 'w', null, 'period', '2025Q2', 0, 5.55, true, '2025-06-30'),
            ('2025-06-30', 'ann', 'w', 'company', 'period', '2025Q2', 0, 5.55, true, '2025-06-30')""")


def test_the_step_reads_features_and_scores_of_its_build_and_appends_once(scored: None) -> None:
    for _ in range(2):
        forecast(AS_OF, StepRun("forecast", AS_OF))
    assert fetch_all(
        "ml", "select node_id, won, from_open, from_new, mean from scores.period_forecasts order by 1"
    ) == [
        (node, Decimal("10.10"), Decimal("250.00"), Decimal("5.55"), Decimal("265.65")) for node in ("ann", "company")
    ]


def test_a_deal_without_amount_is_counted_once_however_deep_the_tree(scored: None) -> None:
    step = StepRun("forecast", AS_OF)
    forecast(AS_OF, step)
    assert step.detail["deals_without_amount"] == 1
