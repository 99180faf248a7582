"""Small tenants out of one large invented company: random deals of it, so many of them closed, with what became of the rest afterwards.

In: a pool of snapshots as the tests' generator makes it. Out: `Tenant`: what was known on a day, what was won in the 60 days after.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ml.dataset import Rows, rows_from
from ml.draws import in_common
from ml.forecast import forecast_rows
from ml.model import WinModel, allowed_tier, fit, sigmoid
from ml.records import Row

SPAN = 60
WINDOWS = 5


@dataclass(frozen=True)
class Tenant:
    """`rows`: what was known; `open`: the day's open deals; `windows`: cents of new business in past spans, newest last; `landed`: cents
    won in the span after the day."""

    rows: Rows
    open: pd.DataFrame
    windows: list[int]
    landed: int
    day: int


def tenant(pool: pd.DataFrame, closed: int, seed: int, day: int) -> Tenant:
    """A random part of the pool with `closed` deals closed on `day`; the rest in proportion, of a tenant without any a fiftieth."""
    draw = np.random.default_rng(seed)
    last = pool.drop_duplicates("opportunity_id", keep="last").set_index("opportunity_id")
    over = last.index[(last["known"] <= day).to_numpy(dtype=bool)]
    rest = last.index.difference(over)
    share = closed / len(over) if closed else 0.02
    kept = {*draw.choice(over, closed, replace=False), *rest[draw.random(len(rest)) < share]}
    frame = pool[pool["opportunity_id"].isin(kept)]
    own = last.loc[sorted(kept)]
    born = own["day"] - own["age_days"]
    cents = (own["open_gross_amount"].fillna(0) * 100).round()

    def won(after: int, until: int) -> "pd.Series[bool]":
        return own["is_won"].astype(bool) & (own["closed"] > after) & (own["closed"] <= until)

    cuts = [day - SPAN * n for n in range(WINDOWS, 0, -1)] if closed else []
    windows = [int(cents[won(cut, cut + SPAN) & (born > cut)].sum()) for cut in cuts]
    known = frame[frame["day"] <= day]
    return Tenant(rows_from(known), known[known["day"] == day], windows, int(cents[won(day, day + SPAN)].sum()), day)


def forecast_of(tenant: Tenant, seed: int = 1) -> tuple[WinModel, Row]:
    """The company's row, by the tier that the closed deals allow."""
    model = fit(tenant.rows, tenant.day, allowed_tier(tenant.rows, tenant.day), seed)
    p = sigmoid(model.log_odds(tenant.open, np.full(len(tenant.open), float(SPAN))))
    deals = pd.DataFrame(
        {
            "opportunity_id": tenant.open["opportunity_id"].to_numpy(),
            "node_id": "company",
            "p": p,
            "cents": tenant.open["open_gross_amount"].to_numpy(dtype=float) * 100,
        }
    )
    lines = [("company", None, "current", "now", "now", 0.0, np.nan)]
    lines += [
        ("company", None, "rolling", f"w{n}", f"w{n}", np.nan, float(new)) for n, new in enumerate(tenant.windows)
    ]
    windows = pd.DataFrame(
        lines, columns=["node_id", "parent_node_id", "window_kind", "window_id", "period_id", "won", "new"]
    )
    (row,) = forecast_rows(windows, deals, "b", seed, correlation=in_common(model.closed))
    return model, row
