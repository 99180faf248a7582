"""Scores leave for the sandbox's org in collections of 200: each row has its own fate, and every key at most one effective write."""

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from config.settings import settings
from connectors.pacing import Patience
from connectors.salesforce import Salesforce
from connectors.streams import write_back_of
from connectors.writeback import write_back
from connectors.writer_salesforce import SalesforceWriter
from sandbox.company import Patch
from tests.connectors.between import before
from tests.connectors.channels import Served
from tests.connectors.chatting import at
from tests.connectors.salesforce_org import OPP
from tests.connectors.salesforce_writing import CLEARED, DAY, HUMAN, SCORE, deal_ids, owe, receipts, writable, written
from warehouse.connection import connect
from warehouse.receipts import Message
from warehouse.steps import StepError

SIZE = 430  # three collections
KEYS = deal_ids(SIZE)


@pytest.fixture(scope="module")
def world(tenant_database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """An org of 430 deals; the last one lies in its recycle bin."""
    gone = Patch(at("2026-06-29T11:00"), OPP, f"w{SIZE - 1:05d}", "update", {"life_status": "invalid"}, "1001")
    with writable(tmp_path_factory.mktemp("writable"), SIZE, gone) as running:
        yield running


@pytest.fixture
def org(world: Served) -> Iterator[Served]:
    """The org without faults, locks or receipts."""
    with connect("owner_ddl") as owner:
        owner.execute("truncate ops.writeback_receipts, ops.publications, ops.published_build, ops.builds cascade")
    yield world
    world.plant()
    world.world.rules.locked_ids, world.world.rules.daily_quota = (), 100_000
    with connect("transformer") as connection:
        connection.execute("drop table if exists sync.sync_crm__opportunity_scores")


def scores(version: str, keys: list[str] = KEYS[:429]) -> list[tuple[str, str, dict[str, Any]]]:
    return [(key, "send", SCORE | {"model_version": version}) for key in keys]


def test_scores_arrive_in_collections_of_two_hundred_and_no_other_field_is_touched(
    org: Served, capsys: pytest.CaptureFixture[str]
) -> None:
    owe(scores("all"))
    write_back(DAY)
    assert "429 sent, 429 acked, 0 rejected, 0 unknown, 0 unprocessed, 0 skipped, 0 dead" in capsys.readouterr().out
    assert [row["rows"] for row in org.asked("/composite/sobjects")] == [200, 200, 29]
    record = org.world.store.record(OPP, "w00007")
    assert record is not None
    assert record.body == HUMAN | {
        "lf_p_win_by_period_end__c": "0.31", "lf_p_win_ever__c": "0.62", "lf_expected_close_week__c": "2026-08-03", "lf_band__c": "B",
        "lf_reasons__c": "阶段停留 12 天；无互动", "lf_scored_at__c": 1782835200000, "lf_model_version__c": "all", "lf_link__c": "http://x/1",
    }  # fmt: skip
    write_back(DAY)
    assert len(org.asked("/composite/sobjects")) == 3


def test_one_bad_row_of_two_hundred_is_told_of_the_right_record(org: Served) -> None:
    mixed = scores("mixed")
    mixed[150] = (KEYS[150], "send", SCORE | {"band": "much too long"})
    mixed[30] = ("006000000000nobody", "send", SCORE)
    owe([*mixed, (KEYS[429], "withdraw", CLEARED)])
    write_back(DAY)
    told = {key: outcome for key, outcome in receipts().items() if outcome != ("acked", "0")}
    assert told == {
        KEYS[150]: ("rejected", "STRING_TOO_LONG"),
        "006000000000nobody": ("rejected", "INVALID_CROSS_REFERENCE_KEY"),
        KEYS[429]: ("acked", "ENTITY_IS_DELETED"),
    }
    assert len(written(org, "mixed")) == 427


def test_a_withdrawn_score_is_cleared(org: Served) -> None:
    owe(scores("before", KEYS[:3]))
    write_back(DAY)
    owe([(KEYS[0], "withdraw", CLEARED)], "20260630_b")
    write_back(DAY)
    record = org.world.store.record(OPP, "w00000")
    assert record is not None
    assert record.body == HUMAN


def test_a_lost_reply_is_read_back_in_one_request_and_not_sent_twice(org: Served) -> None:
    org.plant({"kind": "reply_lost", "endpoint": "salesforce_update", "request_index": 2})
    asked = len(org.asked("/composite/sobjects"))
    retrieved = len(org.asked("/{object}"))
    owe(scores("lost"))
    write_back(DAY)
    assert set(receipts().values()) == {("acked", "0"), ("acked", None)}
    assert set(written(org, "lost").values()) == {1}
    assert (len(org.asked("/composite/sobjects")) - asked, len(org.asked("/{object}")) - retrieved) == (3, 1)


def test_a_call_that_never_arrived_is_read_back_and_then_sent(org: Served) -> None:
    """The gateway answers 504 and nothing was done."""
    org.plant({"kind": "http_504", "endpoint": "salesforce_update", "request_index": 1})
    owe(scores("gateway", KEYS[:250]))
    write_back(DAY)
    assert set(receipts().values()) == {("acked", "0")}
    assert (len(written(org, "gateway")), set(written(org, "gateway").values())) == (250, {1})


def test_a_spent_quota_stops_the_night_and_the_next_sends_only_what_is_owed(org: Served) -> None:
    owe(scores("spent"))
    org.plant({"kind": "code:REQUEST_LIMIT_EXCEEDED", "endpoint": "salesforce_update", "request_index": [2, 3]})
    with pytest.raises(StepError, match="requests of 24 hours are spent"):
        write_back(DAY)
    assert Counter(receipts().values()) == {("acked", "0"): 200, ("unprocessed", "REQUEST_LIMIT_EXCEEDED"): 229}
    org.plant()
    write_back(DAY)
    assert (set(receipts().values()), set(written(org, "spent").values())) == ({("acked", "0")}, {1})


@pytest.fixture
def writer(org: Served) -> Iterator[Callable[[], SalesforceWriter]]:
    """A writer whose waits are only noted: it unlocks everything after `unlocks_after` waits."""
    opened: list[SalesforceWriter] = []

    def start(unlocks_after: int = 99) -> SalesforceWriter:
        waits: list[float] = []

        def pause(seconds: float) -> None:
            waits.append(seconds)
            if len(waits) == unlocks_after:
                org.world.rules.locked_ids = ()

        opened.append(SalesforceWriter(Salesforce(patience=Patience(3, pause=pause)), write_back_of("salesforce")))
        return opened[-1]

    yield start
    for each in opened:
        each.close()


def message(key: str, version: str = "direct") -> Message:
    return Message(
        "b", "opportunity", key, "salesforce", "send", SCORE | {"model_version": version}, "x", None, is_dead=False
    )


def test_a_locked_row_is_asked_for_again_alone_and_written_once_it_is_free(org: Served, writer: Any) -> None:
    org.world.rules.locked_ids = (KEYS[1],)
    asked = len(org.asked("/composite/sobjects"))
    outcomes = writer(unlocks_after=1).write([message(key, "locked") for key in KEYS[:3]])
    assert [outcome.state for outcome in outcomes] == ["acked"] * 3
    assert [row["rows"] for row in org.asked("/composite/sobjects")[asked:]] == [2, 1]
    assert set(written(org, "locked").values()) == {1}


def test_a_row_that_stays_locked_is_left_unprocessed_and_the_others_are_done(org: Served, writer: Any) -> None:
    org.world.rules.locked_ids = (KEYS[1],)
    outcomes = writer().write([message(key) for key in KEYS[:3]])
    assert [(outcome.state, outcome.error_code) for outcome in outcomes] == [
        ("acked", "0"),
        ("unprocessed", "UNABLE_TO_LOCK_ROW"),
        ("acked", "0"),
    ]


@pytest.mark.parametrize(
    ("fault", "state"), [("code:REQUEST_LIMIT_EXCEEDED", "unprocessed"), ("reply_lost", "unknown")]
)
def test_what_is_known_stays_known_when_the_call_for_the_locked_rows_fails(
    org: Served, writer: Any, fault: str, state: str
) -> None:
    org.world.rules.locked_ids = (KEYS[1],)
    org.plant({"kind": fault, "endpoint": "salesforce_update", "request_index": 2})
    outcomes = writer().write([message(key, fault) for key in KEYS[:3]])
    assert [outcome.state for outcome in outcomes] == ["acked", state, "acked"]


def test_a_write_of_an_ended_session_is_done_once_after_one_sign_in(org: Served, writer: Any) -> None:
    org.plant({"kind": "token_expired", "endpoint": "salesforce_update", "request_index": 1})
    assert [outcome.state for outcome in writer().write([message(KEYS[0], "expired")])] == ["acked"]
    assert written(org, "expired") == {KEYS[0]: 1}


def test_a_dry_run_sends_nothing(org: Served, capsys: pytest.CaptureFixture[str]) -> None:
    owe(scores("dry", KEYS[:2]))
    asked = len(org.asked("/composite/sobjects"))
    write_back(DAY, dry_run=True)
    assert "write-back would send 2 of 2 to salesforce; nothing was sent" in capsys.readouterr().out
    assert len(org.asked("/composite/sobjects")) == asked


def test_what_a_person_edits_between_our_read_back_and_our_write_stays(org: Served) -> None:
    edited = {"amount": "777.00", "name": "新项目"}

    def edit() -> None:
        with org.world.store.transaction():
            org.world.store.apply(org.world.clock.now_ms(), OPP, "w00012", "update", edited, "1001")

    with before(org.url, "/composite/sobjects", edit) as url:
        now = settings().model_copy(update={"salesforce_base_url": url})
        writer = SalesforceWriter(Salesforce(now, Patience(2)), write_back_of("salesforce"))
        payload = SCORE | {"model_version": "beside"}
        message = Message("b", "opportunity", KEYS[12], "salesforce", "send", payload, "hash", "unknown", is_dead=False)
        assert not writer.holds(message)
        assert [outcome.state for outcome in writer.write([message])] == ["acked"]
        writer.close()
    record = org.world.store.record(OPP, "w00012")
    assert record is not None
    assert {name: value for name, value in record.body.items() if not name.startswith("lf_")} == HUMAN | edited
    assert record.body["lf_model_version__c"] == "beside"
