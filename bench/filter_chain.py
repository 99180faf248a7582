"""One day of a belief about deals: hidden forces turn, the chain moves, and what was typed or was not speaks for what happened.

In: `alive` by (deal, node, fresh or stale, stage, freeze, rival, intent), `lost` by (deal, phase), the sandbox's hazards and habits. Out:
the same, changed in place. "Fresh" is a stage that moved since Sunday and is not typed; "stale" one in step, or not typed for longer.
"""

import numpy as np

from sandbox.company import habits, process
from sandbox.company.process import Weather
from sandbox.company.seasons import Floats, Ints, month_end
from sandbox.company.telling import REOPENED_WON_SHARE

TYPED = 1 - habits.STAGE_NEVER_SHARE
AT_ONCE = TYPED * habits.STAGE_SAME_DAY_SHARE
ON_SUNDAY = TYPED * habits.STAGE_SUNDAY_SHARE / (1 - AT_ONCE)
LATE = 1 - habits.STAGE_SAME_DAY_SHARE - habits.STAGE_SUNDAY_SHARE
AT_MONTH_END = TYPED * LATE / (1 - AT_ONCE)
STALE_AT_MONTH_END = TYPED * LATE / (TYPED * LATE + habits.STAGE_NEVER_SHARE)
NOTICED = 1 - np.exp(-1 / habits.LOSS_LAG_MEAN_DAYS)
FORGOTTEN = habits.LOSS_CLEANUP_SHARE + habits.LOSS_NEVER_SHARE
FRESH, STALE = 0, 1
LAG, SUNDAY, MONTH_END, NEVER = range(
    4
)  # phases of a loss: unknown to the rep, to be typed on Sunday, at the month's end, never
SURPRISE = 0.02  # of a record that the states at hand do not explain


def wide(values: Floats) -> Floats:
    return values[:, None, None, None, None, None]


def spread(by_stage: Floats, by_node: Floats, by_force: Floats) -> Floats:
    """(deal, node, stage, freeze, rival, intent) products of what depends on stage, on node and on forces."""
    return np.asarray(
        by_node[:, :, None, None, None, None] * by_stage[:, None, :, None, None, None] * by_force[None, None, None]
    )


def turn(alive: Floats, sky: Weather, ordinal: int) -> None:
    """Freeze and thaw, rivals come, intent turns: each on its own axis, in place."""
    for axis, on, off in (
        (-3, process.FREEZE_ON, process.FREEZE_OFF),
        (-2, process.rival_rate(sky, ordinal), 0.0),
        (-1, process.HOT_ON, process.HOT_OFF),
    ):
        view = np.moveaxis(alive, axis, 0)
        flow = view[0] * on - view[1] * off
        view[0] -= flow
        view[1] += flow


def step(alive: Floats, hazards: dict[str, Floats]) -> tuple[Floats, Floats, Floats]:
    """Move the chain one day on, in place; what moved (deal, node, stage, …) is taken out, with the shares won and lost by deal."""
    whole = hazards["win"] + hazards["advance"] + hazards["lose"] + hazards["back"]
    share = -np.expm1(-whole)
    leaving = alive.sum(axis=2) * share / np.maximum(whole, 1e-300)
    alive *= (1 - share)[:, :, None]
    moved = np.zeros_like(leaving)
    moved[:, :, 1:] += (leaving * hazards["advance"])[:, :, :-1]
    moved[:, :, :-1] += (leaving * hazards["back"])[:, :, 1:]
    axes = (1, 2, 3, 4, 5)
    return moved, (leaving * hazards["win"]).sum(axis=axes), (leaving * hazards["lose"]).sum(axis=axes)


def _month_end_share(ordinal: int) -> float:
    """Of what waits for the month's end, the share that is typed today if it was not before: over its last three days."""
    return {2: 1 / 3, 1: 1 / 2, 0: 1.0}.get(month_end(ordinal) - ordinal, 0.0)


def typed(alive: Floats, moved: Floats, shown: Ints, stage: Ints, ordinal: int) -> None:
    """Condition on the stage that was typed today, or on none having been; `moved` is today's and goes back into `alive`."""
    late, is_sunday = _month_end_share(ordinal), ordinal % 7 == 0
    fresh_typed = ON_SUNDAY * is_sunday + AT_MONTH_END * late
    told, n = np.flatnonzero(stage >= 0), np.arange(len(stage))
    seen = AT_ONCE * moved[told, :, stage[told]]
    seen += max(fresh_typed, SURPRISE) * alive[told, :, FRESH, stage[told]]
    seen += max(STALE_AT_MONTH_END * late, SURPRISE) * alive[told, :, STALE, stage[told]]
    in_step_fresh, in_step_stale = alive[n, :, FRESH, shown].copy(), alive[n, :, STALE, shown].copy()
    alive[:, :, FRESH] *= 1 - fresh_typed
    alive[:, :, STALE] *= 1 - STALE_AT_MONTH_END * late
    alive[n, :, FRESH, shown], alive[n, :, STALE, shown] = in_step_fresh, in_step_stale
    alive[:, :, FRESH] += (1 - AT_ONCE) * moved
    if is_sunday:
        alive[:, :, STALE] += alive[:, :, FRESH]
        alive[:, :, FRESH] = 0
    alive[told] = 0
    alive[told, :, STALE, stage[told]] = seen


def type_losses(lost: Floats, new: Floats, ordinal: int) -> Floats:
    """One day of what is lost and not yet typed, in place; the share that would have been typed today."""
    before = lost.sum(axis=1) + new
    lost[:, LAG] += new * (1 - FORGOTTEN)
    lost[:, NEVER] += new * FORGOTTEN
    noticed = lost[:, LAG] * NOTICED
    lost[:, LAG] -= noticed
    lost[:, SUNDAY] += noticed * habits.STAGE_SUNDAY_SHARE
    lost[:, MONTH_END] += noticed * LATE
    lost[:, SUNDAY] *= ordinal % 7 != 0
    lost[:, MONTH_END] *= 1 - _month_end_share(ordinal)
    return np.asarray(before - lost.sum(axis=1))


def reopened(since: Ints, days: int) -> Floats:
    """P(won within 1, …, `days` days) of deals that were opened again `since` days ago: those end after 10 to 60 days, evenly."""
    gone = np.clip(since - 10, 0, 49)[:, None]
    reached = np.clip(since[:, None] + np.arange(1, days + 1) - 10, 0, 50) - gone
    return np.asarray(REOPENED_WON_SHARE * np.clip(reached, 0, None) / (50 - gone))
