"""The period forecast at every node: won to date + open deals × their probability of closing in time + business still to be created.

In: this build's scores, `features.period_features`, `features.opportunity_nodes`, open amounts. Out: `scores.period_forecasts`. Means add
up exactly along the tree; P10/P50/P90 are the quantiles of draws that add up exactly. A deal without amount adds 0 and is counted.
"""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

import numpy as np
import pandas as pd

from ml.bundle import load
from ml.dataset import Ints
from ml.draws import DEAL_CORRELATION, OpenDeals, draw_new, draw_open, drifted, in_common, market_shocks, ranges
from ml.errors import AS_MEASURED, scales_of
from ml.new_business import ENOUGH_WINDOWS, new_business
from ml.records import Row, append_once
from ml.tree import Tree, split, tree_of
from warehouse.builds import current_build
from warehouse.frames import read_frame
from warehouse.steps import StepError, StepRun

MEASURE = "signed_gross_amount"
COLUMNS = {
    "build_id": "text",
    "node_id": "text",
    "period_id": "text",
    "measure": "text",
    "won": "numeric",
    "from_open": "numeric",
    "from_new": "numeric",
    "mean": "numeric",
    "p10": "numeric",
    "p50": "numeric",
    "p90": "numeric",
    "reason_no_range": "text",
    "range_scale": "float8",
}


def forecast(as_of: date, run: StepRun) -> None:
    """Compute and append the day's forecasts under the build opened last for it."""
    build = current_build(as_of)
    windows, deals = read_windows(as_of), read_deals(as_of, build.build_id)
    if not (windows["window_kind"] == "current").any():
        raise StepError(
            f"features.period_features holds no current period of {as_of}: run `python -m nightly dbt features --as-of {as_of}`, then rerun"
        )
    scales = scales_of(build.build_id, as_of, tree_of(windows))
    correlation = in_common(load(build.model_version).model.closed)
    rows = forecast_rows(windows, deals, build.build_id, build.seed, scales, correlation)
    appended = append_once("scores.period_forecasts", COLUMNS, rows, build.build_id, "forecast")
    without = int(deals.loc[deals["cents"].isna(), "opportunity_id"].nunique())
    run.note(
        build_id=build.build_id,
        nodes=len(rows),
        deals_without_amount=without,
        appended=appended,
        range_scales=dict(scales),
    )
    print(
        f"{len(rows)} nodes forecast for build {build.build_id}, {without} open deals have no amount and add 0, {appended} rows appended"
    )


def read_windows(as_of: date) -> pd.DataFrame:
    """The day's rows of period_features, amounts in cents, newest window last; past ones from the first on in which anything was won.

    Deals that were open when our data begin were created long before: what was won in those days is not told, and is not nothing.
    """
    return read_frame(
        "ml",
        """
        with today as (
            select * from features.period_features where as_of_date = %s and (window_kind = 'current' or rest_is_known)
        ), begins as (
            select coalesce(min(window_ends_on), '-infinity') as first_end from today
            where window_kind <> 'current' and coalesce(won_gross_amount, 0) + open_won_gross_amount + new_gross_amount > 0
        )
        select node_id, parent_node_id, window_kind, window_id, period_id, (won_gross_amount * 100)::bigint as won,
            (new_gross_amount * 100)::bigint as new
        from today join begins on today.window_kind = 'current' or today.window_ends_on >= begins.first_end
        order by node_id collate "C", window_ends_on, window_id collate "C" """,
        (as_of,),
    )


def read_deals(as_of: date, build_id: str) -> pd.DataFrame:
    """This build's scored deals: one row per deal and node, with probability and expected final cents (missing without an amount)."""
    return read_frame(
        "ml",
        """
        with newest as (
            select distinct on (opportunity_id) opportunity_id, open_gross_amount from features.opportunity_features
            where as_of_date = %s order by opportunity_id, revision desc
        )
        select s.opportunity_id, n.node_id, s.p_win_by_period_end as p,
            (coalesce(s.final_gross_amount, d.open_gross_amount) * 100)::bigint as cents
        from scores.opportunity_scores as s
        join newest as d using (opportunity_id)
        left join features.opportunity_nodes as n on n.opportunity_id = s.opportunity_id and n.as_of_date = %s
        where s.build_id = %s
        order by s.opportunity_id collate "C", n.node_id collate "C" """,
        (as_of, as_of, build_id),
    )


def forecast_rows(
    windows: pd.DataFrame,
    deals: pd.DataFrame,
    build_id: str,
    seed: int,
    scales: Mapping[int, float] = AS_MEASURED,
    correlation: float = DEAL_CORRELATION,
) -> list[Row]:
    """One row per node in the order of COLUMNS, from frames shaped as `read_windows` and `read_deals` return them.

    `scales` widen or narrow the spread of what is still to come, by depth of the node (`ml.errors`); `correlation` is what open deals have
    in common (`ml.draws.in_common`).
    """
    tree = tree_of(windows)
    scale = np.array([scales.get(int(depth), 1.0) for depth in tree.depth()])
    open_deals = _placed(tree, deals)
    expected = _expected_open(open_deals, len(tree.nodes))
    past, weights, shares, split_like = new_business(tree, windows)
    expected_new = split(float(np.average(past, weights=weights)) if len(past) else 0.0, shares)
    from_open, from_new = tree.summed(expected), tree.summed(expected_new)
    ranged, reason = None, _no_range(len(past))
    if not reason:
        draw = np.random.default_rng(seed)
        market = market_shocks(draw)
        opened = draw_open(open_deals, len(tree.nodes), market, draw, correlation)
        created = draw_new(past, weights, shares, market, draw, split_like)
        ranged = ranges(tree.won + tree.summed(drifted(opened, created, tree, scale, draw)))
    return [
        (
            build_id,
            node,
            tree.period[i],
            MEASURE,
            _money(tree.won[i]),
            _money(from_open[i]),
            _money(from_new[i]),
            _money(tree.won[i] + from_open[i] + from_new[i]),
            *((None,) * 3 if ranged is None else map(_money, ranged[:, i])),
            reason,
            float(scale[i]),
        )
        for i, node in enumerate(tree.nodes)
    ]


def _placed(tree: Tree, deals: pd.DataFrame) -> OpenDeals:
    """Each deal at the deepest of its nodes. Raises StepError for a deal that belongs to none, since its amount would go missing."""
    place, depth = {node: i for i, node in enumerate(tree.nodes)}, tree.depth()
    found = deals.assign(place=deals["node_id"].map(place))
    found["depth"] = found["place"].map(dict(enumerate(depth)))
    found = found.sort_values(["opportunity_id", "depth"], kind="stable", na_position="first").drop_duplicates(
        "opportunity_id", keep="last"
    )
    lost = found[found["place"].isna()]
    if len(lost):
        raise StepError(
            f"{len(lost)} open deals belong to no node of features.period_features (first: {lost['opportunity_id'].iloc[0]}): "
            f"correct features.opportunity_nodes, then rerun"
        )
    return OpenDeals(
        found["p"].to_numpy(dtype=float),
        found["cents"].fillna(0).to_numpy(dtype=np.int64),
        found["place"].to_numpy(dtype=np.int64),
    )


def _expected_open(deals: OpenDeals, nodes: int) -> Ints:
    own = np.zeros(nodes, dtype=np.int64)
    np.add.at(own, deals.node, np.round(deals.probability * deals.cents).astype(np.int64))
    return own


def _no_range(n_windows: int) -> str | None:
    return (
        f"fewer than {ENOUGH_WINDOWS} past windows are known ({n_windows}): no range yet"
        if n_windows < ENOUGH_WINDOWS
        else None
    )


def _money(cents: int) -> Decimal:
    return Decimal(int(cents)).scaleb(-2)
