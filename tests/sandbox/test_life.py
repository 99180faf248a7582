"""The company's days: nothing is told before its time, and nothing is lost between runs."""

from datetime import date
from pathlib import Path

import pytest

from sandbox.clock import Clock, iso, night_ms
from sandbox.company import generate
from sandbox.life import CompanyError, advance, found, with_lone_surrogate, write
from sandbox.objects import LONE_SURROGATE_MARK, OBJECTS
from sandbox.store import Store, database
from tests.sandbox.served import DAY, Crm, ms


def test_the_crm_stands_at_half_past_one_after_its_day(crm: Crm) -> None:
    shown = crm.control("clock")
    assert (shown["day"], shown["go_live"], shown["now"]) == (
        "2026-06-30",
        "2026-06-02",
        "2026-07-01T01:30:00.000+08:00",
    )


def test_changes_after_midnight_are_told_those_from_half_past_one_are_not(crm: Crm) -> None:
    amounts = {record["_id"]: record.get("amount") for record in crm.query([])["data"]["dataList"]}
    assert amounts == {"o1": None, "o3": "77.00", "o4": "250000.00"}


def test_each_day_brings_what_happened_until_its_night(crm: Crm) -> None:
    assert crm.control("advance", {"days": 1})["changes"] == {"2026-07-01": 1}
    assert crm.found(("amount", "EQ", ["260000"])) == ["o4"]
    assert crm.found(("_id", "EQ", ["o5"])) == []
    assert crm.control("advance", {"days": 1})["now"] == "2026-07-03T01:30:00.000+08:00"
    assert crm.found(("_id", "EQ", ["o5"])) == ["o5"]


def test_a_change_of_a_record_that_was_deleted_meanwhile_is_dropped(crm: Crm) -> None:
    crm.control("patch", {"object": "NewOpportunityObj", "id": "o4", "op": "delete"})
    assert crm.control("advance", {"days": 1})["changes"] == {"2026-07-01": 0}


def test_a_change_of_the_morning_does_not_move_a_write_of_the_night_back(crm: Crm) -> None:
    crm.control("clock", {"seconds": 3600})
    crm.update("o4", lf_band__c="A")  # at 02:30, while the company changed the same deal at 01:30
    crm.control("advance", {"days": 1})
    record = crm.control("record/NewOpportunityObj/o4")
    assert (record["body"]["amount"], record["body"]["lf_band__c"]) == ("260000.00", "A")
    assert (record["last_modified_time"], record["version"]) == (ms("2026-07-01T02:30"), 3)


def test_the_calendar_rests_when_the_build_is_due(crm: Crm) -> None:
    assert crm.control("clock", {"seconds": 5 * 86400})["now"] == "2026-07-01T07:30:00.000+08:00"
    assert crm.control("advance", {"days": 1})["now"] == "2026-07-02T01:30:00.000+08:00"


def test_the_company_ends_at_its_horizon(crm: Crm) -> None:
    refused = crm.http.post("/sandbox/advance", json={"days": 4})
    assert (refused.status_code, crm.control("clock")["day"]) == (400, "2026-06-30")
    assert "generated up to 2026-07-03" in refused.json()["error"]


def test_sandbox_seconds_go_on_where_they_were_after_a_restart(home: Path) -> None:
    store = Store(database(home))
    store.note_request(500.0, "/x", "", 200, 0, 0, None)
    ticks = iter([10.0, 13.0])
    assert Clock(store, speed=100, monotonic=lambda: next(ticks)).seconds() == 800.0
    advance(store, 1, at_s=800.0)
    assert Clock(store, speed=0).now_ms() == night_ms(date(2026, 7, 1))


def test_a_company_is_founded_once_and_again_only_when_told(tmp_path: Path) -> None:
    def small(*, is_replacing: bool) -> Path:
        return found(tmp_path, DAY, scale=0.005, seed=3, days_ahead=2, is_replacing=is_replacing, say=lambda _: None)

    store = Store(small(is_replacing=False))
    rows = store.rows("select count(*) as n, max(at_ms) as newest from journal", ())
    assert rows[0]["n"] > 500
    assert rows[0]["newest"] < night_ms(DAY)
    assert store.rows("select min(at_ms) >= ? as later from future", [night_ms(DAY)]) == [{"later": 1}]
    store.close()
    with pytest.raises(CompanyError, match="already: pass --replace"):
        small(is_replacing=False)
    assert Store(small(is_replacing=True)).rows("select count(*) as n, max(at_ms) as newest from journal", ()) == rows


def test_bulk_writing_and_living_through_the_days_tell_the_same_story(tmp_path: Path) -> None:
    """A company founded on a day equals one founded two days earlier that lived on, wherever both saw the same life."""
    company = generate(DAY, scale=0.005, seed=3, days_ahead=2)

    def told(day: date, name: str) -> Store:
        state = {"day": day, "go_live": company.go_live, "horizon": date(2026, 7, 2), "day_began_at": 0.0}
        write(tmp_path / name, company.patches, state, company.targets)
        return Store(tmp_path / name)

    lived, at_once = told(DAY, "lived"), told(date(2026, 7, 2), "at_once")
    advance(lived, 2, at_s=0.0)
    for table in ("journal", "current"):
        statement = f"select * from {table} order by object, id" + (", version" if table == "journal" else "")
        left, right = lived.rows(statement, ()), at_once.rows(statement, ())
        assert [row | {"seq": 0} for row in left] == [row | {"seq": 0} for row in right]


def test_every_field_that_the_company_fills_is_declared() -> None:
    filled = {
        (patch.object, field)
        for patch in generate(DAY, scale=0.01, seed=5, days_ahead=30).patches
        for field in patch.fields
    }
    assert {(name, field) for name, field in filled if field not in OBJECTS[name]} == set()


def test_one_lead_after_go_live_has_half_a_character_in_its_name() -> None:
    company = generate(DAY, scale=0.05, seed=5, days_ahead=0)
    broken = [
        patch
        for patch in with_lone_surrogate(company.patches, company.go_live)
        if LONE_SURROGATE_MARK in str(patch.fields.get("name"))
    ]
    assert [(patch.object, patch.op) for patch in broken] == [("LeadsObj", "create")]
    assert iso(round(broken[0].at.timestamp() * 1000)) >= "2026-06-03T00:00"
