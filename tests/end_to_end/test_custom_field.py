"""A custom CRM field becomes a feature: the recipe of CONTRIBUTING.md, line by line, from the CRM's answer to a trained model."""

import json
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest

from config.settings import ROOT, child_environment, settings
from connectors.reading import milliseconds, read_page
from connectors.streams import Stream, read_mapping
from tests.dbt.tenant import as_tenant, deal_record
from tests.end_to_end.custom_field import CODE, CONTRACT, MAPPING, PLACES, recipe, typed
from warehouse import watermarks
from warehouse.clock import cutoff
from warehouse.connection import connect
from warehouse.landing import land_page
from warehouse.migrate import migrate
from warehouse.walks import begin, loading, owed

FIRST, KNOWN_FROM, LAST = date(2026, 1, 5), date(2026, 1, 12), date(2026, 4, 5)
FROM = LAST - timedelta(days=89)  # ninety days
Deals = dict[str, list[tuple[date, dict[str, Any]]]]


def mapped(folder: Path) -> Stream:
    return read_mapping(folder / MAPPING, "fxiaoke").streams["opportunities"]


def test_the_recipe_is_five_lines_and_each_fits_where_it_says(tmp_path: Path) -> None:
    copy = typed(tmp_path)
    assert len(recipe()) == len(PLACES) == 5
    assert set(mapped(copy).fields) - set(mapped(ROOT).fields) == {"tender_kind__c"}
    ours = "import ml.features as f, yaml; print(*(n.name for n in f.FEATURES)); print(*(c['name'] for m in yaml.safe_load(open("
    ours += f"'{CONTRACT}'))['models'] if m['name'] == 'opportunity_features' for c in m['columns'] if 'config' in c))"
    words, contract = child(copy, "-c", ours).splitlines()
    assert words == contract
    assert "tender_kind" in words.split()
    changed = [
        path.relative_to(copy).as_posix()
        for folder in CODE
        for path in (copy / folder).rglob("*.*")
        if path.is_file() and path.read_bytes() != (ROOT / path.relative_to(copy)).read_bytes()
    ]
    assert sorted(changed) == sorted(path for path, _ in PLACES)


def child(folder: Path, *arguments: str) -> str:
    """What a program of that folder's code prints."""
    done = subprocess.run(
        [sys.executable, *arguments], cwd=folder, env=child_environment() | {"PYTHONPATH": str(folder)},
        capture_output=True, text=True, check=False, timeout=3600,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-3000:]
    return done.stdout


def lived() -> Deals:
    """Five deals a day to the last; tenders that are open to all are mostly lost, those of a single source won."""
    dice = Random(5)  # noqa: S311 (a test that can be repeated)
    deals: Deals = {}
    for number in range(5 * ((LAST - FIRST).days + 1)):
        born = FIRST + timedelta(days=number // 5)
        ended = born + timedelta(days=dice.randrange(15, 29))
        kind, luck = dice.choice([("single", 0.9), ("open", 0.1)])
        record = deal_record("eq_need", f"{born} 10:00", tender_kind__c=kind)
        closed = record | {"sales_stage": "won" if dice.random() < luck else "lost"}
        deals[f"T{number:03d}"] = [(born, record), (ended, closed)]
    return deals


def answered(deals: Deals, day: date, *, whole: bool) -> list[dict[str, Any]]:
    """What the CRM answers that night: the present state of what changed that day, or of all that there is."""
    rows = []
    for deal, states in deals.items():
        known = [(when, record) for when, record in states if when <= day]
        if known and (whole or known[-1][0] == day):
            at = milliseconds(cutoff(known[-1][0]) - timedelta(hours=8))
            rows.append({"_id": deal, "last_modified_time": at, **known[-1][1]})
    return rows


def land(deals: Deals, day: date, stream: Stream) -> bool:
    """One night's walk over the deals; says whether it read the stream whole."""
    with loading("fxiaoke") as connection:
        (asked,) = owed(connection, "fxiaoke", "opportunities", day, timedelta(0), stream.projection)
        walk = begin(connection, asked, fields=stream.projection)
        records, rejects = read_page(stream, walk, answered(deals, day, whole=walk.window_from is None))
        assert rejects == []
        land_page(connection, walk, records, last_id=None, is_last=True)
        watermarks.move(connection, "fxiaoke", "opportunities", cutoff(day), day)
    return walk.window_from is None


def ask(statement: str) -> list[tuple[Any, ...]]:
    with connect("transformer") as connection:
        return connection.execute(statement).fetchall()


@pytest.mark.soak
def test_a_custom_field_lands_is_backfilled_and_trains_and_is_known_from_its_first_night_only(
    postgres_home: Path, tmp_path: Path
) -> None:
    deals, copy = lived(), typed(tmp_path)
    with as_tenant("t_custom_field"):
        migrate()
        days = [FIRST + timedelta(days=n) for n in range((LAST - FIRST).days + 1)]
        whole = [day for day in days if land(deals, day, mapped(ROOT if day < KNOWN_FROM else copy))]
        assert whole == [FIRST, KNOWN_FROM], "the night that asks for more reads all there is, the next one does not"

        backfill = ("-m", "nightly", "backfill", "--from", FROM.isoformat(), "--to", LAST.isoformat())
        child(ROOT, *backfill)
        before = ask("select count(*) from features.opportunity_features")
        child(copy, *backfill)
        assert ask("select count(*), max(revision) from features.opportunity_features") == [(2 * before[0][0], 2)]
        known = ask(
            "select as_of_date, bool_or(tender_kind is not null), bool_and(tender_kind is not null)"
            " from features.opportunity_features where revision = 2 group by 1 order by 1"
        )
        assert known[0][0] == FROM
        assert {(some, every) for day, some, every in known if day < KNOWN_FROM} == {(False, False)}
        assert {(some, every) for day, some, every in known if day >= KNOWN_FROM} == {(True, True)}
        assert ask("select distinct tender_kind from features.opportunity_features where revision = 1") == [(None,)]

        child(copy, "-m", "ml", "train", "--as-of", LAST.isoformat())
        ((version, tier),) = ask("select model_version, tier from scores.models")
        kept = json.loads((settings().home / "models" / version / "tier.json").read_text("utf-8"))
        assert tier != "smoothed"
        assert "tender_kind" in json.dumps(kept)
        assert "tender_kind" not in json.dumps(kept.get("left_out", {}))
