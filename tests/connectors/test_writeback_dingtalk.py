"""Scores leave for the sandbox's DingTalk, twenty customers a call, each with a result of its own; nothing else of a customer changes.

`sync` is filled by hand, as in test_writeback.py. The tests of this module follow each other on one company.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest

from config.settings import settings
from connectors.extract import extract
from connectors.streams import write_back_of
from connectors.writeback import write_back
from tests.connectors.between import before
from tests.connectors.chatting import DAY, Served, accept, query
from tests.connectors.outbox import OF_CUSTOMERS, publish
from warehouse.connection import connect
from warehouse.dead_letters import listed, release
from warehouse.steps import StepError

pytestmark = pytest.mark.slow
FIELDS = write_back_of("dingtalk").fields
SCORE, WRITES, READS = FIELDS["p_win_by_period_end"].field, "relationDatas", "batchQuery"
CUSTOMERS = [f"ins-D{number:03d}" for number in range(45)]


def payload(version: str, band: str | None = "B") -> dict[str, Any]:
    known = {
        "p_win_by_period_end": 0.31,
        "band": band,
        "reasons": "阶段停留 12 天",
        "scored_at": "2026-06-30T16:00:00+00:00",
    }
    cleared = dict.fromkeys([*FIELDS, "tier", "period_id"])
    return cleared | (known | {"opportunity_id": "D1", "model_version": version} if band else {})


@pytest.fixture
def owe(chatting: Served, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """owe(build, *customers): a published build of the day that owes each of them a message; receipts of earlier builds stay."""
    monkeypatch.setenv("LANDFALL_WRITEBACK", "dingtalk")
    settings.cache_clear()

    def renewed(build_id: str, *customers: str, action: str = "send", days: int = 0) -> None:
        told = payload(build_id, "B" if action == "send" else None)
        publish(
            DAY + timedelta(days=days), build_id, "dingtalk", [(each, action, told) for each in customers], OF_CUSTOMERS
        )

    yield renewed
    settings.cache_clear()


def sent(capsys: pytest.CaptureFixture[str], days: int = 0) -> str:
    """What write-back says at its end, shortened to what is not nought."""
    capsys.readouterr()
    write_back(DAY + timedelta(days=days))
    said = capsys.readouterr().out.strip().splitlines()[-1].removeprefix("write-back: ")
    return ", ".join(part for part in said.split(", ") if not part.startswith("0 "))


def states(build_id: str) -> dict[str, tuple[str, str | None]]:
    with connect("writeback") as connection:
        found = connection.execute(
            "select record_id, state, error_code from ops.writeback_receipts where build_id = %s and entity = 'customer'",
            (build_id,),
        ).fetchall()
    return {record: (state, code) for record, state, code in found}


def effective(chatting: Served, version: str) -> Counter[str]:
    """How often the journal shows a customer given the values of one build."""
    entries = chatting.ask("journal?object=DingTalkCustomer")["entries"]
    field = FIELDS["model_version"].field
    return Counter(f"ins-{each['id']}" for each in entries if each["fields"].get(field) == version)


def test_customers_are_given_scores_twenty_a_call_and_nothing_else_of_them_changes(
    chatting: Served, owe: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    extract(DAY, "dingtalk", "customers")
    accept("dingtalk", ["customers"], DAY)
    before = query("select record_id, record_hash from landing.dingtalk__customers order by 1")
    owe("b1", *CUSTOMERS)
    seq = chatting.last_request()
    assert sent(capsys) == "45 sent, 45 acked"
    assert [row["rows"] for row in chatting.requests(WRITES, seq)] == [20, 20, 5]
    (entry,) = chatting.ask("journal?object=DingTalkCustomer&id=D000")["entries"]
    assert {field: value for field, value in entry["fields"].items() if value is not None} == {
        "TextField-lf_opportunity_id": "D1",
        "NumberField-lf_p_win_by_period_end": "0.31",
        "TextField-lf_band": "B",
        "TextareaField-lf_reasons": "阶段停留 12 天",
        "DDDateField-lf_scored_at": "2026-07-01 00:00",
        "TextField-lf_model_version": "b1",
    }
    seq = chatting.last_request()
    assert sent(capsys) == "45 skipped"
    assert chatting.requests("dingtalk", seq) == []
    chatting.ask("advance", {"days": 1})
    extract(DAY + timedelta(days=1), "dingtalk", "customers")
    after = query("select record_id, record_hash from landing.dingtalk__customers order by 1")
    assert [row for row in after if row[0] != "ins-D900"] == before  # what we wrote comes back and is no news


def test_a_lost_reply_is_read_back_by_id_and_not_sent_twice(
    chatting: Served, owe: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    owe("b2", *CUSTOMERS[:25])
    chatting.ask("faults", [{"kind": "reply_lost", "endpoint": WRITES, "request_index": 1}])
    seq = chatting.last_request()
    assert sent(capsys) == "25 sent, 25 acked"
    chatting.ask("faults", [])
    assert (len(chatting.requests(WRITES, seq)), len(chatting.requests(READS, seq))) == (2, 20)
    assert effective(chatting, "b2") == Counter(CUSTOMERS[:25])


def test_a_row_that_is_refused_takes_no_other_with_it_and_a_withdrawal_from_a_customer_that_is_gone_is_done(
    chatting: Served, owe: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    owe("b3", *CUSTOMERS[:3], "ins-gone")
    assert sent(capsys) == "4 sent, 3 acked, 1 rejected"
    assert states("b3")["ins-gone"] == ("rejected", "crm.data.notExist")
    owe("b4", CUSTOMERS[0], "ins-gone", action="withdraw")
    assert sent(capsys) == "2 sent, 2 acked"
    shown = chatting.ask("record/DingTalkCustomer/D000")["body"]
    assert shown == {}  # cleared


@pytest.mark.parametrize("is_applied", [False, True])
def test_a_locked_customer_is_read_back_and_stays_unknown_only_while_it_does_not_show_the_score(
    chatting: Served, owe: Callable[..., None], capsys: pytest.CaptureFixture[str], is_applied: bool
) -> None:
    build = f"b5_{is_applied}"
    owe(build, *CUSTOMERS[:2])
    chatting.ask("rules", {"locked_ids": [CUSTOMERS[1]], "dingtalk_is_locked_applied": is_applied})
    assert sent(capsys) == ("2 sent, 2 acked" if is_applied else "2 sent, 1 acked, 1 unknown")
    chatting.ask("rules", {"locked_ids": [], "dingtalk_is_locked_applied": False})
    assert effective(chatting, build) == Counter(CUSTOMERS[: 1 + is_applied])
    assert sent(capsys) == ("2 skipped" if is_applied else "1 sent, 1 acked, 1 skipped")


def test_a_spent_quota_stops_with_the_next_action_and_the_ledger_accounts_for_every_customer(
    chatting: Served, owe: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    owe("b6", *CUSTOMERS)
    spent = {"kind": "code:Forbidden.AccessDenied.ApiCountLimitForOrg", "endpoint": WRITES, "request_index": 2}
    chatting.ask("faults", [spent])
    with pytest.raises(StepError, match="the month's calls are spent"):
        write_back(DAY)
    chatting.ask("faults", [])
    assert Counter(state for state, _ in states("b6").values()) == {"acked": 20, "unprocessed": 25}
    assert sent(capsys) == "25 sent, 25 acked, 20 skipped"
    assert effective(chatting, "b6") == Counter(CUSTOMERS)


def test_a_call_refused_for_what_is_in_it_is_sent_row_by_row(
    chatting: Served, owe: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    owe("b7", *CUSTOMERS[:5])
    chatting.ask("rules", {"dingtalk_most_written": 1})
    assert sent(capsys) == "5 sent, 5 acked"
    chatting.ask("rules", {"dingtalk_most_written": 20})
    assert effective(chatting, "b7") == Counter(CUSTOMERS[:5])


def test_a_customer_refused_for_three_nights_is_a_dead_letter_until_it_is_released(
    owe: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    for number in range(3):
        assert listed() == []
        owe(f"dead_{number}", "ins-nobody", days=number)
        assert sent(capsys, number) == "1 sent, 1 rejected"
    assert listed() == [("dingtalk", "ins-nobody", "dead_2", 3, "crm.data.notExist")]
    owe("dead_3", "ins-nobody", days=3)
    assert sent(capsys, 3) == "1 dead"
    assert release([], "mended") == ["ins-nobody"]


def test_what_another_program_writes_between_our_read_back_and_our_write_stays(
    chatting: Served, owe: Callable[..., None], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    owe("b9", CUSTOMERS[1])
    noted = {"TextField-note": "老客户", FIELDS["band"].field: None}
    edit = {"object": "DingTalkCustomer", "id": "D001", "op": "update", "fields": noted, "actor": "1003"}
    with before(chatting.url, "/relationDatas/batch", lambda: chatting.ask("patch", edit)) as url:
        monkeypatch.setenv("LANDFALL_DINGTALK_BASE_URL", f"{url}/dingtalk")
        settings.cache_clear()
        assert sent(capsys) == "1 sent, 1 acked"
    shown = chatting.ask("record/DingTalkCustomer/D001")["body"]
    assert (shown["TextField-note"], shown[FIELDS["band"].field], shown[FIELDS["model_version"].field]) == (
        "老客户",
        "B",
        "b9",
    )


def test_a_dry_run_shows_the_forms_fields_and_sends_nothing(
    chatting: Served, owe: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    owe("b8", CUSTOMERS[0])
    seq = chatting.last_request()
    write_back(DAY, dry_run=True)
    said = capsys.readouterr().out
    assert f"send {CUSTOMERS[0]}: TextField-lf_opportunity_id=D1, {SCORE}=0.31" in said
    assert "would send 1 of 1 to dingtalk; nothing was sent" in said
    assert chatting.requests("dingtalk", seq) == []
