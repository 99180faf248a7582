"""A tenant that behaves the other way where Fxiaoke's documents leave it open: what is read stays the same, and `check` says so."""

from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import pytest

from config.settings import settings
from connectors.calls import RefusedError
from connectors.fxiaoke import Fxiaoke
from connectors.fxiaoke_ways import try_update, ways
from connectors.reading import read_page
from connectors.streams import FilledBy, Stream, mapping_of
from connectors.writer_fxiaoke import FxiaokeWriter
from tests.connectors.between import before
from tests.connectors.company import DAY, Company, run_step
from warehouse.batches import record_hash
from warehouse.clock import cutoff
from warehouse.receipts import Message
from warehouse.steps import StepError
from warehouse.walks import Walk

pytestmark = pytest.mark.slow
AS_OF, DEAL = date.fromisoformat(DAY), "NewOpportunityObj"
USUAL = {
    "fxiaoke_most_rows": 100, "fxiaoke_sends_map": False, "fxiaoke_payment_field": "payment_amount", "fxiaoke_shows_bin": False,
    "fxiaoke_shows_nulls": False, "fxiaoke_numbers_are_text": True, "fxiaoke_keeps_omitted": True, "fxiaoke_is_locked_applied": False,
    "locked_ids": [], "requests_per_20s": 0,
}  # fmt: skip
OTHER = {
    "fxiaoke_most_rows": 1000, "fxiaoke_sends_map": True, "fxiaoke_payment_field": "amount", "fxiaoke_shows_bin": True,
    "fxiaoke_shows_nulls": True,
}  # fmt: skip


@pytest.fixture
def crm(company: Company) -> Iterator[Fxiaoke]:
    """The tenant's CRM as the documents have it; a test turns its switches."""
    company.ask("rules", USUAL)
    opened = Fxiaoke()
    yield opened
    opened.close()
    company.ask("rules", USUAL)


@pytest.fixture
def deal(company: Company) -> Callable[..., tuple[str, dict[str, Any]]]:
    """deal(number): the id and the fields of an open deal."""
    entries = company.ask(f"journal?object={DEAL}")["entries"]
    ids = sorted({entry["id"] for entry in entries} - {entry["id"] for entry in entries if entry["op"] == "delete"})

    def found(number: int = 0) -> tuple[str, dict[str, Any]]:
        return ids[number], company.ask(f"record/{DEAL}/{ids[number]}")["body"]

    return found


def shown(crm: Fxiaoke, stream: Stream) -> set[tuple[str, str]]:
    """Id and hash of every record that a first night of the stream would land, those in the recycle bin aside."""
    walk, found = Walk("fxiaoke", stream.name, AS_OF, None, cutoff(AS_OF)), set()
    for page in crm.pages(stream, walk):
        records, _ = read_page(stream, walk, page.rows)
        found |= {
            (each.record_id, record_hash(each.record))
            for each in records
            if each.record.get("life_status") != "invalid"
        }
    return found


def test_every_stream_reads_the_same_with_every_switch_the_other_way(company: Company, crm: Fxiaoke) -> None:
    streams = mapping_of("fxiaoke").streams
    in_peace = {name: shown(crm, stream) for name, stream in streams.items()}
    company.ask("rules", OTHER)
    filled = {"payments": {"filled_by": {"payment_amount": FilledBy(field="amount")}}}
    otherwise = {name: shown(crm, stream.model_copy(update=filled.get(name, {}))) for name, stream in streams.items()}
    assert {name for name in streams if in_peace[name] != otherwise[name]} == set()
    assert min(map(len, in_peace.values())) > 0


def test_check_says_which_way_a_tenant_behaves(company: Company, crm: Fxiaoke) -> None:
    usual = ways(crm)
    company.ask("rules", OTHER | {"fxiaoke_numbers_are_text": False})
    otherwise = ways(crm)
    told = [
        ("a limit above 100 is cut", "a limit above 100 is honoured"),
        ("dataList of a single record is a list", "dataList of a single record is a map"),
        ("numbers travel as text", "numbers travel as numbers"),
        ("empty fields are left out", "empty fields are sent as null"),
        (
            "PaymentObj keeps its amount in payment_amount",
            "PaymentObj keeps its amount in amount: let it fill payment_amount",
        ),
        ("queries show nothing of the recycle bin", "queries show the recycle bin"),
    ]
    assert [
        (a.startswith(one), b.startswith(other)) for (one, other), a, b in zip(told, usual, otherwise, strict=False)
    ] == [(True, True)] * 6
    company.ask("rules", USUAL)
    done = run_step("check", "--system", "fxiaoke", "--as-of", DAY)
    assert (done.returncode, "fxiaoke: a limit above 100 is cut; pages hold 100" in done.stdout) == (0, True), (
        done.stdout + done.stderr
    )


def test_an_update_is_tried_on_a_record_made_for_it_which_stays_as_it_was(
    company: Company, crm: Fxiaoke, deal: Callable[..., tuple[str, dict[str, Any]]]
) -> None:
    made, before = deal()
    tried = {}
    for name, rules in {
        "kept": {}, "cleared": {"fxiaoke_keeps_omitted": False}, "locked": {"fxiaoke_keeps_omitted": True, "locked_ids": [made]},
        "applied": {"fxiaoke_is_locked_applied": True},
    }.items():  # fmt: skip
        company.ask("rules", rules)
        (tried[name],) = try_update(crm, made)
    assert tried["kept"] == "an update leaves alone what it does not name"
    assert tried["cleared"].startswith("an update clears what it does not name: let scores leave as a file")
    assert tried["locked"].startswith("a locked record (50009) keeps what it has")
    assert tried["applied"].startswith("a locked record (50009) takes the values though it refuses them")
    after = {name: value for name, value in deal()[1].items() if not name.startswith("lf_")}
    assert after == {name: value for name, value in before.items() if not name.startswith("lf_")}


def scored(record_id: str) -> Message:
    payload = dict.fromkeys(mapping_of("fxiaoke").write_back.fields) | {"band": "A"}  # type: ignore[union-attr]
    return Message("build", "opportunity", record_id, "fxiaoke", "send", payload, "hash", None, is_dead=False)


def test_a_tenant_whose_updates_clear_other_fields_gets_no_scores_and_loses_nothing(
    company: Company, crm: Fxiaoke, deal: Callable[..., tuple[str, dict[str, Any]]]
) -> None:
    company.ask("rules", {"fxiaoke_keeps_omitted": False})
    writer = FxiaokeWriter(crm, {"opportunity": mapping_of("fxiaoke").write_back})  # type: ignore[dict-item]
    (first, before), (second, _) = deal(1), deal(2)
    with pytest.raises(StepError, match=r"clears what it does not name.*LANDFALL_WRITEBACK=csv"):
        writer.write([scored(first), scored(second)])
    assert deal(1)[1] == before
    assert "lf_band__c" not in deal(2)[1]


def test_what_a_person_edits_between_our_look_at_a_record_and_our_write_stays(
    company: Company, crm: Fxiaoke, deal: Callable[..., tuple[str, dict[str, Any]]]
) -> None:
    """The first update of a run is watched by a look before and after it; the person clears a field meanwhile, and is not undone."""
    number, held = next((n, deal(n)) for n in range(20) if deal(n)[1].get("close_date"))
    edit = {
        "object": DEAL,
        "id": held[0],
        "op": "update",
        "fields": {"amount": "777.00", "close_date": None},
        "actor": "1007",
    }
    with before(company.url, "/data/update", lambda: company.ask("patch", edit)) as url:
        beside = Fxiaoke(settings().model_copy(update={"fxiaoke_base_url": url}))
        (outcome,) = FxiaokeWriter(beside, {"opportunity": mapping_of("fxiaoke").write_back}).write([scored(held[0])])  # type: ignore[dict-item]
        beside.close()
    after = deal(number)[1]
    assert (outcome.state, after["lf_band__c"], after["amount"], "close_date" in after) == (
        "acked",
        "A",
        "777.00",
        False,
    )
    human = {
        name: value for name, value in held[1].items() if not name.startswith("lf_") and name not in edit["fields"]
    }
    assert {name: after.get(name) for name in human} == human


def test_a_locked_record_that_took_the_values_is_read_back_and_acknowledged(
    company: Company, crm: Fxiaoke, deal: Callable[..., tuple[str, dict[str, Any]]]
) -> None:
    writer, message = FxiaokeWriter(crm, {"opportunity": mapping_of("fxiaoke").write_back}), scored(deal(3)[0])  # type: ignore[dict-item]
    for is_applied in (False, True):
        company.ask("rules", {"locked_ids": [message.record_id], "fxiaoke_is_locked_applied": is_applied})
        assert (writer.write([message])[0].state, writer.holds(message)) == ("unknown", is_applied)


@pytest.mark.parametrize("code", ["20016", "20014"])
def test_what_refuses_the_app_and_not_a_record_ends_the_writing_instead_of_counting_against_each_record(
    company: Company, crm: Fxiaoke, deal: Callable[..., tuple[str, dict[str, Any]]], code: str
) -> None:
    company.ask("faults", [{"kind": code, "endpoint": "update"}])
    with pytest.raises(RefusedError) as refused:
        FxiaokeWriter(crm, {"opportunity": mapping_of("fxiaoke").write_back}).write([scored(deal(5)[0])])  # type: ignore[dict-item]
    company.ask("faults", [])
    assert refused.value.code == code


def test_an_update_whose_look_afterwards_is_refused_is_unknown_and_not_undone(
    company: Company, crm: Fxiaoke, deal: Callable[..., tuple[str, dict[str, Any]]]
) -> None:
    """Said to be not done it would be sent a second time without a look at what the record holds."""
    writer, message = FxiaokeWriter(crm, {"opportunity": mapping_of("fxiaoke").write_back}), scored(deal(6)[0])  # type: ignore[dict-item]
    company.ask("faults", [{"kind": "50000", "endpoint": "get", "request_index": 2}])
    (outcome,) = writer.write([message])
    company.ask("faults", [])
    assert (outcome.state, outcome.error_code, writer.holds(message)) == ("unknown", "50000", True)
