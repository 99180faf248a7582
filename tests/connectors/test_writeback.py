"""Scores leave for the sandbox CRM, one record a call, and every key has at most one effective write.

`sync` is filled by hand: this module's table stands for the one dbt makes.
"""

import csv
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from config.settings import settings
from connectors.streams import write_back_of
from connectors.writer_fxiaoke import crm_values
from tests.connectors.company import DAY, Company, run_step
from tests.connectors.outbox import publish
from warehouse.connection import connect

pytestmark = pytest.mark.slow
DEAL = "NewOpportunityObj"
CLEARED: dict[str, Any] = dict.fromkeys([*write_back_of("fxiaoke").fields, "tier", "period_id"])
SCORE = CLEARED | {
    "p_win_by_period_end": 0.31, "p_win_ever": 0.62, "expected_close_week": "2026-08-03", "band": "B", "reasons": "阶段停留 12 天",
    "scored_at": "2026-06-30T16:00:00+00:00", "model_version": "win-1", "tier": "full_model", "period_id": "2026Q2", "link": "http://x/1",
}  # fmt: skip


def receipts() -> list[tuple[Any, ...]]:
    with connect("writeback") as connection:
        return connection.execute(
            "select record_id, state, attempt, error_code from ops.writeback_receipts order by 1"
        ).fetchall()


@pytest.fixture
def deals(company: Company) -> list[str]:
    """Three deals of the company, as the journal shows them created."""
    entries = company.ask(f"journal?object={DEAL}")["entries"]
    gone = {entry["id"] for entry in entries if entry["op"] == "delete"}
    return sorted({entry["id"] for entry in entries} - gone)[:3]


@pytest.fixture
def owe(company: Company) -> Iterator[Callable[..., None]]:
    """Publish a build of the day that owes the given (deal, action, payload) messages; earlier receipts are forgotten."""

    def renewed(
        *messages: tuple[str, str, dict[str, Any]], build_id: str = "20260630_a", system: str = "fxiaoke"
    ) -> None:
        with connect("owner_ddl") as owner:
            owner.execute(
                "truncate ops.writeback_receipts, ops.publications, ops.published_build, ops.builds, ops.dead_letters cascade"
            )
        publish(DAY, build_id, system, messages)

    yield renewed
    with connect("transformer") as connection:
        connection.execute("drop table if exists sync.sync_crm__opportunity_scores")


def writes(company: Company, deal: str) -> list[dict[str, Any]]:
    """What the CRM's journal shows as written by us to the deal."""
    entries = company.ask(f"journal?object={DEAL}&id={deal}&actor=1000")["entries"]
    return [entry for entry in entries if entry["op"] == "update"]


def send(**overrides: str) -> str:
    done = run_step("writeback", "--as-of", DAY, **{"writeback": "fxiaoke", **overrides})
    assert done.returncode == 0, done.stderr
    return done.stdout.strip().splitlines()[-1]


def test_a_score_is_in_the_crm_with_its_receipt_and_no_workflow_fired(
    company: Company, deals: list[str], owe: Callable[..., None]
) -> None:
    before = company.ask(f"record/{DEAL}/{deals[0]}")["body"]
    owe((deals[0], "send", SCORE))
    assert send() == "write-back: 1 sent, 1 acked, 0 rejected, 0 unknown, 0 unprocessed, 0 skipped, 0 dead"
    after = company.ask(f"record/{DEAL}/{deals[0]}")["body"]
    assert {field: value for field, value in after.items() if field not in before} == {
        "lf_p_win_by_period_end__c": "0.31",
        "lf_p_win_ever__c": "0.62",
        "lf_expected_close_week__c": "2026-08-03",
        "lf_band__c": "B",
        "lf_reasons__c": "阶段停留 12 天",
        "lf_scored_at__c": 1782835200000,
        "lf_model_version__c": "win-1",
        "lf_link__c": "http://x/1",
    }
    assert {field: after[field] for field in before} == before
    assert [entry["workflow_fired"] for entry in writes(company, deals[0])] == [0]
    assert receipts() == [(deals[0], "acked", 1, "0")]


def test_what_is_acknowledged_is_not_sent_again(company: Company, deals: list[str], owe: Callable[..., None]) -> None:
    owe((deals[0], "send", SCORE))
    send()
    seq = company.last_request()
    assert send() == "write-back: 0 sent, 0 acked, 0 rejected, 0 unknown, 0 unprocessed, 1 skipped, 0 dead"
    assert company.requests_since(seq, path="/data/update") == []


@pytest.mark.parametrize("failpoint", ["writeback.before", "writeback.inside", "writeback.after"])
def test_a_kill_leads_to_one_effective_write(
    company: Company, deals: list[str], owe: Callable[..., None], failpoint: str
) -> None:
    score = SCORE | {"model_version": failpoint}
    owe((deals[1], "send", score), (deals[2], "send", score))
    assert run_step("writeback", "--as-of", DAY, writeback="fxiaoke", failpoint=failpoint).returncode == -9
    send()
    assert [row[:2] for row in receipts()] == [(deals[1], "acked"), (deals[2], "acked")]
    for deal in deals[1:]:
        assert [entry["fields"]["lf_model_version__c"] for entry in writes(company, deal)].count(failpoint) == 1


def test_a_lost_reply_is_read_back_and_not_sent_twice(
    company: Company, deals: list[str], owe: Callable[..., None]
) -> None:
    owe((deals[0], "send", SCORE | {"model_version": "lost"}))
    company.ask("faults", [{"kind": "reply_lost", "endpoint": "update", "request_index": 1}])
    assert send() == "write-back: 1 sent, 1 acked, 0 rejected, 0 unknown, 0 unprocessed, 0 skipped, 0 dead"
    company.ask("faults", [])
    assert [entry["fields"]["lf_model_version__c"] for entry in writes(company, deals[0])].count("lost") == 1


def test_a_locked_record_stays_unknown_and_is_tried_again_next_time(
    company: Company, deals: list[str], owe: Callable[..., None]
) -> None:
    owe((deals[0], "send", SCORE | {"model_version": "locked"}), (deals[1], "send", SCORE))
    company.ask("rules", {"locked_ids": [deals[0]]})
    assert send() == "write-back: 2 sent, 1 acked, 0 rejected, 1 unknown, 0 unprocessed, 0 skipped, 0 dead"
    company.ask("rules", {"locked_ids": []})
    assert [row for row in receipts() if row[0] == deals[0]] == [(deals[0], "unknown", 1, "50009")]
    assert send() == "write-back: 1 sent, 1 acked, 0 rejected, 0 unknown, 0 unprocessed, 1 skipped, 0 dead"


def test_a_record_that_is_gone_is_rejected_and_its_withdrawal_is_done(
    company: Company, deals: list[str], owe: Callable[..., None]
) -> None:
    owe(("0000", "send", SCORE), ("0001", "withdraw", CLEARED), (deals[0], "send", SCORE))
    assert send() == "write-back: 3 sent, 2 acked, 1 rejected, 0 unknown, 0 unprocessed, 0 skipped, 0 dead"
    assert [row[1] for row in receipts()] == ["rejected", "acked", "acked"]


def test_a_withdrawn_score_is_cleared(company: Company, deals: list[str], owe: Callable[..., None]) -> None:
    owe((deals[0], "send", SCORE))
    send()
    owe((deals[0], "withdraw", CLEARED), build_id="20260630_b")
    send()
    body = company.ask(f"record/{DEAL}/{deals[0]}")["body"]
    assert [field for field in body if field.startswith("lf_") and body[field] is not None] == []


def test_the_cap_leaves_the_rest_for_another_night(
    company: Company, deals: list[str], owe: Callable[..., None]
) -> None:
    owe(*((deal, "send", SCORE) for deal in deals))
    assert (
        send(writeback_cap="2")
        == "write-back: 2 sent, 2 acked, 0 rejected, 0 unknown, 1 unprocessed, 0 skipped, 0 dead"
    )


def test_a_spent_quota_stops_with_one_sentence_and_keeps_what_was_acknowledged(
    company: Company, deals: list[str], owe: Callable[..., None]
) -> None:
    owe(*((deal, "send", SCORE) for deal in deals))
    company.ask("faults", [{"kind": "30002", "endpoint": "update", "request_index": 2}])
    done = run_step("writeback", "--as-of", DAY, writeback="fxiaoke")
    company.ask("faults", [])
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "the day's quota is spent: wait until midnight" in done.stderr
    assert send() == "write-back: 2 sent, 2 acked, 0 rejected, 0 unknown, 0 unprocessed, 1 skipped, 0 dead"


def test_a_dry_run_and_a_switched_off_write_back_send_nothing(
    company: Company, deals: list[str], owe: Callable[..., None]
) -> None:
    owe((deals[0], "send", SCORE))
    seq = company.last_request()
    shown = run_step("writeback", "--as-of", DAY, "--dry-run", writeback="fxiaoke")
    assert "write-back would send 1 of 1 to fxiaoke; nothing was sent" in shown.stdout
    assert "write-back is off" in run_step("writeback", "--as-of", DAY, writeback="off").stdout
    assert (company.requests_since(seq, path=""), receipts()) == ([], [])


def test_a_day_without_a_published_build_sends_nothing(company: Company, owe: Callable[..., None]) -> None:
    owe()
    done = run_step("writeback", "--as-of", "2026-06-29", writeback="fxiaoke")
    assert (done.returncode, "2026-06-29 has no published build" in done.stderr) == (1, True)


def test_scores_in_a_file_are_safe_to_open_and_complete_after_a_rerun(
    company: Company, owe: Callable[..., None]
) -> None:
    formulas = ["=HYPERLINK(1)", "+1", "-1", "@x", "\tx", "\rx", "＝1"]
    owe(
        *((f"D{n}", "send", SCORE | {"reasons": text, "p_win_ever": -0.5}) for n, text in enumerate(formulas)),
        system="files",
    )
    assert send(writeback="csv").startswith("write-back: 7 sent, 7 acked")
    path = Path(settings().home) / "outputs" / settings().tenant / f"opportunity_scores_{DAY}.csv"
    first = path.read_bytes()
    assert send(writeback="csv").startswith(
        "write-back: 0 sent, 0 acked, 0 rejected, 0 unknown, 0 unprocessed, 7 skipped"
    )
    assert path.read_bytes() == first
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["reasons"] for row in rows] == [f"'{text}" for text in formulas]
    assert {row["p_win_ever"] for row in rows} == {"-0.5"}


def test_reasons_are_cut_at_the_fields_length_and_days_are_local_midnights() -> None:
    mapping = write_back_of("fxiaoke")
    assert len(crm_values(mapping, SCORE | {"reasons": "长" * 900})["lf_reasons__c"]) == 500
    with_day = mapping.model_copy(
        update={
            "fields": {"expected_close_week": mapping.fields["expected_close_week"].model_copy(update={"kind": "day"})}
        }
    )
    assert crm_values(with_day, SCORE) == {"lf_expected_close_week__c": 1785686400000}


def test_after_a_restore_what_the_crm_holds_already_is_read_and_not_written_again(
    company: Company, deals: list[str], owe: Callable[..., None]
) -> None:
    told = SCORE | {"model_version": "restored"}
    owe((deals[0], "send", told))
    send()
    held = len(writes(company, deals[0]))
    owe((deals[0], "send", told), (deals[1], "send", told))  # the receipts are as they were before the first was sent
    with connect("writeback") as connection:
        connection.execute("insert into ops.restores (taken_at) values ('2026-06-29')")
    send()
    assert [state for _, state, *_ in receipts()] == ["acked", "acked"]
    assert len(writes(company, deals[0])) == held
    assert company.ask(f"record/{DEAL}/{deals[1]}")["body"]["lf_model_version__c"] == "restored"
    with connect("writeback") as connection:
        assert connection.execute("select count(*) from ops.restores where reread_at is null").fetchone() == (0,)
