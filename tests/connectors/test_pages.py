"""Pages, tokens and masks without a server: what becomes of odd text, of a shared token, of a person's name."""

import stat
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from connectors.decoding import Rows, UndecodableError, decode, fault, raw_text
from connectors.fxiaoke_query import found
from connectors.privacy import mask
from connectors.reading import read_page
from connectors.streams import Changed, Stream, mapping_of
from connectors.tokens import Token, TokenStore
from warehouse.clock import cutoff
from warehouse.steps import StepError
from warehouse.walks import Walk

DAY = date(2026, 6, 30)
DEALS = Stream(
    system="fxiaoke", name="opportunities", object="NewOpportunityObj", key=["_id"],
    changed=Changed(field="last_modified_time", unit="ms"), bookkeeping=["last_modified_time"],
    fields={"name": "text", "amount": "text", "owner": "list"},
)  # fmt: skip
WALK = Walk("fxiaoke", "opportunities", DAY, datetime(2026, 6, 29, 15, tzinfo=UTC), cutoff(DAY))
INSIDE = 1782800000000


@pytest.mark.parametrize(("text", "reason"), [
    (b'{"a": ["\\ud83d"]}', "a lone surrogate in field a"), (b'{"a": "x\\u0000"}', "a NUL character in field a"),
    (b'{"a": NaN}', "a number that is not finite in field a"), (b'{"a": 1e400}', "a number that is not finite in field a"),
    (b'{"a": [NaN, 123456789012345678901234567890]}', "a number that is not finite in field a"), (b'{"a": "\\ud83d\\ude00"}', None),
])  # fmt: skip
def test_a_record_that_postgres_cannot_hold_is_named_by_its_field(text: bytes, reason: str | None) -> None:
    value = decode(text)
    assert fault(value) == reason
    assert raw_text(value)


@pytest.mark.parametrize("text", [b"", b'{"dataList": [{"_id"', b"<!DOCTYPE html>", b"\xff\xfe"])
def test_what_is_no_json_is_not_an_empty_answer(text: bytes) -> None:
    with pytest.raises(UndecodableError):
        decode(text)


def test_the_records_of_a_good_answer_are_decoded_when_they_are_looked_at_and_any_other_answer_at_once() -> None:
    rows = found(b'{"errorCode":0,"traceId":"T","data":{"total":2,"dataList":[{"_id":"a"}, {"_id":"b"}]}}')["data"][
        "dataList"
    ]
    assert isinstance(rows, Rows)
    assert (len(rows), list(rows), rows[-1], rows[1:]) == (
        2,
        [{"_id": "a"}, {"_id": "b"}],
        {"_id": "b"},
        [{"_id": "b"}],
    )
    for other in (
        b'{"errorCode":30004,"traceId":"T","data":{"dataList":[]}}', b'{"errorCode":0,"data":{"dataList":{"_id":"a"}}}',
        b'{"errorCode":0,"data":{"dataList":[{"_id":"\\ud83d"}]}}', b'{"errorCode":0}', b"[]",
    ):  # fmt: skip
        assert found(other) == decode(other)
    with pytest.raises(StepError, match="no UTF-8"):
        list(found(b'{"errorCode":0,"data":{"dataList":[{"_id":"\xff"}]}}')["data"]["dataList"])


def test_one_bad_record_does_not_cost_the_page() -> None:
    rows = [
        {"_id": "a", "name": "x", "amount": "1", "last_modified_time": INSIDE, "owner__r": {"name": "李娜"}, "amount_old": None},
        {"_id": "b", "name": "\ud83d", "last_modified_time": INSIDE}, {"name": "no id", "last_modified_time": INSIDE}, "nonsense",
        {"_id": "c", "last_modified_time": "yesterday"}, {"_id": "d", "last_modified_time": 1},
        {"_id": "e" * 501, "last_modified_time": INSIDE},
    ]  # fmt: skip
    records, rejects = read_page(DEALS, WALK, rows)
    assert [record.record for record in records] == [
        {"_id": "a", "name": "x", "amount": "1", "last_modified_time": INSIDE}
    ]
    assert [(reject.record_id, reject.reason) for reject in rejects] == [
        ("b", "the record holds a lone surrogate in field name"),
        (None, "the record has no _id"),
        (None, "the record has no _id"),
        ("c", "last_modified_time is not a number of milliseconds"),
        ("d", "last_modified_time lies outside the window that was asked for"),
        (None, "_id is longer than 500 characters"),
    ]


@pytest.mark.parametrize(("unit", "value", "read"), [
    ("ms", 1782780000123, "2026-06-30T00:40:00.123+00:00"), ("s", 1782780000, "2026-06-30T00:40:00+00:00"),
    ("iso", "2026-06-30T08:40:00.000+0800", "2026-06-30T00:40:00+00:00"), ("iso", "2026-06-30T00:40:00Z", "2026-06-30T00:40:00+00:00"),
    ("local", "2026-06-30 08:40:00", "2026-06-30T00:40:00+00:00"), ("local", "2026-06-30T08:40:00.123", "2026-06-30T00:40:00.123000+00:00"),
    ("ms", "1782780000123", None), ("s", 1782780000000, None), ("s", True, None), ("iso", "2026-06-30T08:40:00", None),
    ("local", "2026-06-30T08:40:00+08:00", None), ("local", 7, None),
])  # fmt: skip
def test_a_change_is_read_in_the_unit_of_its_system(unit: Any, value: object, read: str | None) -> None:
    stream = DEALS.model_copy(update={"changed": Changed(field="at", unit=unit), "bookkeeping": ["at"]})
    records, rejects = read_page(stream, WALK, [{"_id": "a", "at": value}])
    assert [record.changed_at for record in records] == ([datetime.fromisoformat(read)] if read else [])
    assert [reject.record_id for reject in rejects] == ([] if read else ["a"])


def test_what_is_not_dated_takes_the_day_it_was_read_for_and_a_key_may_have_parts() -> None:
    stream = DEALS.model_copy(update={"changed": None, "key": ["material", "stock"], "bookkeeping": []})
    records, rejects = read_page(
        stream, WALK, [{"material": "M-1", "stock": 7, "amount": "3"}, {"material": "M-1", "stock": ""}]
    )
    assert [(each.record_id, each.changed_at) for each in records] == [("M-1|7", cutoff(date(2026, 6, 29)))]
    assert [each.reason for each in rejects] == ["the record has no material, stock"]


def test_what_people_wrote_is_never_asked_for() -> None:
    streams = mapping_of("fxiaoke").streams
    assert "active_record_content" not in streams["activity_records"].projection
    assert {name: set(stream.classified) for name, stream in streams.items() if stream.classified} == {
        "people": {"phone"},
        "leads": {"name", "mobile"},
    }


@pytest.mark.parametrize(("kind", "value", "shown"), [
    ("phone", "13812345678", "138****5678"), ("phone", "12345", "****"), ("name", "欧阳娜娜", "欧**"), ("mail", "wang@a.cn", "w***@a.cn"),
    ("chat", "wxid_abc", "****"), ("text", "来电 13812345678", "****"), ("customer", " 王小明", "王**"), ("customer", "李建设", "李**"),
    ("customer", "John Doe", "J**"), ("customer", "华东机电有限公司", "华东机电有限公司"), ("customer", "无锡东联包装", "无锡东联包装"),
    ("customer", "Acme Co., Ltd", "Acme Co., Ltd"),
])  # fmt: skip
def test_a_mask_shows_no_more_than_it_must(kind: str, value: str, shown: str) -> None:
    assert mask(kind, value) == shown


def test_one_token_serves_everybody_until_it_is_refused(tmp_path: Path) -> None:
    issued: list[Token] = []

    def fetch() -> Token:
        issued.append(Token(f"AT_{len(issued)}", "ea", 7200))
        return issued[-1]

    store = TokenStore(tmp_path / "tokens", "fxiaoke", fetch)
    with ThreadPoolExecutor(8) as pool:
        got = pool.map(lambda _: TokenStore(tmp_path / "tokens", "fxiaoke", fetch).get(), range(16))
        assert {token.access for token in got} == {"AT_0"}
    assert store.get(instead_of=issued[0]).access == "AT_1"
    assert store.get(instead_of=issued[0]).access == "AT_1"  # somebody else renewed it meanwhile
    assert stat.S_IMODE((tmp_path / "tokens" / "fxiaoke.json").stat().st_mode) == 0o600


def test_a_token_is_renewed_before_it_ends(tmp_path: Path) -> None:
    issued = iter(["old", "new"])
    store = TokenStore(tmp_path, "fxiaoke", lambda: Token(next(issued), "ea", 0))
    assert [store.get().access, store.get().access] == ["old", "new"]
