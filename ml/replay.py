"""`python -m ml.replay --from D --to D [--out FILE.svg]`: calls of weeks 2, 4 and 8 of past periods beside what landed, misses included.

In: rows that `python -m ml.backtest` wrote for these days, and `features`. Out: a table as Markdown and a picture: for every period our
call with its range, the reps' sum (won to date and all that they expect to close in the period), the naive rule (the same period a year
before, else the period before) and what landed. Of a day replayed more than once, by other code or fits, the last replay counts. Reads
only; run twice, it says the same.
"""

import argparse
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pandas as pd

from warehouse.frames import read_frame
from warehouse.steps import StepError, run_cli

WEEKS = (2, 4, 8)
A_YEAR = 4  # quarters


@dataclass(frozen=True)
class Call:
    """One week of one period, company-wide, in the base currency; `low` and `high` are None where no range was given."""

    period: str
    week: int
    ours: float
    low: float | None
    high: float | None
    reps: float
    naive: float | None
    landed: float


def main() -> None:
    """Entry point of `python -m ml.replay`."""
    parser = argparse.ArgumentParser(prog="python -m ml.replay", description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--from", dest="first", type=date.fromisoformat, required=True, metavar="D")
    parser.add_argument("--to", dest="last", type=date.fromisoformat, required=True, metavar="D")
    parser.add_argument("--out", type=Path, help="where the picture goes; default: none is drawn")
    asked = parser.parse_args()
    calls = read_calls(asked.first, asked.last)
    print("\n".join(table(calls)))
    if asked.out:
        from ml.replay_picture import picture

        asked.out.write_text(picture(calls), "utf-8")
        print(f"wrote {asked.out}")


def read_calls(first: date, last: date) -> list[Call]:
    """The calls of the replayed days in [first, last] whose period's end is known by `last`, oldest first.

    Raises StepError when there is none.
    """
    landed = _landed(last)
    told = read_frame(
        "ml",
        """
        with reps as (
            select distinct on (opportunity_id, as_of_date) as_of_date, open_gross_amount, days_to_close_date, days_to_period_end
            from features.opportunity_features where as_of_date between %s and %s
            order by opportunity_id, as_of_date, revision desc
        ), expected as (
            select as_of_date, sum(open_gross_amount) as amount from reps
            where days_to_close_date <= days_to_period_end group by as_of_date
        )
        select distinct on (t.as_of) t.period_id, (t.as_of - c.window_starts_on) / 7 + 1 as week, t.mean::float8, t.p10::float8,
            t.p90::float8, (c.won_gross_amount + coalesce(e.amount, 0))::float8 as reps
        from scores.period_backtests as t
        join features.period_features as c on c.as_of_date = t.as_of and c.node_id = t.node_id and c.window_kind = 'current'
            and c.parent_node_id is null
        left join expected as e on e.as_of_date = t.as_of
        where t.as_of between %s and %s order by t.as_of, t.replay_number desc""",
        (first, last, first, last),
    )
    told = told[told["week"].isin(WEEKS) & told["period_id"].isin(landed)]
    if told.empty:
        raise StepError(
            f"no replayed forecast of weeks 2, 4 or 8 from {first} to {last} is of a period whose end is known: "
            f"run `python -m ml.backtest --from {first} --to {last}`, then rerun"
        )
    told = told.drop_duplicates(["period_id", "week"], keep="first")
    order = list(landed)
    return [
        Call(
            str(row["period_id"]), int(row["week"]), float(row["mean"]), _known(row["p10"]), _known(row["p90"]), float(row["reps"]),
            _naive(order, landed, str(row["period_id"])), landed[str(row["period_id"])],
        )
        for row in told.to_dict("records")
    ]  # fmt: skip


def _landed(last: date) -> dict[str, float]:
    """Past periods as `last` knows them, oldest first → what was won in all."""
    found = read_frame(
        "ml",
        """
        select period_id, (won_gross_amount + open_won_gross_amount + new_gross_amount)::float8 as landed
        from features.period_features where window_kind = 'period' and parent_node_id is null
            and as_of_date = (select max(as_of_date) from features.period_features where as_of_date <= %s)
        order by window_ends_on""",
        (last,),
    )
    return dict(zip(found["period_id"].astype(str), found["landed"], strict=True))


def _known(value: float) -> float | None:
    return None if pd.isna(value) else float(value)


def _naive(order: list[str], landed: dict[str, float], period: str) -> float | None:
    place = order.index(period)
    back = A_YEAR if place >= A_YEAR else 1
    return landed[order[place - back]] if place else None


def table(calls: list[Call]) -> list[str]:
    """The calls as Markdown, in millions, then how far each contender was off over all periods, week by week."""
    lines = ["| Period | week | ours | range | reps' sum | naive | landed |", "|---|---|---|---|---|---|---|"]
    for call in calls:
        ranged = "" if call.low is None or call.high is None else f"{_millions(call.low)}–{_millions(call.high)}"
        missed = "" if not ranged or (call.low or 0) <= call.landed <= (call.high or 0) else " (missed)"
        cells = (
            _millions(call.ours),
            f"{ranged}{missed}",
            _millions(call.reps),
            _millions(call.naive),
            _millions(call.landed),
        )
        lines.append(f"| {call.period} | {call.week} | {' | '.join(cells)} |")
    for week in sorted({call.week for call in calls}):
        asked = [call for call in calls if call.week == week and call.naive is not None]
        whole = sum(call.landed for call in asked)
        if whole:
            off = {
                name: sum(abs(getattr(call, name) - call.landed) for call in asked) / whole
                for name in ("ours", "reps", "naive")
            }
            said = ", ".join(f"{name} {error:.3f}" for name, error in off.items())
            lines.append(f"\nWAPE in week {week} over {len(asked)} periods: {said}")
    return lines


def _millions(amount: float | None) -> str:
    return "" if amount is None else f"{amount / 1e6:.2f}"


if __name__ == "__main__":
    run_cli(main)
