"""Nights against the sandbox ERP over real HTTP: everything is read once, nothing is lost at a border, faults cost a retry.

The tests of this module follow each other on one company: first night, the same night again, faults, later nights.
"""

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any
from urllib.request import Request, urlopen
from zoneinfo import ZoneInfo

import pytest

from config.settings import settings
from connectors.extract import extract
from connectors.kingdee import Kingdee
from connectors.pacing import Patience
from connectors.streams import Stream, mapping_of
from tests.connectors.company import DAY, Company, run_step
from tests.connectors.vendor import Asked, Vendor
from warehouse import watermarks
from warehouse.clock import cutoff
from warehouse.connection import connect
from warehouse.walks import Walk

pytestmark = pytest.mark.slow
AS_OF = date.fromisoformat(DAY)
STREAMS = mapping_of("kingdee").streams
RECEIPTS = "landing.kingdee__receipts"
said: list[str] = []  # by all nights of this module


def query(statement: str, *params: object) -> list[tuple[Any, ...]]:
    with connect("loader") as connection:
        return connection.execute(statement, params).fetchall()


def rows() -> dict[str, int]:
    return {name: query(f"select count(*) from landing.kingdee__{name}")[0][0] for name in STREAMS}


def accept(as_of: date) -> None:
    """What the landing gate does when it believes the night."""
    with connect("checker") as connection:
        for name in STREAMS:
            watermarks.move(connection, "kingdee", name, cutoff(as_of), as_of)


def night(day: str, **overrides: str) -> str:
    done = run_step("extract", "--as-of", day, "--system", "kingdee", **overrides)
    assert done.returncode == 0, done.stderr
    said.append(done.stdout + done.stderr)
    return done.stdout


def read(stream: Stream, erp: Kingdee) -> list[dict[str, Any]]:
    """All rows that the form shows up to the first day's end."""
    walk = Walk("kingdee", stream.name, AS_OF, None, cutoff(AS_OF))
    found = [row for page in erp.pages(stream, walk) for row in page.rows]
    erp.close()
    return found


def receipt(op: str, fid: int, at: str, **fields: Any) -> dict[str, Any]:
    """A patch of a receipt of the test's own; `at`: local time."""
    at_ms = int(datetime.fromisoformat(at).replace(tzinfo=ZoneInfo("Asia/Shanghai")).timestamp() * 1000)
    own = {"FBillNo": f"SKD{fid}", "FDOCUMENTSTATUS": "C", "FRECAMOUNT_E": 100.0} | fields
    return {
        "object": "AR_RECEIVEBILL", "id": f"{fid}|{fid}0", "op": op, "at_ms": at_ms, "fields": own if op != "delete" else {},
    }  # fmt: skip


@pytest.fixture(scope="module")
def live(company: Company) -> Iterator[Company]:
    """The company, its ERP connected."""
    patch = pytest.MonkeyPatch()
    patch.setenv("LANDFALL_KINGDEE_BASE_URL", company.url)
    patch.setenv("LANDFALL_SOURCES", "kingdee")
    settings.cache_clear()
    company.ask("rules", {"kingdee_most_rows": 100})
    yield company
    patch.undo()
    settings.cache_clear()


def test_every_entry_of_every_form_lands_once_over_many_pages(live: Company) -> None:
    """The server cuts pages at 100 rows although 2,000 are asked for: a short page of a round size is not the last one."""
    night(DAY)
    landed = rows()
    assert min(count for name, count in landed.items() if name not in ("returns", "refunds", "bills")) > 0
    assert landed["matches"] > 100
    for name, stream in STREAMS.items():
        shown = ["|".join(str(row[key]) for key in stream.key) for row in read(stream, Kingdee())]
        assert len(shown) == len(set(shown)) == landed[name], name
    assert query("select count(*) from ops.loads where received <> landed + unchanged + quarantined") == [(0,)]
    assert query("select count(*) from ops.quarantine") == [(0,)]
    assert f"  FDate: watched since {DAY}" in run_step("check", "--history", "--system", "kingdee").stdout.splitlines()


def test_a_row_is_dated_by_the_servers_local_time(live: Company) -> None:
    assert query(
        "select count(*) from landing.kingdee__orders"
        " where changed_at <> (record ->> 'FModifyDate')::timestamp at time zone 'Asia/Shanghai'"
    ) == [(0,)]


def test_the_same_night_again_lands_nothing(live: Company) -> None:
    accept(AS_OF)
    before = rows()
    night(DAY)
    assert rows() == before


def test_a_killed_walk_goes_on_behind_its_last_key(live: Company) -> None:
    """Behind a key in the middle of a bill come the bill's other entries first."""
    whole, erp = read(STREAMS["orders"], Kingdee()), Kingdee()
    place = next(n for n in range(len(whole) - 1) if whole[n]["FID"] == whole[n + 1]["FID"])
    key = "|".join(str(whole[place][name]) for name in STREAMS["orders"].key)
    resumed = Walk("kingdee", "orders", AS_OF, None, cutoff(AS_OF), last_id=key)
    assert [row for page in erp.pages(STREAMS["orders"], resumed) for row in page.rows] == whole[place + 1 :]
    erp.close()


@pytest.mark.parametrize("fault", [
    {"kind": "http_500", "request_index": 1}, {"kind": "http_429", "request_index": 1, "seconds": 0.1},
    {"kind": "html_200", "request_index": 1}, {"kind": "truncated", "request_index": 1}, {"kind": "reply_lost", "request_index": 1},
    {"kind": "token_expired", "request_index": 2},
    {"kind": "code:response_error", "request_index": 1},
])  # fmt: skip
def test_a_passing_fault_costs_a_retry_and_no_row(live: Company, fault: dict[str, Any]) -> None:
    live.ask("faults", [{**fault, "object": "AR_Match"}])
    rows_read = read(STREAMS["matches"], Kingdee(patience=Patience(pause=lambda _: None)))
    live.ask("faults", [])
    assert len({(row["FID"], row["FEntity_FEntryID"]) for row in rows_read}) == len(rows_read) == rows()["matches"]


def test_a_session_that_ends_within_a_walk_costs_one_sign_in(live: Company) -> None:
    seq = live.last_request()
    live.ask("faults", [{"kind": "token_expired", "object": "AR_Match", "request_index": 2}])
    read(STREAMS["matches"], Kingdee())
    live.ask("faults", [])
    assert len(live.requests_since(seq, path="LoginByAppSecret.common.kdsvc")) == 1


def test_signed_requests_and_json_encoded_twice_read_the_same(live: Company) -> None:
    by_session, seq = read(STREAMS["receivables"], Kingdee()), live.last_request()
    live.ask("rules", {"kingdee_encodes_twice": True})
    signed = read(STREAMS["receivables"], Kingdee(settings().model_copy(update={"kingdee_auth_style": "signed"})))
    live.ask("rules", {"kingdee_encodes_twice": False})
    assert signed == by_session
    assert live.requests_since(seq, path="LoginByAppSecret.common.kdsvc") == []


@pytest.mark.parametrize(("rules", "environment", "message"), [
    ({}, {"kingdee_app_secret": "wrong"}, "Kingdee refused the sign-in (LoginResultType 0): correct LANDFALL_KINGDEE_APP_SECRET"),
    ({"denied_objects": ["AR_Match"]}, {}, "Kingdee refused AR_Match (您没有该功能的操作权限): let the ERP's administrator grant"),
    ({}, {"kingdee_base_url": "http://erp.example.com"}, "the address of kingdee is not encrypted"),
])  # fmt: skip
def test_a_lasting_fault_ends_in_one_sentence_with_the_next_action(
    live: Company, rules: dict[str, Any], environment: dict[str, str], message: str
) -> None:
    former = live.ask("rules")
    live.ask("rules", rules)
    done = run_step("extract", "--as-of", DAY, "--system", "kingdee", "--stream", "matches", **environment)
    live.ask("rules", {name: former[name] for name in rules})
    assert done.returncode == 1
    assert message in done.stderr
    assert "wrong" not in done.stderr + done.stdout


def test_the_check_finds_every_mapped_field_and_names_one_that_a_form_lacks(live: Company) -> None:
    erp, stream = Kingdee(), STREAMS["orders"]
    assert [fault for each in STREAMS.values() for fault in erp.faults(each)] == []
    (fault,) = erp.faults(stream.model_copy(update={"fields": {**stream.fields, "F_Gone": "text"}}))
    erp.close()
    assert fault.startswith("SAL_SaleOrder has no field F_Gone: correct it in ")


def test_rows_that_move_while_they_are_read_by_offset_are_noticed(live: Company) -> None:
    erp = Kingdee(settings().model_copy(update={"kingdee_page_rows": 5}))
    stream = STREAMS["inventory"].model_copy(update={"options": {"paging": "offset"}})
    walk = Walk("kingdee", "inventory", AS_OF, None, cutoff(AS_OF))
    assert sum(len(page.rows) for page in erp.pages(stream, walk)) == rows()["inventory"]
    pages = erp.pages(stream, walk)
    next(pages)
    first = query("select min(record_id) from landing.kingdee__inventory")[0][0]
    live.ask("patch", [{"object": "STK_Inventory", "id": first, "op": op, "fields": {}} for op in ("create", "delete")])
    with pytest.raises(Exception, match="the rows of STK_Inventory moved while they were read"):
        next(pages)
    erp.close()


def test_a_day_ends_before_its_midnight_and_loses_nothing_at_either_border(live: Company) -> None:
    live.ask("advance", {"days": 1})
    first, last = receipt("create", 71, "2026-07-01T00:00:00"), receipt("create", 72, "2026-07-01T23:59:59.999")
    live.ask("patch", [first, last, receipt("create", 73, "2026-07-02T00:00:00")])
    night("2026-07-01")
    accept(date(2026, 7, 1))
    landed = f"select record_id from {RECEIPTS} where record_id in ('71|710', '72|720', '73|730') order by 1"
    assert query(landed) == [("71|710",), ("72|720",)]


def test_a_deleted_receipt_is_buried_by_the_night_after_the_list_missed_it(live: Company) -> None:
    live.ask("advance", {"days": 1})
    live.ask("patch", [receipt("delete", 71, "2026-07-02T09:00")])
    night("2026-07-02")
    accept(date(2026, 7, 2))
    live.ask("advance", {"days": 1})
    assert "1 deleted" in night("2026-07-03")
    assert query(f"select record from {RECEIPTS} where record_id = '71|710' order by known_at desc limit 1") == [
        ({"is_deleted": True},)
    ]


def test_a_list_that_shrank_by_half_is_no_wave_of_deletions(live: Company) -> None:
    live.ask("faults", [{"kind": "empty", "object": "AR_receivable"}])
    done = run_step("extract", "--as-of", "2026-07-03", "--system", "kingdee", "--stream", "receivables")
    live.ask("faults", [])
    assert done.returncode == 1
    assert "kingdee receivables shows 0 records where about" in done.stderr


def test_no_secret_and_no_session_reaches_a_log(live: Company) -> None:
    session = next((settings().home / "tokens").glob("kingdee-*.json")).read_text()
    told = "".join(said)
    assert "kingdee receipts:" in told
    assert "sandbox-secret" not in told
    assert session.split('"access":"')[1].split('"')[0] not in told


def test_a_field_that_a_form_got_is_told_of_by_one_night(
    live: Company, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def with_one_more(asked: Asked) -> Any:
        kept = {"cookie": asked.headers.get("cookie", "")}
        with urlopen(Request(live.url + asked.path, data=asked.body, headers=kept), timeout=60) as reply:  # noqa: S310 - loopback
            raw: bytes = reply.read()
        return raw.replace(b'"Fields":[', b'"Fields":[{"Key":"F_ABC_Batch","Name":[]},', 1)

    vendor, told = Vendor(with_one_more), []
    for url in (live.url, vendor.url, vendor.url):
        monkeypatch.setenv("LANDFALL_KINGDEE_BASE_URL", url)
        settings.cache_clear()
        extract(date(2026, 7, 3), "kingdee", "boms")
        said_of = "kingdee boms: the field F_ABC_Batch is new, and not read unless the mapping names it"
        told.append(said_of in capsys.readouterr().out)
    vendor.close()
    settings.cache_clear()
    assert told == [False, True, False]
