"""Scoring on a real database: every open deal once, with probabilities that fit together and reasons that add up."""

import math
from collections.abc import Callable
from datetime import date

import pandas as pd
import pytest

from ml import bundle
from ml.compare import compare
from ml.dataset import rows_from
from ml.model import fit
from ml.score import score
from warehouse.connection import connect
from warehouse.frames import fetch_all
from warehouse.steps import StepError, StepRun

AS_OF = date(2025, 6, 30)
TODAY = (AS_OF - date(1970, 1, 1)).days
Fill = Callable[[pd.DataFrame], None]


@pytest.fixture
def build(features_schema: Fill, pipeline: Callable[..., pd.DataFrame]) -> str:
    """A build in state building whose model was fitted on the invented pipeline in the tables."""
    frame = pipeline(400)
    features_schema(frame)
    kept = bundle.save(fit(rows_from(frame), TODAY, "small_model", seed=1), AS_OF, seed=1)
    with connect("owner_ddl") as connection:
        connection.execute("truncate scores.models, scores.opportunity_scores cascade")
        connection.execute("truncate ops.builds cascade")
        connection.execute(
            "insert into scores.models values (%s, 'win', %s, 'small_model', %s, '{}', true, 'test', null)",
            (kept.version, AS_OF, kept.digest),
        )
        connection.execute(
            """insert into ops.builds (build_id, as_of, inputs_digest, code_version, model_version, seed, state)
               values ('20250630_test', %s, '', '', %s, 1, 'building')""",
            (AS_OF, kept.version),
        )
    return "20250630_test"


def scores() -> list[tuple[object, ...]]:
    return fetch_all("ml", "select * from scores.opportunity_scores order by opportunity_id")


def test_every_open_deal_is_scored_once_and_a_second_run_appends_nothing(build: str) -> None:
    first, second = StepRun("score", AS_OF), StepRun("score", AS_OF)
    score(AS_OF, first)
    kept = scores()
    score(AS_OF, second)
    ((open_deals,),) = fetch_all(
        "ml", "select count(*) from features.opportunity_features where as_of_date = %s", (AS_OF,)
    )
    assert open_deals > 20
    assert len(kept) == open_deals == first.detail["appended"]
    assert second.detail["appended"] == 0
    assert scores() == kept


def test_the_stored_reasons_add_up_to_the_stored_probability(build: str) -> None:
    score(AS_OF, StepRun("score", AS_OF))
    kept = fetch_all(
        "ml",
        "select p_win_by_period_end, base_log_odds, contributions, reasons, p_win_ever from scores.opportunity_scores",
    )
    for by_end, base, contributions, reasons, ever in kept:
        assert base + sum(contributions.values()) == pytest.approx(math.log(by_end / (1 - by_end)), abs=1e-6)
        assert by_end <= ever
        assert all(contributions[reason["theme"]] == reason["contribution"] for reason in reasons)
    assert all(reason["zh"] and reason["en"] for _, _, _, reasons, _ in kept for reason in reasons)


def test_probabilities_by_horizon_rise_and_the_close_week_is_a_monday_not_before_this_week(build: str) -> None:
    score(AS_OF, StepRun("score", AS_OF))
    for by_horizon, week in fetch_all(
        "ml", "select p_win_by_horizon, expected_close_week from scores.opportunity_scores"
    ):
        rising = [by_horizon[days] for days in ("7", "14", "30", "60", "90")]
        assert rising == sorted(rising)
        assert week.weekday() == 0
        assert week >= AS_OF


def test_on_the_last_day_of_the_period_nothing_more_is_won_in_it_and_the_reasons_explain_winning_ever(
    build: str,
) -> None:
    with connect("transformer") as connection:
        connection.execute(
            "update features.opportunity_features set days_to_period_end = 0 where as_of_date = %s", (AS_OF,)
        )
    score(AS_OF, StepRun("score", AS_OF))
    kept = fetch_all(
        "ml",
        "select p_win_by_period_end, p_win_ever, base_log_odds, contributions, reasons from scores.opportunity_scores",
    )
    for by_end, ever, base, contributions, reasons in kept:
        assert by_end == 0
        assert base + sum(contributions.values()) == pytest.approx(math.log(ever / (1 - ever)), abs=1e-6)
        assert reasons


def test_other_features_under_the_same_build_are_refused_and_nothing_is_overwritten(build: str) -> None:
    score(AS_OF, StepRun("score", AS_OF))
    kept = scores()
    with connect("transformer") as connection:
        connection.execute(
            "update features.opportunity_features set interactions_count_30d = 99, features_hash = 'x' where as_of_date = %s",
            (AS_OF,),
        )
    with pytest.raises(StepError, match=r"scores\.opportunity_scores holds other rows for build 20250630_test"):
        score(AS_OF, StepRun("score", AS_OF))
    assert scores() == kept


def test_a_published_day_scored_again_is_the_same_and_another_chance_or_another_deal_stops_an_upgrade(
    build: str,
) -> None:
    score(AS_OF, StepRun("score", AS_OF))
    with pytest.raises(StepError, match="no build of 2025-06-30 is published"):
        compare(AS_OF, StepRun("compare", AS_OF))
    with connect("owner_ddl") as connection:
        connection.execute("insert into ops.published_build (build_id) values (%s)", (build,))
    again = StepRun("compare", AS_OF)
    compare(AS_OF, again)
    assert again.detail["largest"] < 1e-12
    one = "(select min(opportunity_id) from features.opportunity_features where as_of_date = %s)"
    with connect("transformer") as connection:
        connection.execute(
            f"update features.opportunity_features set interactions_count_30d = 99 where opportunity_id = {one}",
            (AS_OF,),
        )
    with pytest.raises(StepError, match=rf"the same model gives other chances: 1 of {again.detail['deals']} deals"):
        compare(AS_OF, StepRun("compare", AS_OF))
    with connect("transformer") as connection:
        connection.execute(f"delete from features.opportunity_features where opportunity_id = {one}", (AS_OF,))
    with pytest.raises(StepError, match="0 deals are scored now that were not, 1 no longer are"):
        compare(AS_OF, StepRun("compare", AS_OF))


def test_a_day_without_open_deals_is_a_fault_not_an_empty_success(build: str) -> None:
    with connect("transformer") as connection:
        connection.execute("delete from features.opportunity_features where as_of_date = %s", (AS_OF,))
    with pytest.raises(StepError, match="holds no open deal of 2025-06-30"):
        score(AS_OF, StepRun("score", AS_OF))
