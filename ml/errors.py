"""By how much a tenant's ranges must be wider or narrower than deals drawn one by one make them: learned from its own past forecasts.

In: forecasts of periods that are over, made at the same distance from their end, and what came. Out: one scale for the spread of what is
still to come. It is drawn towards 1 by a few periods' worth of belief, so that a tenant without a past has the ranges that were measured on
others (docs/accuracy.md), and one bad period does not widen them for ever.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from warehouse.frames import fetch_all

PRIOR_PERIODS = 4.0
NORMAL_80 = 1.2816  # deviations from the middle to the end of an 80 % range
FARTHEST = 3.0  # deviations: what lies further off says no more than that
MOST_APART = 7  # days between the distances to the period's end: further off, other ranges are asked for
_TOLD = """
    with asked as (
        select %s::date as day
    ), seen as (
        select f.* from features.period_features as f join asked on f.as_of_date = asked.day where f.parent_node_id is null
    ), now as (
        select node_id, window_ends_on - as_of_date as remaining_days, 1.0 / count(*) over () as weight from seen
        where window_kind = 'current'
    ), told as (
        select f.node_id, f.period_id, b.as_of, f.p10, f.p50, f.p90, f.range_scale, 0 as replay_number, f.build_id,
            case when b.state in ('published', 'retired') then b.closed_at end as shown_at
        from scores.period_forecasts as f join ops.builds as b using (build_id)
        where not b.is_hindsight and b.state <> 'blocked'
        union all
        select node_id, period_id, as_of, p10, p50, p90, range_scale, replay_number, build_id, null from scores.period_backtests
    ), over as (
        select told.*, seen.won_gross_amount + seen.open_won_gross_amount + seen.new_gross_amount as landed, now.weight,
            abs(seen.window_ends_on - told.as_of - now.remaining_days) as apart
        from told
        join seen on seen.node_id = told.node_id and seen.period_id = told.period_id and seen.window_kind = 'period'
        join now on now.node_id = told.node_id
        where told.p10 is not null
    )
    select distinct on (node_id, period_id) p10::float8, p50::float8, p90::float8, landed::float8, coalesce(range_scale, 1)::float8,
        weight::float8
    from over where apart <= %s
    order by node_id, period_id, apart, as_of, replay_number = 0 desc, shown_at desc nulls last, replay_number desc,
        build_id collate "C" desc
"""


@dataclass(frozen=True)
class Told:
    """One past forecast, in one unit: its range, what landed, and the scale it was drawn with.

    Forecasts that overlap count for less: `weight` is the share of a period that each tells of on its own.
    """

    low: float
    middle: float
    high: float
    landed: float
    scale: float = 1.0
    weight: float = 1.0

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


def read_told(day: date) -> list[Told]:
    """Of each period that is over on a day, by its features, the forecast that stood as far from its end as the day does.

    A night's counts before a replay, the build shown last and the last replay before the others. A build whose model was younger than its
    day knew how it ended, and a blocked one told nobody anything: neither counts. What landed is what the day itself knew of it.
    """
    return [Told(*map(float, row)) for row in fetch_all("ml", _TOLD, (day, MOST_APART))]


def scale_of(build_id: str, day: date) -> float:
    """The scale that a build's stored forecasts were drawn with; where it has none, what the past of its day teaches now.

    A replay that is run later adds rows to the past of an earlier night (ADR 40), so that the same build made again would be another.
    """
    stored = fetch_all(
        "ml",
        "select coalesce(max(range_scale), 1) from scores.period_forecasts where build_id = %s having count(*) > 0",
        (build_id,),
    )
    return float(stored[0][0]) if stored else range_scale(read_told(day))
