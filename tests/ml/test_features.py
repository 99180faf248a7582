"""The contract: every feature can be told in both languages, with and without a value."""

import math

import pytest

from ml.contract import Feature
from ml.features import FEATURES, HORIZON_COLUMNS, THEMES
from ml.lead_features import LEAD_FEATURES, LEAD_THEMES
from ml.reasons import sentence
from ml.targets import LEAD, WIN, Target

VALUES = {"text": "S3", "number": 41.0, "boolean": 1.0}


@pytest.mark.parametrize("feature", FEATURES + LEAD_FEATURES, ids=lambda feature: feature.name)
def test_every_feature_is_told_with_its_figure_and_the_winners_figure_in_both_languages(feature: Feature) -> None:
    zh, en = sentence(feature, VALUES[feature.kind], 0.18)
    usual = "18%" if feature.kind != "number" or feature.unit == "rate" else "0"
    value = {"text": ("S3", "S3"), "yes_no": ("是", "yes"), "rate": ("4100%", "4100%")}.get(feature.unit, ("41", "41"))
    assert value[0] in zh
    assert value[1] in en
    assert usual in zh
    assert usual in en


@pytest.mark.parametrize("feature", FEATURES + LEAD_FEATURES, ids=lambda feature: feature.name)
def test_a_feature_without_a_value_is_told_as_not_recorded_never_as_zero(feature: Feature) -> None:
    zh, en = sentence(feature, math.nan, 18.0)
    assert (zh, en) == (feature.absent or (f"{feature.zh}没有记录", f"no record of {feature.en}"))


def test_the_sentence_of_the_specification_names_fact_figure_and_comparison() -> None:
    feature = WIN.by_name["days_in_stage"]
    assert sentence(feature, 41.0, 18.0) == (
        "停留当前阶段 41 天，赢单通常为 18 天",
        "time in this stage: 41 days; won deals usually 18",
    )


def test_where_no_winner_is_known_the_comparison_is_left_out() -> None:
    feature = WIN.by_name["days_in_stage"]
    assert sentence(feature, 41.0, None) == ("停留当前阶段 41 天", "time in this stage: 41 days")


@pytest.mark.parametrize(
    ("target", "themes", "count"), [(WIN, THEMES, 33), (LEAD, LEAD_THEMES, 18)], ids=["win", "lead"]
)
def test_every_matrix_column_belongs_to_a_theme_and_no_feature_is_listed_twice(
    target: Target, themes: dict[str, tuple[str, str]], count: int
) -> None:
    assert {target.feature_of(column).theme for column in (*target.names, *HORIZON_COLUMNS)} <= set(themes)
    assert len(target.names) == len(set(target.names)) == count


def test_a_figure_is_not_compared_with_the_same_figure() -> None:
    """ "18 天，赢单通常为 18 天" told nothing, and looked like a fault."""
    assert sentence(WIN.by_name["days_in_stage"], 17.8, 18.2) == ("停留当前阶段 18 天", "time in this stage: 18 days")


def test_a_deal_without_a_bid_day_says_so_and_not_that_a_figure_is_missing() -> None:
    assert sentence(WIN.by_name["days_to_bid"], math.nan, 18.0) == ("没有开标日", "no bid date")
