"""What landed at every node of the organisation as it stood on a day, quarter by quarter, and the naive rule's range from its own errors.

In: closings and organisation of the tenant that the settings name. Out: `Landed`. The naive rule: the same quarter a year before, else the
quarter before; its range: that, times the tenth and ninetieth percentile of what landed over what it said in the quarters before.
"""

from bisect import bisect_left
from collections import defaultdict
from dataclasses import dataclass
from datetime import date

import numpy as np

from warehouse.clock import cutoff
from warehouse.frames import read_frame

LEVELS = ("company", "region", "team")
A_YEAR, FEWEST_ERRORS = 4, 2
MOST = 1e3  # of a ratio over a quarter in which next to nothing landed


def quarter_of(day: date) -> date:
    """The first day of a day's quarter."""
    return date(day.year, (day.month - 1) // 3 * 3 + 1, 1)


def quarter_before(quarter: date, steps: int) -> date:
    """The first day of an earlier quarter."""
    months = quarter.year * 12 + quarter.month - 1 - 3 * steps
    return date(months // 12, months % 12 + 1, 1)


@dataclass(frozen=True)
class Landed:
    """`won`: quarter → owner → amount; `above`: day → person → nodes above them; `levels`: (day, node) → level."""

    won: dict[date, dict[str, float]]
    above: dict[date, dict[str, list[str]]]
    levels: dict[tuple[date, str], str]

    def level_on(self, day: date, node: str) -> str:
        """The node's level on a day, "" for one that is not judged."""
        level = self.levels.get((day, node), "")
        return level if level in LEVELS else ""

    def of(self, quarter: date, node: str, day: date) -> float:
        """What was won in a quarter at a node of the organisation of `day`; who was not in it then counts where he stood next, or last."""
        return self._table(quarter, day).get(node, 0.0)

    def _table(self, quarter: date, day: date) -> dict[str, float]:
        days = sorted(self.above)
        later = days[bisect_left(days, day) :] + days[: bisect_left(days, day)][::-1]
        found: dict[str, float] = defaultdict(float)
        for owner, amount in self.won.get(quarter, {}).items():
            for node in next((self.above[on][owner] for on in later if owner in self.above[on]), ()):
                found[node] += amount
        return found

    def naive_range(self, quarter: date, node: str, day: date) -> tuple[float | None, float | None]:
        """P10 and P90 of the naive rule; (None, None) while fewer than two of its errors are known."""
        known = sorted(each for each in self.won if each < quarter)[1:]  # the first one is not whole
        said = {each: self._said(each, known, node, day) for each in [*known, quarter]}
        errors = [
            min(self.of(each, node, day) / max(told, 1.0), MOST) for each in known if (told := said[each]) is not None
        ]
        now = said[quarter]
        if len(errors) < FEWEST_ERRORS or now is None:
            return None, None
        low, high = now * np.quantile(errors, [0.1, 0.9])
        return float(low), float(high)

    def _said(self, quarter: date, known: list[date], node: str, day: date) -> float | None:
        for steps in (A_YEAR, 1):
            if (before := quarter_before(quarter, steps)) in known:
                return self.of(before, node, day)
        return None


def read_landed(last: date) -> Landed:
    """Closings as known on `last`, and the organisation on every day that has one."""
    closings = read_frame(
        "transformer",
        """select closed_on, coalesce(owner_id, '') as owner_id, won_gross_amount::float8 as amount from intermediate.int_closing_versions
           where outcome = 'won' and won_gross_amount is not null and valid_from <= %s and valid_to > %s""",
        (cutoff(last), cutoff(last)),
    )
    won: dict[date, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for closed_on, owner, amount in closings.itertuples(index=False):
        won[quarter_of(closed_on)][owner] += amount
    above: dict[date, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    nodes = read_frame("transformer", "select as_of_date, node_id, ancestor_id from intermediate.int_org_ancestors", ())
    for day, node, ancestor in nodes.itertuples(index=False):
        above[day][node].append(ancestor)
    levels = read_frame("transformer", "select as_of_date, node_id, node_level from intermediate.int_org_nodes", ())
    return Landed(
        won, {day: dict(found) for day, found in above.items()}, {(day, node): level for day, node, level in levels.itertuples(index=False)}
    )  # fmt: skip
