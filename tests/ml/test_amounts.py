"""What a deal will be worth if it is won: a planted move is found, noise is not, and the forecast's money follows."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from config.settings import settings
from ml.amounts import Amounts, learn, read_won
from ml.bundle import load, save
from ml.dataset import day_number, rows_from
from ml.model import fit
from ml.score import COLUMNS, score_rows
from warehouse.connection import connect
from warehouse.frames import fetch_all

AS_OF = date(2025, 6, 30)
TODAY = day_number(AS_OF)


def won(deals: int, *, equipment: float, software: float, noise: float = 0.1, seed: int = 3) -> pd.DataFrame:
    """Deals won evenly over two years, three snapshots each; equipment is signed for `equipment` times what it showed."""
    draw = np.random.default_rng(seed)
    rows = []
    for deal in range(deals):
        process, amount = ("equipment", "software")[deal % 2], float(np.round(draw.lognormal(12, 1), 2))
        ratio = (equipment if process == "equipment" else software) * np.exp(noise * draw.normal())
        known = TODAY - 730 + int(730 * deal / deals)
        rows += [(f"O-{deal}", process, f"S{n + 1}", amount, round(amount * ratio, 2), known) for n in range(3)]
    columns = ["opportunity_id", "sales_process", "stage_code", "open_gross_amount", "won_gross_amount", "known"]
    return pd.DataFrame(rows, columns=columns)


def asked(process: str, amount: float | None, stage: str = "S2") -> pd.DataFrame:
    return pd.DataFrame({"sales_process": [process], "stage_code": [stage], "open_gross_amount": [amount]})


def test_a_kind_of_deal_that_is_signed_for_less_is_expected_to_be_and_the_other_stays() -> None:
    amounts = learn(won(400, equipment=0.8, software=1.0), AS_OF)
    assert amounts.errors["moved"] < 0.7 * amounts.errors["as_is"]
    for process, ratio in (("equipment", 0.8), ("software", 1.0)):
        (final,) = amounts.final(asked(process, 100_000.0))
        assert final is not None
        assert float(final) == pytest.approx(100_000 * ratio, rel=0.04)
    assert "moved (nearer in 4 of 4 quarters" in amounts.said


def test_noise_around_the_amount_moves_nothing_and_the_card_says_why() -> None:
    amounts = learn(won(400, equipment=1.0, software=1.0, noise=0.3), AS_OF)
    assert amounts.ratios == {}
    assert amounts.final(asked("equipment", 1234.56)) == [Decimal("1234.56")]
    assert "as they are" in amounts.said
    assert "off by" in amounts.said


def test_few_wins_move_nothing_and_no_wins_are_no_error() -> None:
    few = learn(won(60, equipment=0.5, software=0.5), AS_OF)
    assert (few.ratios, few.reason) == ({}, "29 held-out wins, 40 needed")
    assert learn(won(2, equipment=1, software=1).head(0), AS_OF).ratios == {}


def test_only_wins_that_were_known_before_a_quarter_teach_it() -> None:
    """A move that begins in the newest quarter is news to every fold: nothing older shows it, so nothing is moved."""
    frame = won(400, equipment=1.0, software=1.0, noise=0.02)
    newest = frame["known"] > TODAY - 80
    frame.loc[newest, "won_gross_amount"] *= 0.5
    assert learn(frame, AS_OF).ratios == {}


def test_a_kind_that_was_never_won_is_moved_like_all_and_no_amount_stays_none() -> None:
    amounts = learn(won(400, equipment=0.8, software=0.8), AS_OF)
    (other,) = amounts.final(asked("services", 100_000.0))
    assert other is not None
    assert float(other) == pytest.approx(80_000, rel=0.05)
    assert amounts.final(asked("equipment", None)) == [None]


def test_ratios_are_kept_in_the_bundle_and_scores_carry_cents(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pipeline: Callable[..., pd.DataFrame]
) -> None:
    monkeypatch.setenv("LANDFALL_HOME", str(tmp_path))
    settings.cache_clear()
    frame = pipeline(60)
    amounts = Amounts({"": 0.9, "equipment": 0.5}, [1.0, 2.0], {"as_is": 0.2, "moved": 0.1}, 99, "planted")
    kept = save(replace(fit(rows_from(frame), TODAY, "smoothed", 1), amounts=amounts), AS_OF, 1)
    manifest = json.loads((kept.folder / "manifest.json").read_text("utf-8"))
    assert manifest["amounts"]["reason"] == "planted"
    model = load(kept.version).model
    assert model.amounts == amounts
    today = frame[frame["day"] == TODAY].head(6).assign(features_hash="h", open_gross_amount=100.01)
    place = list(COLUMNS).index("final_gross_amount")
    found = [row[place] for row in score_rows(model, today, AS_OF, "b", "v")]
    settings.cache_clear()
    wanted = {"equipment": Decimal("50.00"), "software": Decimal("90.01")}
    assert found == [wanted[process] for process in today["sales_process"]]


def test_wins_are_read_as_known_on_the_day_and_without_those_entered_afterwards(
    features_schema: Callable[[pd.DataFrame], None], pipeline: Callable[..., pd.DataFrame]
) -> None:
    features_schema(pipeline(40))
    with connect("transformer") as connection:
        connection.execute(
            "update features.opportunity_outcome_versions set won_gross_amount = 7.00 where outcome = 'won'"
        )
        connection.execute(
            "update features.opportunity_outcome_versions set is_backfilled = true where opportunity_id = 'O-00000'"
        )
    everything = read_won(AS_OF)
    ((earlier,),) = fetch_all(
        "ml",
        "select max(outcome_known_on) from features.opportunity_outcome_versions where outcome = 'won' and not is_backfilled",
    )
    before = read_won(date.fromordinal(earlier.toordinal() - 1))
    assert set(everything["won_gross_amount"]) == {7.0}
    assert "O-00000" not in set(everything["opportunity_id"])
    assert before["known"].max() < everything["known"].max()
