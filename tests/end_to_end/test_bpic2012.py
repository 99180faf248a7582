"""The line on a real funnel: 13,087 loan applications of a bank, mapped by configuration only. Needs the data beside the working copy."""

import csv
import re
from datetime import date
from pathlib import Path

import pytest

from ml.evaluate import RATE_MARGIN
from tests.end_to_end.conftest import LineMaker, LinePointer
from tests.end_to_end.line import ROOT, Line
from tests.end_to_end.tables import one
from warehouse.frames import fetch_all

DATA = ROOT.parent / "shared" / "data" / "bpic2012"
AS_OF = date(2012, 1, 31)
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not DATA.exists(), reason=f"the real data is not at {DATA}: put BPI Challenge 2012's three exports there"
    ),
]


@pytest.fixture(scope="module")
def bank(new_line: LineMaker) -> Line:
    mapping = ROOT / "config" / "inputs" / "bpic2012.yml"
    line = new_line(
        "bpic2012", is_sandbox=False, history="none", TIME_ZONE="Europe/Amsterdam", INPUT_DIR=str(DATA), MAPPING=str(mapping),
        SNAPSHOT_EVERY_DAYS="1", WRITEBACK="csv",
    )  # fmt: skip
    line.night(AS_OF)
    return line


def test_the_held_out_figures_use_only_labels_known_on_the_day_and_stand_beside_simple_rates(bank: Line) -> None:
    said = (bank.home / "steps.log").read_text("utf-8")
    assert "trained on labels known by 2011-12-16, tested on" in said
    assert "2011-12-17..2012-01-01" in said
    for contender in ("base rate", "stage rates", "stage x days-in-stage rates", "ours"):
        assert re.search(rf"{contender}.*0\.\d{{4}}\s+0\.\d{{4}}", said), contender


def test_ours_is_no_worse_than_the_simple_rates_by_more_than_noise_and_no_better_than_honest(
    bank: Line, use_line: LinePointer
) -> None:
    use_line(bank)
    rows = fetch_all(
        "checker",
        "select contender, metric, value from scores.model_evaluations where metric in ('roc_auc', 'log_loss')",
    )
    found = {(contender, metric): value for contender, metric, value in rows}
    ours = one("select tier from scores.models where is_promoted")[0]
    assert found[ours, "log_loss"] <= found["stage x days-in-stage rates", "log_loss"] + RATE_MARGIN
    assert found["stage rates", "roc_auc"] < found[ours, "roc_auc"] < 0.82, (
        "more than 0.82 here means that something leaks"
    )


def test_every_open_application_is_scored_into_a_csv_and_nothing_later_than_the_day_landed(
    bank: Line, use_line: LinePointer
) -> None:
    use_line(bank)
    path: Path = bank.home / "outputs" / bank.tenant / f"opportunity_scores_{AS_OF}.csv"
    with path.open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))
    (scored,) = one("select count(*) from published.mart_open_opportunities")
    assert len(rows) == scored
    assert one("select max(changed_at) < timestamptz '2012-02-01 00:00+01' from landing.files__stage_changes") == (
        True,
    )
    assert not (bank.home / "outside.txt").exists()
