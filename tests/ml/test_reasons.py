"""What winners show is left out of a sentence where no winner shows anything."""

from collections.abc import Callable

import pandas as pd
import pytest

from ml.dataset import rows_from
from ml.model import fit
from ml.reasons import sentence, typical
from ml.targets import WIN
from tests.ml.conftest import TODAY

Change = Callable[[pd.DataFrame], pd.DataFrame]
UNKNOWN: dict[str, Change] = {
    "nothing was won yet": lambda deals: deals.assign(is_won=False),
    "no winner has a process": lambda deals: deals.assign(
        sales_process=deals["sales_process"].where(~deals["is_won"], None)
    ),
}


def said_of_software(deals: pd.DataFrame) -> tuple[str, str]:
    model = fit(rows_from(deals), TODAY, "smoothed", seed=1)
    process = WIN.by_name["sales_process"]
    return sentence(process, "software", typical(model, process, {"sales_process": "software", "stage_code": "S1"}))


@pytest.mark.parametrize("change", UNKNOWN)
def test_a_sentence_says_nothing_of_winners_where_none_of_them_has_a_value(
    change: str, pipeline: Callable[..., pd.DataFrame]
) -> None:
    """It said "as in 0% of won deals", which reads as a sign against the deal."""
    zh, en = said_of_software(UNKNOWN[change](pipeline(60)))
    assert (zh.endswith("software"), en.endswith("software")) == (True, True)


def test_a_value_that_no_winner_has_where_winners_have_others_is_told_as_rare(
    pipeline: Callable[..., pd.DataFrame],
) -> None:
    deals = pipeline(60)
    _, en = said_of_software(deals[~deals["is_won"] | (deals["sales_process"] == "equipment")])
    assert en.endswith("software, as in 0% of won deals")
