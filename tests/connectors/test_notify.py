"""The step `notify` on a real database: who is told what by mail and by a group's webhook, once, and what a failure leaves behind.

`sync` is filled by hand: this module's tables stand for the ones dbt makes.
"""

from collections.abc import Callable, Iterator
from datetime import date
from email import message_from_string
from email.header import decode_header, make_header
from typing import Any

import pytest

from config.settings import settings
from connectors.notify import notify
from tests.connectors.mailbox import Mailbox
from tests.connectors.vendor import Vendor
from warehouse.connection import connect
from warehouse.steps import StepError

DAY, NEXT = date(2026, 6, 30), date(2026, 7, 1)
SCHEMA = """
    drop table if exists sync.sync_notify__alerts, sync.sync_notify__messages;
    create table sync.sync_notify__alerts (build_id text, alert_key text, action text, rule text, subject_id text, owner_id text,
        manager_id text, sentence_zh text, sentence_en text, as_of date);
    create table sync.sync_notify__messages (build_id text, alert_key text, recipient_id text, rule text, subject_id text, owner_id text,
        manager_id text, title_zh text, title_en text, sentence_zh text, sentence_en text, link text, place integer, is_summed boolean)
"""
Owe = Callable[..., None]


class Receiver:
    """A webhook that answers `status`."""

    def __init__(self) -> None:
        self.status = 200
        self.vendor = Vendor(lambda _: (self.status, {}))


@pytest.fixture(scope="module")
def places(tenant_database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Mailbox, Receiver]]:
    """A mail server and a webhook that the settings name; 1005 and 1007 have addresses, 1009 has none."""
    mailbox, receiver = Mailbox(), Receiver()
    contacts = tmp_path_factory.mktemp("contacts") / "contacts.yml"
    contacts.write_text("'1005': {mail: lei@x.cn}\n'1007': {mail: na@x.cn}\n'1': {mail: ops@x.cn}\n", "utf-8")
    patch = pytest.MonkeyPatch()
    values = {
        "NOTIFY": "mail,webhook", "NOTIFY_CONTACTS": str(contacts), "NOTIFY_OPERATORS": "1", "NOTIFY_MAIL_HOST": "127.0.0.1",
        "NOTIFY_MAIL_PORT": str(mailbox.port), "NOTIFY_MAIL_TLS": "none", "NOTIFY_MAIL_FROM": "landfall@x.cn",
        "NOTIFY_WEBHOOK_BASE_URL": f"{receiver.vendor.url}/canary-path", "NOTIFY_WEBHOOK_SECRET": "canary-secret", "LANG": "zh",
    }  # fmt: skip
    for name, value in values.items():
        patch.setenv(f"LANDFALL_{name}", value)
    settings.cache_clear()
    yield mailbox, receiver
    mailbox.close()
    receiver.vendor.close()
    patch.undo()
    settings.cache_clear()


@pytest.fixture
def owe(places: tuple[Mailbox, Receiver]) -> Owe:
    """owe(build, day, changes, messages): publish a build that opens and clears alerts, and tells (alert, recipient, is_summed)."""
    mailbox, receiver = places
    mailbox.messages.clear()
    mailbox.refusals.clear()
    receiver.vendor.asked.clear()
    receiver.status = 200
    with connect("owner_ddl") as owner:
        owner.execute(
            "truncate ops.alerts, ops.alert_deliveries, ops.publications, ops.published_build, ops.builds cascade"
        )

    def publish(build: str, day: date, changes: list[tuple[str, str]], messages: list[tuple[str, str, bool]]) -> None:
        with connect("transformer") as connection:
            connection.execute(SCHEMA)
            connection.execute(
                "insert into ops.builds (build_id, as_of, inputs_digest, code_version, seed, state)"
                " values (%s, %s, '', '', 1, 'published')",
                (build, day),
            )
            connection.execute(
                "insert into ops.publications (build_id, as_of, kind, manifest) values (%s, %s, 'publish', '{}')",
                (build, day),
            )
            for key, action in changes:
                connection.execute(
                    "insert into sync.sync_notify__alerts values (%s, %s, %s, 'silence', 'O', '1007', '1005', '句子', 'sentence', %s)",
                    (build, key, action, day),
                )
            for place, (key, recipient, is_summed) in enumerate(messages):
                connection.execute(
                    "insert into sync.sync_notify__messages values (%s, %s, %s, 'silence', 'O', '1007', '1005', '谈判中失联', 'Silence',"
                    " %s, 'sentence', 'http://x/o', %s, %s)",
                    (build, key, recipient, f"句子 {key}", place, is_summed),
                )

    return publish


def rows(query: str) -> list[tuple[Any, ...]]:
    with connect("writeback") as connection:
        return connection.execute(query).fetchall()


def subjects(mailbox: Mailbox) -> list[tuple[str, str]]:
    found = [message_from_string(text) for text in mailbox.messages]
    return [(mail["To"], str(make_header(decode_header(mail["Subject"])))) for mail in found]


DELIVERIES = (
    "select channel, recipient_id, alert_key, state, error_code, attempt from ops.alert_deliveries order by 1, 2, 3"
)


def test_each_is_told_once_by_each_channel_and_the_rest_of_the_day_is_one_message(
    owe: Owe, places: tuple[Mailbox, Receiver], capsys: pytest.CaptureFixture[str]
) -> None:
    mailbox, receiver = places
    messages = [
        ("a", "1005", False),
        ("b", "1005", True),
        ("c", "1005", True),
        ("a", "1009", False),
        ("a", "group", False),
    ]
    owe("b1", DAY, [("a", "open"), ("b", "open"), ("c", "open")], [*messages, ("c", "operators", False)])
    notify(DAY)
    said = capsys.readouterr().out
    assert "3 alerts opened, 0 cleared" in said
    assert "notify: 3 sent, 2 summed, 1 undeliverable, 0 failed; 95 % within" in said
    assert subjects(mailbox) == [("lei@x.cn", "谈判中失联"), ("lei@x.cn", "另有 2 条提醒"), ("ops@x.cn", "谈判中失联")]
    (posted,) = receiver.vendor.asked
    assert (posted.json["text"], posted.json["people"]) == ("句子 a", ["1007", "1005"])
    receipts = rows(DELIVERIES)
    assert [row[:5] for row in receipts] == [
        ("mail", "1005", "a", "sent", "250"), ("mail", "1005", "b", "summed", "250"), ("mail", "1005", "c", "summed", "250"),
        ("mail", "1009", "a", "undeliverable", "no_contact"), ("mail", "operators", "c", "sent", "250"),
        ("webhook", "group", "a", "sent", "200"),
    ]  # fmt: skip
    notify(DAY)
    assert (len(mailbox.messages), len(receiver.vendor.asked), rows(DELIVERIES)) == (3, 1, receipts)
    assert rows("select alert_key, opened_build_id, cleared_build_id from ops.alerts order by 1") == [
        (key, "b1", None) for key in "abc"
    ]


def test_what_is_over_is_cleared_and_may_come_up_again(owe: Owe) -> None:
    owe("b1", DAY, [("a", "open")], [])
    notify(DAY)
    owe("b2", NEXT, [("a", "clear")], [])
    notify(NEXT)
    notify(NEXT)
    assert rows("select opened_build_id, cleared_build_id from ops.alerts") == [("b1", "b2")]
    owe("b3", date(2026, 7, 2), [("a", "open")], [])
    notify(date(2026, 7, 2))
    assert rows("select opened_build_id, cleared_build_id from ops.alerts order by 1") == [("b1", "b2"), ("b3", None)]


def test_a_failure_is_tried_again_and_the_other_channel_is_not_held_up(
    owe: Owe, places: tuple[Mailbox, Receiver], capsys: pytest.CaptureFixture[str]
) -> None:
    mailbox, receiver = places
    mailbox.failures = 1  # the first connection breaks: tried again within the run
    receiver.status = 401
    owe("b1", DAY, [("a", "open")], [("a", "1005", False), ("a", "group", False), ("b", "group", False)])
    with pytest.raises(StepError, match="webhook: the webhook refused an alert") as failed:
        notify(DAY)
    assert len(receiver.vendor.asked) == 1  # nothing else would get through
    assert [row[1:] for row in rows(DELIVERIES)] == [
        ("1005", "a", "sent", "250", 1), ("group", "a", "failed", "401", 1), ("group", "b", "failed", "401", 1)
    ]  # fmt: skip
    told = capsys.readouterr().out + str(failed.value)
    assert not any(hidden in told for hidden in ("canary", "lei@x.cn"))
    receiver.status = 200
    notify(DAY)
    assert [row[1:] for row in rows(DELIVERIES)] == [
        ("1005", "a", "sent", "250", 1), ("group", "a", "sent", "200", 2), ("group", "b", "sent", "200", 2)
    ]  # fmt: skip
    assert len(mailbox.messages) == 1
    with connect("auditor") as auditor:
        noted = auditor.execute(
            "select each ->> 'channel', each ->> 'sent', each ->> 'failed' from ops.step_runs,"
            " jsonb_array_elements(detail -> 'by_channel') as each order by run_id desc, 1 limit 4"
        ).fetchall()
    assert noted == [("mail", "0", "0"), ("webhook", "2", "0"), ("mail", "1", "0"), ("webhook", "0", "2")]


def test_a_recipient_whom_the_mail_server_does_not_know_is_undeliverable(
    owe: Owe, places: tuple[Mailbox, Receiver]
) -> None:
    places[0].refusals["lei@x.cn"] = 550
    owe("b1", DAY, [], [("a", "1005", False), ("a", "1007", False)])
    notify(DAY)
    assert [row[1:5] for row in rows(DELIVERIES)] == [
        ("1005", "a", "undeliverable", "550"),
        ("1007", "a", "sent", "250"),
    ]


def test_a_night_that_sends_nothing_has_no_latency(owe: Owe, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing sent in no time would read as the best of nights."""
    owe("b1", DAY, [("a", "open")], [("a", "1009", False)])
    notify(DAY)
    assert "0 sent, 0 summed, 1 undeliverable, 0 failed; none was sent" in capsys.readouterr().out
    with connect("auditor") as auditor:
        noted = auditor.execute("select detail -> 'p95_s' from ops.step_runs order by run_id desc limit 1").fetchone()
    assert noted == (None,)


def test_a_dry_run_and_a_notify_that_is_off_tell_nobody(
    owe: Owe, places: tuple[Mailbox, Receiver], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    owe("b1", DAY, [("a", "open")], [("a", "1005", False)])
    notify(DAY, dry_run=True)
    assert capsys.readouterr().out == "mail → 1005: 谈判中失联: 句子 a\nnothing was sent\n"
    monkeypatch.setenv("LANDFALL_NOTIFY", "")
    settings.cache_clear()
    notify(DAY)
    assert "nobody is told" in capsys.readouterr().out
    assert (places[0].messages, rows(DELIVERIES), rows("select * from ops.alerts")) == ([], [], [])
    monkeypatch.undo()
    settings.cache_clear()


def test_mail_never_leaves_this_machine_unencrypted(
    places: tuple[Mailbox, Receiver], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LANDFALL_NOTIFY_MAIL_HOST", "mail.x.cn")
    settings.cache_clear()
    with pytest.raises(StepError, match="unencrypted"):
        notify(DAY)
    monkeypatch.undo()
    settings.cache_clear()
