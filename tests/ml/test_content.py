"""What was said in calls and mails is off, said to be off, and can be switched on feature by feature."""

import pytest

from config.settings import ROOT
from ml.content import CONTENT, absent
from ml.contract import Feature
from ml.features import FEATURES, THEMES
from ml.reasons import sentence


def test_nothing_that_was_said_is_a_feature_unless_it_was_switched_on() -> None:
    assert absent() == [feature.name for feature in CONTENT]
    assert absent([*FEATURES, CONTENT[1]]) == [feature.name for feature in CONTENT if feature is not CONTENT[1]]


def test_the_manual_lists_the_features_that_can_be_switched_on() -> None:
    listed = [
        line.split("`")[1]
        for line in (ROOT / "docs" / "operations.md").read_text("utf-8").splitlines()
        if line.startswith("| `content_")
    ]
    assert listed == [feature.name for feature in CONTENT]


@pytest.mark.parametrize("feature", CONTENT, ids=lambda feature: feature.name)
def test_each_could_be_told_as_a_reason_in_both_languages(feature: Feature) -> None:
    assert feature.theme in THEMES
    assert all(sentence(feature, 1.0, 0.5))
