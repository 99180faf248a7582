"""The channel by e-mail against a mail server: who did not get a message is said, and no connection stays open behind a failure."""

import gc
import warnings
from collections.abc import Iterator

import pytest

from config.settings import settings
from connectors import channel_mail
from connectors.channels import Post, Receipt
from connectors.contacts import Contact
from tests.connectors.mailbox import Mailbox
from warehouse.steps import StepError

LEI, NA = Contact(person_id="1005", mail="lei@x.cn"), Contact(person_id="1007", mail="na@x.cn")
POST = Post("b silence|O-1", "谈判中失联", "已 14 天没有互动", "http://x", [LEI, NA])


@pytest.fixture
def mailbox(monkeypatch: pytest.MonkeyPatch) -> Iterator[Mailbox]:
    """A mail server that the settings name."""
    served = Mailbox()
    values = {"HOST": "127.0.0.1", "PORT": str(served.port), "TLS": "none", "FROM": "landfall@x.cn"}
    for name, value in values.items():
        monkeypatch.setenv(f"LANDFALL_NOTIFY_MAIL_{name}", value)
    settings.cache_clear()
    yield served
    served.close()
    settings.cache_clear()


def test_a_message_that_one_of_two_did_not_get_has_failed_and_says_who_without_an_address(mailbox: Mailbox) -> None:
    channel = channel_mail.channel(lambda _: None)
    mailbox.refusals["na@x.cn"] = 550
    receipt = channel.send(POST)
    assert (receipt.state, receipt.error_code, len(mailbox.messages)) == ("failed", "550", 1)
    assert str(receipt.answer).endswith("@landfall> not told: 1007")
    mailbox.refusals.clear()
    assert channel.send(POST) == Receipt("sent", "250", str(receipt.answer).split()[0])  # the same message to a reader


def test_a_server_that_takes_no_login_is_left_without_an_open_connection(
    mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LANDFALL_NOTIFY_MAIL_USER", "landfall")
    settings.cache_clear()
    channel = channel_mail.channel(lambda _: None)
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        with pytest.raises(StepError, match="SMTPNotSupportedError"):
            channel.send(POST)
        gc.collect()
    assert [str(each.message) for each in told if issubclass(each.category, ResourceWarning)] == []
