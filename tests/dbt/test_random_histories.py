"""Whatever happens to deals: replay equals the present, versions neither gap nor overlap, children sum, the waterfall balances.

The dbt tests of every build check the same inside the warehouse (children, balance, replay, overlaps); here the truth comes from the dice.
"""

from collections import defaultdict
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.dbt import histories, worked
from tests.dbt.histories import CLOSED, LAST, OPEN, History, State
from tests.dbt.tenant import land_rows, run_dbt

pytestmark = pytest.mark.slow

OPENING = date(2026, 3, 31)
QUARTER = (date(2026, 4, 1), date(2026, 6, 30))
Ask = Callable[..., list[tuple[Any, ...]]]


def in_quarter(state: State | None) -> bool:
    """Whether a deal counts in the pipeline of the quarter."""
    return state is not None and state.is_open and QUARTER[0] <= state.close_on <= QUARTER[1]


def check(ask: Ask, lived: list[History]) -> None:
    """Hold everything that the marts say about these deals against what the dice did."""
    assert present(ask) == {
        history.deal: (state.owner, state.amount, state.close_on, state.stage if state.stage in CLOSED else "open")
        for history in lived
        if (state := history.on(LAST)) and state.stage in (*OPEN, *CLOSED)
    }
    assert gaps(ask) == []
    for component, day in (("opening", OPENING), ("closing", LAST)):
        expected: dict[str, Decimal] = defaultdict(Decimal)
        for history in lived:
            state = history.on(day)
            if state and in_quarter(state):
                expected[state.owner] += state.amount
        assert by_rep(ask, component) == dict(expected)
    assert replayed(ask) == {history.deal: stages_of(history) for history in lived if history.on(LAST)}


def stages_of(history: History) -> list[str]:
    """The stages in order, without repetitions; a merger keeps the stage in which it was told."""
    told = [OPEN[0] if state.stage == "merged" else state.stage for _, state in history.states]
    known = [stage for stage in told if stage is not None]
    return [stage for place, stage in enumerate(known) if place == 0 or stage != known[place - 1]]


def present(ask: Ask) -> dict[str, tuple[str, Decimal, date, str]]:
    """What is known today."""
    rows = ask(
        "select opportunity_id, owner_id, gross_amount, expected_close_on, outcome from intermediate.int_deals_as_of"
        " where opportunity_id like 'R%%'"
    )
    return {deal: (owner, amount, close_on, outcome) for deal, owner, amount, close_on, outcome in rows}


def gaps(ask: Ask) -> list[tuple[Any, ...]]:
    """Versions that do not begin where the one before ended."""
    return ask(
        "select opportunity_id from (select opportunity_id, valid_to,"
        " lead(valid_from, 1, '9999-12-31 00:00Z') over (partition by opportunity_id order by valid_from) as next_from"
        " from intermediate.int_opportunity_versions) as v where valid_to <> next_from"
    )


def by_rep(ask: Ask, component: str) -> dict[str, Decimal]:
    """A component of the quarter's waterfall at the reps that own random deals."""
    rows = ask(
        "select node_id, gross_amount from {marts}.mart_pipeline_movement where span_kind = 'period' and component = %s"
        " and node_id = any(%s) and gross_amount <> 0",
        component,
        list(histories.OWNERS),
    )
    return dict(rows)


def replayed(ask: Ask) -> dict[str, list[str]]:
    """The stages that each deal entered, in order."""
    rows = ask(
        "select opportunity_id, array_agg(to_stage_value order by event_number) from {marts}.fct_stage_event"
        " where opportunity_id like 'R%%' group by opportunity_id"
    )
    return dict(rows)


def test_the_marts_tell_of_random_deals_what_the_dice_did(marts) -> None:  # type: ignore[no-untyped-def]
    check(marts, histories.live(seed=7, deals=80))


def test_a_team_that_went_to_another_region_is_shown_as_moved_and_nothing_else(marts) -> None:  # type: ignore[no-untyped-def]
    rows = marts(
        "select component, gross_amount from {marts}.mart_pipeline_movement where span_kind = 'period' and node_id = 'D30'"
        " and component in ('opening', 'moved_in')"
    )
    moved = marts(
        "select sum(opening) from intermediate.int_pipeline_movements"
        " where span_kind = 'period' and was_in and to_node_id = '2003'"
    )
    assert dict(rows) == {"opening": 0, "moved_in": moved[0][0]}
    whole = marts(
        "select gross_amount from {marts}.mart_pipeline_movement where span_kind = 'period' and node_id = 'D0' and component like 'moved%%'"
    )
    assert [amount for (amount,) in whole] == [0, 0], "the company neither gains nor loses by it"


def test_a_true_rate_of_035_is_proposed_against_a_set_rate_of_050(marts) -> None:  # type: ignore[no-untyped-def]
    rows = marts(
        "select entered_count, won_count, verdict, set_rate::float, proposed_set_rate::float, realised_ever_rate_low::float,"
        " realised_ever_rate_high::float from {marts}.mart_stage_rate_calibration"
        " where node_id = 'D0' and slice_kind = 'sales_process' and slice_value = 'software' and stage_code = 'S3'"
    )
    ((entered, won, verdict, held, proposed, low, high),) = rows
    assert (entered, won, verdict, held, proposed) == (60, 21, "proposed", 0.5, 0.35)
    assert low < 0.35 < high < 0.5


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(100, 112))
def test_many_histories(own_tenant: Callable[[str], Any], seed: int, tmp_path: Path) -> None:
    lived = histories.live(seed, deals=300)
    with own_tenant(f"t_soak_{seed}") as ask:
        worked.organise()
        land_rows(histories.landed(lived))
        run = partial(run_dbt, tmp_path)
        run("features", worked.AS_OF)
        run("marts", worked.AS_OF, build_id=worked.BUILD, build_schema=worked.SCHEMA)
        check(ask, lived)
