"""Deals that live at random: created, advanced, regressed, pushed, pulled, re-priced, re-owned, won, lost, re-opened, merged away, deleted.

In: a seed. Out: landing rows, and where each deal stood at the end of any day, told by the dice alone and not by our SQL.
"""

from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from tests.dbt.tenant import Row, deal_record, milliseconds

FIRST, LAST = date(2025, 11, 1), date(2026, 5, 15)
OWNERS = ("2001", "2002", "2003")
OPEN = ("pt_need", "pt_quote")  # the parts process
CLOSED = ("won", "lost")
OPP = "fxiaoke__opportunities"


@dataclass(frozen=True)
class State:
    """A deal at an instant; `stage` None means that it is gone."""

    stage: str | None
    owner: str
    amount: Decimal
    close_on: date

    @property
    def is_open(self) -> bool:
        """Whether it is in the pipeline."""
        return self.stage in OPEN


@dataclass
class History:
    """One deal: its states by day, the last one of a day counts."""

    deal: str
    created_on: date
    states: list[tuple[date, State]] = field(default_factory=list)

    def on(self, day: date) -> State | None:
        """The state at the end of a day; None before it was created."""
        known = [state for when, state in self.states if when <= day]
        return known[-1] if known else None


def live(seed: int, deals: int) -> list[History]:
    """`deals` histories, the same for the same seed."""
    dice = Random(seed)  # noqa: S311 (a test that can be repeated)
    return [_history(dice, f"R{seed}-{number:03d}") for number in range(deals)]


def landed(histories: list[History]) -> list[Row]:
    """Each change as a landing record of its evening, two of one day an hour apart."""
    rows: list[Row] = []
    for history in histories:
        for number, (day, state) in enumerate(history.states):
            at = f"{day} {9 + number % 12:02d}:30"
            rows.append((OPP, history.deal, at, _record(history, state)))
    return rows


def _record(history: History, state: State) -> dict[str, Any]:
    if state.stage is None:
        return {"is_deleted": True}
    status = "invalid" if state.stage == "merged" else "normal"
    return deal_record(
        OPEN[0] if state.stage == "merged" else state.stage,
        f"{history.created_on} 09:00",
        sales_process_id="parts",
        owner=[state.owner],
        amount=f"{state.amount:.2f}",
        close_date=milliseconds(state.close_on.isoformat()),
        life_status=status,
    )


def _history(dice: Random, deal: str) -> History:
    day = FIRST + timedelta(days=dice.randrange((LAST - FIRST).days))
    state = State(dice.choice(OPEN), dice.choice(OWNERS), _amount(dice), day + timedelta(days=dice.randrange(10, 200)))
    history = History(deal, day, [(day, state)])
    for _ in range(dice.randrange(9)):
        day += timedelta(days=dice.choice((0, 1, 3, 10, 30)))
        if day > LAST or len([1 for when, _ in history.states if when == day]) > 2:
            break
        state = _changed(dice, state)
        history.states.append((day, state))
    return history


def _changed(dice: Random, state: State) -> State:
    if state.stage is None or state.stage == "merged":
        return state
    if state.stage in CLOSED:
        return replace(state, stage=dice.choice(OPEN)) if dice.random() < 0.4 else state
    days = timedelta(days=dice.randrange(5, 130))
    return dice.choice(
        (
            replace(state, stage=OPEN[1]),
            replace(state, stage=OPEN[0]),
            replace(state, close_on=state.close_on + days),
            replace(state, close_on=state.close_on - days),
            replace(state, amount=_amount(dice)),
            replace(state, owner=dice.choice(OWNERS)),
            replace(state, stage="won", amount=_amount(dice)),
            replace(state, stage="won"),
            replace(state, stage="lost"),
            replace(state, stage="merged"),
            replace(state, stage=None),
        )
    )


def _amount(dice: Random) -> Decimal:
    return Decimal(dice.randrange(1, 10_000_000)) / 100
