"""A page sealed together lands what its rows would land one by one: the same columns, the same hashes, the same rejects."""

from datetime import UTC, date, datetime
from random import Random
from typing import Any

import orjson
import pytest

from connectors.calls import Decoded
from connectors.decoding import decode
from connectors.fxiaoke_query import found
from connectors.reading import Reader, instant_of
from connectors.sealing import Sealer
from connectors.streams import Changed, Stream
from warehouse.batches import Batch, batch_of, record_hash
from warehouse.clock import cutoff
from warehouse.landing import Record
from warehouse.walks import Walk

DAY = date(2026, 6, 30)
WALK = Walk(
    "fxiaoke", "opportunities", DAY, datetime(2026, 6, 29, 15, tzinfo=UTC), cutoff(DAY), load_id="20260630-fxiaoke-x"
)
INSIDE = 1782800000000
DEALS = Stream(
    system="fxiaoke", name="opportunities", object="NewOpportunityObj", key=["_id"],
    changed=Changed(field="last_modified_time", unit="ms"), bookkeeping=["last_modified_time", "version"],
    fields={"name": "text", "amount": "number", "owner": "list", "产品": "text", "lf_band__c": "text"},
)  # fmt: skip
UNDATED = DEALS.model_copy(update={"changed": None, "bookkeeping": []})
BY_TEXT = DEALS.model_copy(update={"changed": Changed(field="last_modified_time", unit="iso")})
ODD: list[Any] = [
    1e16, -1.5e300, 2**63, -(2**63), 2**64, [2**70], float("inf"), "\ud83d", "nul \x00", "\\u0000", {"b": {"c": {"d": 1}}}, [[1]],
    {"last_modified_time": INSIDE}, [{"z": 1, "a": [1e-7, "\x1f\x7f"]}], {"ä": 2.50, "a": None}, ",\"last_modified_time\":", "\u2028", b"x",
]  # fmt: skip


def _value(dice: Random) -> Any:
    return dice.choice([
        None, True, dice.randrange(-(2**63), 2**63), dice.random() * 10 ** dice.randrange(-20, 16), "", [], {},
        "".join(chr(dice.choice([34, 92, 10, 13, 47, 0x85, 0x4E2D, 0x1F600, dice.randrange(1, 0xD800)])) for _ in range(4)),
        [{"name": "b", "id": dice.random()}, "x"],
    ])  # fmt: skip


def _row(dice: Random, place: int, dated: Any) -> Any:
    plain = {name: _value(dice) for name in ("name", "amount", "owner", "产品", "lf_band__c", "not asked for")}
    return {"version": "3", **plain, "_id": f"65f0{place}", "last_modified_time": dated}


def _odd(row: dict[str, Any], dice: Random) -> Any:
    """One of the ways in which a row is not like the others."""
    return dice.choice([
        {**row, dice.choice(["name", "owner", "version", "last_modified_time"]): dice.choice(ODD)},
        {**row, "_id": dice.choice(["", None, 7, "客-1", "a\x00", "e" * 501])},
        {**row, "last_modified_time": dice.choice([None, INSIDE - 10**9, INSIDE + 10**9, str(INSIDE), True])},
        {name: value for name, value in row.items() if name != "version"}, "nonsense", {},
    ])  # fmt: skip


def _whole(batch: Any) -> Any:
    return *batch[:4], list(map(orjson.loads, batch.texts))


def _as_sent(reader: Reader, rows: list[Any], decoded: Decoded) -> Any:
    """What becomes of a page when it comes as an answer; nothing where JSON cannot hold it."""
    try:
        sent = orjson.dumps({"errorCode": 0, "data": {"dataList": rows}})
    except TypeError:
        return None
    batch, rejects = reader.page(decoded(sent)["data"]["dataList"])
    return _whole(batch), rejects


@pytest.mark.parametrize("stream", [DEALS, UNDATED, BY_TEXT])
def test_a_page_is_sealed_as_its_rows_are_one_by_one(stream: Stream) -> None:
    dice = Random(3)  # noqa: S311 (a test that can be repeated)
    reader = Reader(stream, WALK)
    dated = INSIDE if stream is not BY_TEXT else "2026-06-30T08:00:00.123456+08:00"
    for number in range(400):
        rows = [_row(dice, place, dated) for place in range(5)]
        if number % 2:
            rows[dice.randrange(5)] = _odd(rows[0], dice)
        alone, left = reader.records(rows)
        batch, rejects = reader.page(rows)
        assert _whole(batch) == _whole(batch_of(alone, WALK.load_id, stream.bookkeeping))
        assert rejects == left
        assert _as_sent(reader, rows, found) == _as_sent(reader, rows, decode)


def test_most_pages_are_sealed_together_and_an_undated_row_is_left_out() -> None:
    dice = Random(5)  # noqa: S311 (a test that can be repeated)
    rows = [_row(dice, place, INSIDE if place else "not a time") for place in range(100)]
    opened = Sealer(DEALS, WALK, instant_of).opened(rows)
    assert opened is not None
    assert (opened[0].ids, opened[1]) == ([row["_id"] for row in rows[1:]], rows[:1])


def test_the_hash_is_that_of_the_fields_that_are_told() -> None:
    row = {
        "_id": "a",
        "amount": 1,
        "owner": [{"id": 2, "a": 1}],
        "last_modified_time": INSIDE,
        "version": "9",
        "lf_band__c": "A",
    }
    batch, _ = Reader(DEALS, WALK).page([row])
    assert isinstance(batch, Batch)
    assert batch.digests == [record_hash({"amount": 1, "owner": [{"a": 1, "id": 2}], "_id": "a"})]


def test_a_page_that_may_name_a_person_keeps_its_records_to_be_masked_and_others_are_sealed() -> None:
    named, other = (
        {"_id": each, "name": name, "version": "1", "last_modified_time": INSIDE}
        for each, name in (("a", "压力机 13812345678"), ("b", "压力机 HT-2026"))
    )
    records, rejects = Reader(DEALS, WALK).page([named, other])
    assert rejects == []
    assert [record.record["name"] for record in records if isinstance(record, Record)] == [named["name"], other["name"]]
    assert isinstance(Reader(DEALS, WALK).page([other])[0], Batch)
