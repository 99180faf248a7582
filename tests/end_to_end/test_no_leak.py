"""What happens after a day cannot reach what was computed for it.

Two companies are equal up to cutoff(D). In the second, records that did not change on D change or go between midnight and their
extraction; after D every field of every record changes, records are deleted, merged and inserted, also as if they were older. Its next
night lands all that. Then features, model, scores and forecast of D are computed anew from its landing and must be bit-identical.

A record that changed on D and again after midnight cannot be identical in both: the API shows only its newest state, so D's change is
nowhere to be read. It is D+1's: for D its previous version stands (design §3, clock).
"""

import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from sandbox.clock import cutoff_ms
from tests.end_to_end import storm
from tests.end_to_end.conftest import LineMaker
from tests.end_to_end.line import ROOT, Line, Result
from tests.end_to_end.tables import hashes

pytestmark = pytest.mark.slow
LEARNED = ("features", "scores")
LOOK_BACK = timedelta(minutes=60)
APPENDED = ("opportunity_features", "lead_features", "opportunity_nodes", "period_features")
SCORES = ("models", "model_evaluations", "opportunity_scores", "lead_scores", "period_forecasts")
HONEST = "{{ known('interactions', 'spine.cutoff_at') }}"
SOURCES = ("config", "connectors", "dags", "dbt_project", "expectations", "ml", "nightly", "sandbox", "warehouse")


@dataclass(frozen=True)
class Pair:
    """A quiet company and its twin, what each computed for D on D, and what the twin computes for D a stormy day later.

    `a_day_later` is computed anew as of D, `backfilled` with D+1 in one run: there nothing but each version's own clock hides D+1.
    """

    quiet: Line
    stormy: Line
    on_the_day: tuple[dict[str, str], dict[str, str]]
    a_day_later: dict[str, str]
    recorded: str
    backfilled: str


def live_until_the_forecast(line: Line, *, is_stormy: bool) -> dict[str, str]:
    """D−1 is landed, D is landed and forecast; in the stormy company records change after D's midnight."""
    line.night(line.day, until="gate_landing")
    day = line.advance()
    if is_stormy:
        window_from = cutoff_ms(day - timedelta(days=1)) - LOOK_BACK // timedelta(milliseconds=1)
        line.patch(storm.after_midnight(line, window_from, cutoff_ms(day)))
    line.night(day, until="forecast")
    return hashes(LEARNED, line.rows)


def let_it_storm(line: Line) -> None:
    """Everything changes on D+1, and the next night lands it."""
    day = line.day
    line.patch(storm.next_day(line, cutoff_ms(day)))
    line.ask("connectors", "extract", "--as-of", line.advance().isoformat())


def features_up_to(line: Line, day: date) -> str:
    """Hash of all revisions of the feature rows up to `day`."""
    rows = "select md5(string_agg(md5(f::text), '' order by md5(f::text))) from features.{} as f where as_of_date <= %s"
    return " ".join(
        str(line.rows(rows.format(table), day)[0][0]) for table in ("opportunity_features", "lead_features")
    )


def backfill(line: Line, day: date) -> Result:
    """Compute `day` again together with the stormy day after it."""
    return line.command("nightly", "backfill", "--from", day.isoformat(), "--to", (day + timedelta(days=1)).isoformat())


def forget(line: Line) -> None:
    """Nothing that was computed stays: features, models, scores, forecasts."""
    line.rows(f"truncate {', '.join(f'features.{table}' for table in APPENDED)}", role="transformer")
    line.rows(f"truncate {', '.join(f'scores.{table}' for table in SCORES)} cascade", role="owner_ddl")
    shutil.rmtree(line.home / "models")


@pytest.fixture(scope="module", params=["full", pytest.param("none", marks=pytest.mark.soak)])
def pair(request: pytest.FixtureRequest, new_line: LineMaker) -> Pair:
    history = request.param
    quiet, stormy = (new_line(f"{name}_{history}", history=history) for name in ("quiet", "stormy"))
    day = quiet.day + timedelta(days=1)
    with ThreadPoolExecutor(2) as pool:
        computing = pool.submit(live_until_the_forecast, quiet, is_stormy=False)
        stormy_then = live_until_the_forecast(stormy, is_stormy=True)
        let_it_storm(stormy)
        recorded, done = features_up_to(stormy, day), backfill(stormy, day)
        assert done.returncode == 0, done.output[-3000:]
        backfilled = features_up_to(stormy, day)
        forget(stormy)
        stormy.night(day, since="features", until="forecast")
        a_day_later = hashes(LEARNED, stormy.rows)
        return Pair(quiet, stormy, (computing.result(), stormy_then), a_day_later, recorded, backfilled)


def test_the_storm_did_reach_the_landing_tables(pair: Pair) -> None:
    landed = "select count(*) from landing.fxiaoke__opportunities where known_at > %s"
    later = pair.quiet.rows("select max(known_at) from landing.fxiaoke__opportunities")[0][0]
    assert pair.stormy.rows(landed, later)[0][0] > 100
    late = "select count(*) from landing.fxiaoke__activity_records where known_at > %s and changed_at < %s"
    assert pair.stormy.rows(late, later, later)[0][0] > 100, "told after the night, dated before its end"


def test_what_happens_between_midnight_and_extraction_is_not_seen_by_the_day(pair: Pair) -> None:
    quiet, stormy = pair.on_the_day
    assert quiet == stormy
    filled = [f"features.{table}" for table in ("opportunity_features", "lead_features", "period_features")]
    filled += [f"scores.{table}" for table in SCORES if table != "model_evaluations"]
    empty = {name for name in filled if quiet[name].startswith("0 ")}
    models = {name for (name,) in pair.quiet.rows("select model_name from scores.models")}
    assert empty == (set() if "lead" in models else {"scores.lead_scores"}), "without a past no lead is 90 days old"


def test_features_model_scores_and_forecast_of_the_day_are_the_same_bits_a_stormy_day_later(pair: Pair) -> None:
    assert pair.a_day_later == pair.on_the_day[0]


def test_a_backfill_that_reaches_into_the_storm_finds_the_day_as_it_was_recorded(pair: Pair) -> None:
    assert pair.backfilled == pair.recorded


@pytest.mark.parametrize("pair", ["full"], indirect=True)
def test_a_feature_that_reads_without_the_clock_is_caught(pair: Pair, tmp_path: Path) -> None:
    """The contacts of a deal are counted without asking since when they are known: rows of D change, and dbt's own test says so too."""
    for name in SOURCES:
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__", "target", "logs"))
    model = tmp_path / "dbt_project" / "models" / "features" / "feat_opportunity__interactions.sql"
    assert HONEST in model.read_text("utf-8")
    model.write_text(model.read_text("utf-8").replace(HONEST, "true"), "utf-8")
    leaking = replace(pair.stormy, root=tmp_path)
    assert features_up_to(leaking, pair.quiet.day) == pair.recorded
    assert backfill(leaking, pair.quiet.day).returncode == 1
    assert features_up_to(leaking, pair.quiet.day) != pair.recorded
