"""Nights against the sandbox CRM over real HTTP: history once, then days in order, nothing lost and nothing twice.

The tests of this module follow each other on one company: go-live, first night, rerun, faults, later nights.
"""

from datetime import date, timedelta
from typing import Any

import pytest

from connectors.fxiaoke import Fxiaoke
from connectors.privacy import protect
from connectors.reading import read_page
from connectors.streams import mapping_of
from tests.connectors.company import DAY, Company, run_step
from warehouse import watermarks
from warehouse.batches import record_hash
from warehouse.clock import cutoff
from warehouse.connection import connect
from warehouse.walks import Walk, loading

pytestmark = pytest.mark.slow
AS_OF = date.fromisoformat(DAY)
TABLES = [f"landing.fxiaoke__{name}" for name in mapping_of("fxiaoke").streams]
DEALS = "landing.fxiaoke__opportunities"


def query(statement: str, *params: object) -> list[tuple[Any, ...]]:
    with connect("loader") as connection:
        return connection.execute(statement, params).fetchall()


def rows() -> dict[str, int]:
    return {table: query(f"select count(*) from {table}")[0][0] for table in TABLES}


def accept(as_of: date) -> None:
    """What the landing gate does when it believes the night."""
    with connect("checker") as connection:
        for name in mapping_of("fxiaoke").streams:
            watermarks.move(connection, "fxiaoke", name, cutoff(as_of), as_of)


@pytest.fixture(scope="module")
def live(company: Company) -> Company:
    """The company after go-live: history loaded."""
    done = run_step("history", "--as-of", DAY)
    assert done.returncode == 0, done.stderr
    return company


def test_history_lands_every_version_once_and_sets_the_watermark(live: Company) -> None:
    before = rows()
    assert min(before.values()) > 0
    reached = query("select distinct watermark from ops.watermarks where system = 'fxiaoke'")
    assert reached == [(cutoff(date(2026, 6, 2)),)]  # 28 days before the company's day
    assert query(
        f"select count(*) from {DEALS} where not is_reconstructed or changed_at >= %s", cutoff(date(2026, 6, 2))
    ) == [(0,)]
    targets = query("select count(*), min(decided_at)::text from ops.settings where kind = 'target'")
    assert targets[0][0] > 0
    assert targets[0][1] == "-infinity"
    again = run_step("history", "--as-of", DAY)
    assert (again.returncode, again.stdout.strip(), rows()) == (0, "history: loaded already", before)


def test_each_version_is_known_from_the_end_of_its_own_day_on(live: Company) -> None:
    wrong = f"select count(*) from {DEALS} where known_at - changed_at > interval '1 day' or known_at <= changed_at"
    assert query(wrong) == [(0,)]


def test_a_killed_night_goes_on_at_its_page_and_ends_like_any_other(live: Company) -> None:
    killed = run_step("extract", "--as-of", DAY, failpoint="landing.inside")
    assert killed.returncode == -9
    done = run_step("extract", "--as-of", DAY)
    assert done.returncode == 0, done.stderr
    unfinished = query("select load_id from ops.loads where state <> 'finished'")
    assert unfinished == []
    assert query("select count(*) from ops.loads where received <> landed + unchanged + quarantined") == [(0,)]


def test_landing_shows_exactly_what_the_crm_shows_before_the_days_end(live: Company) -> None:
    crm = Fxiaoke()
    with loading("fxiaoke") as connection:
        for stream in mapping_of("fxiaoke").streams.values():
            walk = Walk("fxiaoke", stream.name, AS_OF, None, cutoff(AS_OF))
            shown: dict[str, str] = {}
            for page in crm.pages(stream, walk):
                records, _ = read_page(stream, walk, page.rows)
                protect(connection, [record.record for record in records], stream.classified, "comparison")
                shown |= {record.record_id: record_hash(record.record) for record in records}
            landed = dict(
                connection.execute(
                    f"select distinct on (record_id) record_id, record_hash from landing.fxiaoke__{stream.name}"
                    " order by record_id, changed_at desc, known_at desc, load_id desc"
                ).fetchall()
            )
            assert {record_id: landed.get(record_id) for record_id in shown} == shown, stream.name
    crm.close()


def test_the_same_night_again_reads_again_and_lands_nothing(live: Company) -> None:
    accept(AS_OF)
    before, seq = rows(), live.last_request()
    done = run_step("extract", "--as-of", DAY)
    assert done.returncode == 0, done.stderr
    assert rows() == before
    assert len(live.requests_since(seq)) >= len(TABLES)
    assert query("select count(*) from ops.loads where load_id like '20260630-fxiaoke-%%-r2'") == [(len(TABLES),)]


def test_another_key_than_the_vaults_is_refused_although_nothing_new_is_owed(live: Company) -> None:
    done = run_step("extract", "--as-of", DAY, vault_key="another key")
    assert (done.returncode, "LANDFALL_VAULT_KEY is not the key of this vault" in done.stderr) == (1, True), done.stderr


def test_an_original_never_reaches_landing_or_a_log(live: Company) -> None:
    originals = [original for (original,) in query("select original from vault.persons where kind = 'phone'")]
    assert len(originals) > 50
    landed = query(
        "select string_agg(record::text, '') from (select record from landing.fxiaoke__leads"
        " union all select record from landing.fxiaoke__people) as records"
    )[0][0]
    assert [original for original in originals if original in landed] == []
    assert (
        query(
            "select count(*) from landing.fxiaoke__leads where record->'mobile'->>'mask' ~ '^1[0-9]{2}[*]{4}[0-9]{4}$'"
        )[0][0]
        > 50
    )


def test_later_nights_ask_no_more_than_their_rows_need(live: Company) -> None:
    for day in (date(2026, 7, 1), date(2026, 7, 2)):
        live.ask("advance", {"days": 1})
        seq, done = live.last_request(), run_step("extract", "--as-of", day.isoformat())
        assert done.returncode == 0, done.stderr
        for stream in mapping_of("fxiaoke").streams.values():
            received = query("select received from ops.loads where stream = %s and as_of = %s", stream.name, day)[0][0]
            assert len(live.requests_since(seq, stream.object)) <= -(-received // 100) + 2, stream.name
        accept(day)
    assert query(f"select count(*) from {DEALS} where known_at > %s and is_reconstructed", cutoff(AS_OF)) == [(0,)]
    assert query("select count(distinct stream), bool_or(is_new) from ops.source_fields") == [(len(TABLES), False)]


def test_a_change_after_midnight_waits_for_the_next_night_and_is_counted(live: Company) -> None:
    deal = query(f"select record_id from {DEALS} where record->>'sales_status' = 'open' order by 1 limit 1")[0][0]
    live.ask(
        "patch",
        [
            {
                "object": "NewOpportunityObj",
                "id": deal,
                "op": "update",
                "fields": {"amount": "424242.00", "name": "压力机 13812345678"},
                "actor": "1007",
            }
        ],
    )
    assert run_step("extract", "--as-of", "2026-07-02").returncode == 0
    assert query(
        "select held_back >= 1 from ops.loads where stream = 'opportunities' and as_of = '2026-07-02'"
        " order by started_at desc limit 1"
    ) == [(True,)]
    live.ask("advance", {"days": 1})
    assert run_step("extract", "--as-of", "2026-07-03").returncode == 0
    brought = query(f"select known_at from {DEALS} where record_id = %s and record->>'amount' = '424242.00'", deal)
    assert brought == [(cutoff(date(2026, 7, 3)),)]
    accept(date(2026, 7, 3))


def test_what_we_write_comes_back_as_an_echo_only(live: Company) -> None:
    deals = [
        row[0]
        for row in query(
            f"select distinct record_id from {DEALS} where record->>'sales_status' = 'open' order by 1 limit 3"
        )
    ]
    crm = Fxiaoke()
    for deal in deals:
        crm.update("NewOpportunityObj", deal, {"lf_band__c": "A", "lf_p_win_ever__c": "0.4"})
    crm.close()
    live.ask("advance", {"days": 1})
    before = {deal: query(f"select count(*) from {DEALS} where record_id = %s", deal)[0][0] for deal in deals}
    assert run_step("extract", "--as-of", "2026-07-04").returncode == 0
    after = {deal: query(f"select count(*) from {DEALS} where record_id = %s", deal)[0][0] for deal in deals}
    (echoed,) = query("select echoed from ops.loads where stream = 'opportunities' and as_of = '2026-07-04'")[0]
    assert sum(after.values()) - sum(before.values()) + echoed == len(
        deals
    )  # a deal its rep changed that day lands for that
    accept(date(2026, 7, 4))


def test_missed_days_are_caught_up_in_order(live: Company) -> None:
    live.ask("advance", {"days": 3})
    done = run_step("extract", "--as-of", "2026-07-07")
    assert done.returncode == 0, done.stderr
    loads = query(
        "select as_of::text, is_reconstructed from ops.loads where stream = 'leads' and as_of > '2026-07-04' order by started_at"
    )
    assert loads == [("2026-07-05", True), ("2026-07-06", True), ("2026-07-07", False)]
    late = "select count(*) from landing.fxiaoke__activity_records where known_at > %s and changed_at >= known_at"
    assert query(late, cutoff(date(2026, 7, 4))) == [(0,)]


def test_a_phone_in_a_title_is_masked_by_the_night_too(live: Company) -> None:
    """The night seals pages whole; one with a person in it is not."""
    shown = query(f"select record->>'name' from {DEALS} where record->>'amount' = '424242.00'")
    assert shown == [("压力机 138****5678",)]
    assert query("select count(*) from vault.persons where original = '压力机 13812345678'") == [(1,)]


def test_a_row_that_shows_only_after_the_night_has_read_lands_with_the_next(live: Company) -> None:
    """It changed ten minutes before the day's end, and the CRM showed it later: the look-back finds it."""
    accept(date(2026, 7, 7))
    changed = cutoff(date(2026, 7, 7)) - timedelta(minutes=10)
    deal = query(f"select record_id from {DEALS} where record->>'sales_status' = 'open' order by 1 limit 1")[0][0]
    live.ask(
        "patch",
        [
            {
                "object": "NewOpportunityObj",
                "id": deal,
                "op": "update",
                "fields": {"amount": "515151.00"},
                "at_ms": round(changed.timestamp() * 1000),
            }
        ],
    )
    live.ask("advance", {"days": 1})
    assert run_step("extract", "--as-of", "2026-07-08").returncode == 0
    landed = query(f"select changed_at, known_at from {DEALS} where record->>'amount' = '515151.00'")
    assert landed == [(changed, cutoff(date(2026, 7, 8)))]
    accept(date(2026, 7, 8))


def test_what_was_deleted_is_missed_by_the_weekly_list_of_ids_and_buried_the_night_after(live: Company) -> None:
    """2026-07-12 is a Sunday. The list is read after the day has ended, so the day itself does not see what went."""
    live.ask("advance", {"days": 4})
    assert run_step("extract", "--as-of", "2026-07-12").returncode == 0
    accept(date(2026, 7, 12))
    gone = query(f"select distinct record_id from {DEALS} where record->>'sales_status' = 'open' order by 1 limit 4")
    hidden = live.ask(f"record/NewOpportunityObj/{gone[3][0]}")
    live.ask("advance", {"days": 7})
    live.ask("patch", [{"object": "NewOpportunityObj", "id": deal, "op": "delete", "fields": {}} for (deal,) in gone])
    done = run_step("extract", "--as-of", "2026-07-19")
    assert done.returncode == 0, done.stderr
    buried = f"select record_id from {DEALS} where record = '{{\"is_deleted\": true}}' and known_at > %s order by 1"
    assert not set(gone) & set(query(buried, cutoff(date(2026, 7, 12))))
    accept(date(2026, 7, 19))
    live.ask("advance", {"days": 1})
    back = {"object": "NewOpportunityObj", "id": gone.pop()[0], "op": "create", "at_ms": hidden["last_modified_time"]}
    live.ask("patch", [back | {"fields": hidden["body"] | {"create_time": hidden["create_time"]}}])
    done = run_step("extract", "--as-of", "2026-07-20")
    assert "deleted" in done.stdout, done.stderr
    tombstones = query(buried, cutoff(date(2026, 7, 19)))
    assert set(gone) <= set(tombstones)
    assert (back["id"],) not in tombstones  # a list that lacked it for an hour is no deletion
    again = run_step("extract", "--as-of", "2026-07-20")
    assert (again.returncode, "deleted" in again.stdout) == (0, False)
