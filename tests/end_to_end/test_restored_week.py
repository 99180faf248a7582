"""The data folder is lost after the fifth night: the third night's backup and the next night bring back what is known where nothing was
lost, and tell the CRM no older score. What the outside world keeps, the company itself, is not lost.

A catch-up for the fifth day alone would not see what our own fifth write-back touched after its midnight: that waits for the next night, as
any change does.
"""

import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.end_to_end.workplace import Workplace
from warehouse.frames import fetch_all

THIRD = "2026-05-22"
STREAMS = "select relname from pg_class where relnamespace = 'landing'::regnamespace and relkind = 'r' order by 1"
CURRENT = (
    "select distinct on (record_id) record_id, record_hash from landing.{}"
    " order by record_id, changed_at desc, known_at desc, load_id desc"
)
OF_THE_DAY = "select md5(string_agg(t::text, '' order by t::text)) from {} as t where {} = '2026-05-22'"
KEPT = {
    "features.opportunity_features": "as_of_date",
    "features.period_features": "as_of_date",
    "scores.opportunity_scores": "as_of",
}
WRITES = "select id, fields from journal where fields like '%lf_scored_at__c%' order by seq"


def landed() -> dict[str, dict[str, str]]:
    """The newest version of every record."""
    return {table: dict(fetch_all("checker", CURRENT.format(table))) for (table,) in fetch_all("checker", STREAMS)}


def of_the_third_day() -> list[object]:
    """Hashes of the third day's features and scores."""
    return [fetch_all("checker", OF_THE_DAY.format(table, day))[0][0] for table, day in KEPT.items()]


def told(home: Path) -> dict[str, list[int]]:
    """The instants of the scores that each record was given, in the order of the writes."""
    with closing(sqlite3.connect(home / "sandbox" / "company.sqlite")) as connection:
        rows = connection.execute(WRITES).fetchall()
    found: dict[str, list[int]] = {}
    for record_id, fields in rows:
        if scored := json.loads(fields).get("lf_scored_at__c"):
            found.setdefault(record_id, []).append(int(scored))
    return found


def night(place: Workplace) -> None:
    code, said = place.type("night")
    assert code == 0, said[-3000:]


@pytest.mark.soak
@pytest.mark.timeout(7200)
def test_the_third_nights_backup_and_one_night_bring_back_the_fifth(tmp_path_factory: pytest.TempPathFactory) -> None:
    place, backups = Workplace(tmp_path_factory.mktemp("lost")), tmp_path_factory.mktemp("backups")
    place.env |= {"LANDFALL_BACKUP_DIR": str(backups)}
    for number in range(5):
        night(place)
        if number < 4:
            place.type("advance")
    before = told(place.home)
    place.type("down")
    shutil.copytree(place.home / "sandbox", outside := backups / "outside")

    place.type("advance")
    night(place)  # what the sixth night knows where nothing was lost
    with place.looked_at():
        known, third = landed(), of_the_third_day()
    place.type("down")
    for path in place.home.iterdir():
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    shutil.copytree(outside, place.home / "sandbox")

    code, said = place.type("restore", "--from", str(backups / f"sandbox-{THIRD}"))
    assert code == 0, said
    place.type("advance")
    night(place)
    with place.looked_at():
        assert landed() == known
        assert of_the_third_day() == third
        late = "select as_of, bool_and(is_reconstructed) from ops.loads where as_of > '2026-05-22' and landed > 0 group by 1 order by 1"
        assert [(str(day), is_late) for day, is_late in fetch_all("checker", late)] == [
            ("2026-05-23", True),
            ("2026-05-24", True),
            ("2026-05-25", False),
        ]
    place.type("down")
    after = told(place.home)
    assert before.keys() <= after.keys()
    assert all(instants == sorted(instants) for instants in after.values())
