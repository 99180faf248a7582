"""By how much a tenant's ranges must be wider or narrower than deals drawn one by one make them: learned from its own past forecasts.

In: forecasts of periods that are over, made at the same distance from their end, and what came. Out: for each depth of the tree (company,
regions, teams, …) one scale for the spread of what is still to come. It is drawn towards 1 by a few periods' worth of belief, so that a
tenant without a past has the ranges that were measured on others (docs/accuracy.md), and one bad period does not widen them for ever.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from types import MappingProxyType

from ml.tree import Tree
from warehouse.frames import fetch_all

PRIOR_PERIODS = 4.0
NORMAL_80 = 1.2816  # deviations from the middle to the end of an 80 % range
FARTHEST = 3.0  # deviations: what lies further off says no more than that
MOST_APART = 7  # days between the distances to the period's end: further off, other ranges are asked for
AS_MEASURED: Mapping[int, float] = MappingProxyType({})  # no depth has a scale of its own: all are 1
_TOLD = """
    with recursive asked as (
        select %s::date as day
    ), seen as (
        select f.* from features.period_features as f join asked on f.as_of_date = asked.day
    ), now as (
        select node_id, parent_node_id, window_ends_on - as_of_date as remaining_days,
            1.0 / count(*) over (partition by node_id) as weight
        from seen where window_kind = 'current'
    ), placed as (
        select node_id, 0 as depth from now where parent_node_id is null
        union
        select now.node_id, placed.depth + 1 from placed join now on now.parent_node_id = placed.node_id
    ), told as (
        select f.node_id, f.period_id, b.as_of, f.p10, f.p50, f.p90, f.range_scale, 0 as replay_number, f.build_id,
            case when b.state in ('published', 'retired') then b.closed_at end as shown_at
        from scores.period_forecasts as f join ops.builds as b using (build_id)
        where not b.is_hindsight and b.state <> 'blocked'
        union all
        select node_id, period_id, as_of, p10, p50, p90, range_scale, replay_number, build_id, null from scores.period_backtests
    ), over as (
        select told.*, seen.won_gross_amount + seen.open_won_gross_amount + seen.new_gross_amount as landed, now.weight, placed.depth,
            abs(seen.window_ends_on - told.as_of - now.remaining_days) as apart
        from told
        join seen on seen.node_id = told.node_id and seen.period_id = told.period_id and seen.window_kind = 'period'
        join now on now.node_id = told.node_id
        join placed on placed.node_id = told.node_id
        where told.p10 is not null
    )
    select distinct on (node_id, period_id) p10::float8, p50::float8, p90::float8, landed::float8, coalesce(range_scale, 1)::float8,
        weight::float8, depth, period_id
    from over where apart <= %s
    order by node_id, period_id, apart, as_of, replay_number = 0 desc, shown_at desc nulls last, replay_number desc,
        build_id collate "C" desc
"""


@dataclass(frozen=True)
class Told:
    """One past forecast, in one unit: its range, what landed, and the scale it was drawn with.

    Forecasts that overlap count for less: `weight` is the share of a period that each tells of on its own. `depth`: of its node, 0 is
    the top.
    """

    low: float
    middle: float
    high: float
    landed: float
    scale: float = 1.0
    weight: float = 1.0
    depth: int = 0
    period: str = ""

    @property
    def off(self) -> float:
        """Deviations from the middle to what landed, as the deals alone would have had them."""
        side = self.high - self.middle if self.landed > self.middle else self.middle - self.low
        missed = abs(self.landed - self.middle)
        return (
            min(NORMAL_80 * missed / side, FARTHEST) * self.scale if side > 0 else FARTHEST * self.scale * (missed > 0)
        )


def range_scale(past: Sequence[Told]) -> float:
    """The root of the mean squared deviation, of which PRIOR_PERIODS are believed to have been as they should."""
    seen = sum(each.weight for each in past)
    square = sum(each.weight * each.off**2 for each in past)
    return float(((PRIOR_PERIODS + square) / (PRIOR_PERIODS + seen)) ** 0.5)


def range_scales(past: Sequence[Told]) -> dict[int, float]:
    """Depth → `range_scale` of its nodes. Nodes of one period have good or bad luck together: k of them tell as much as √k would alone."""
    beside = Counter((each.depth, each.period) for each in past)
    found: dict[int, list[Told]] = defaultdict(list)
    for each in past:
        found[each.depth].append(replace(each, weight=each.weight / beside[each.depth, each.period] ** 0.5))
    return {depth: range_scale(found[depth]) for depth in sorted(found)}


def read_told(day: date) -> list[Told]:
    """Of each period that is over on a day, by its features, the forecasts that stood as far from its end as the day does, one per node.

    A night's counts before a replay, the build shown last and the last replay before the others. A build whose model was younger than its
    day knew how it ended, and a blocked one told nobody anything: neither counts. What landed is what the day itself knew of it.
    """
    return [Told(*row) for row in fetch_all("ml", _TOLD, (day, MOST_APART))]


def scales_of(build_id: str, day: date, tree: Tree) -> dict[int, float]:
    """The scales that a build's stored forecasts were drawn with; where it has none, what the past of its day teaches now.

    A replay that is run later adds rows to the past of an earlier night (ADR 40), so that the same build made again would be another.
    """
    stored = dict(
        fetch_all(
            "ml",
            "select node_id, coalesce(range_scale, 1) from scores.period_forecasts where build_id = %s",
            (build_id,),
        )
    )
    if not stored:
        return range_scales(read_told(day))
    return {
        int(depth): float(stored[node]) for node, depth in zip(tree.nodes, tree.depth(), strict=True) if node in stored
    }
