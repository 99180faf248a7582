"""A night of write-back in which everything goes wrong at once: the ledger accounts for every row, and the next night sends what is owed.

`sync` is filled by hand with what a build owes, as in test_writeback.py.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from config.settings import settings
from connectors import channel_fxiaoke
from connectors.channels import Post
from connectors.contacts import contact_of
from connectors.streams import write_back_of
from connectors.writeback import write_back
from tests.connectors.company import Company
from tests.connectors.outbox import publish
from warehouse.connection import connect
from warehouse.dead_letters import listed, release
from warehouse.steps import StepError

pytestmark = pytest.mark.slow
DEAL = "NewOpportunityObj"
NIGHTS = ("2026-06-30", "2026-07-01", "2026-07-02", "2026-07-03", "2026-07-04")


def payload(version: str, number: int = 0) -> dict[str, Any]:
    known = {
        "p_win_by_period_end": round(number % 97 / 100, 2),
        "p_win_ever": 0.5,
        "band": "C",
        "model_version": version,
    }
    return dict.fromkeys([*write_back_of("fxiaoke").fields, "tier", "period_id"]) | known


def owe(day: str, build_id: str, deals: list[str]) -> None:
    """Publish a build of `day` that owes each of `deals` a score; receipts of earlier builds stay."""
    publish(day, build_id, "fxiaoke", ((deal, "send", payload(build_id, number)) for number, deal in enumerate(deals)))


def states(build_id: str) -> dict[str, str]:
    with connect("writeback") as connection:
        found = connection.execute(
            "select record_id, state from ops.writeback_receipts where build_id = %s", (build_id,)
        ).fetchall()
    return dict(found)


def effective(company: Company, version: str) -> Counter[str]:
    """How often the CRM's journal shows a deal given the scores of one build."""
    return Counter(
        entry["id"]
        for entry in journal(company, "&actor=1000")
        if entry["op"] == "update" and entry["fields"].get("lf_model_version__c") == version
    )


def journal(company: Company, narrowed: str = "") -> list[dict[str, Any]]:
    """The deals' journal, page by page."""
    entries: list[dict[str, Any]] = []
    while page := company.ask(f"journal?object={DEAL}{narrowed}&since_seq={entries[-1]['seq'] if entries else 0}")[
        "entries"
    ]:
        entries += page
    return entries


def some_deals(company: Company, size: int) -> list[str]:
    """The first `size` deals by id."""
    entries = journal(company)
    gone = {entry["id"] for entry in entries if entry["op"] == "delete"}
    deals = sorted({entry["id"] for entry in entries} - gone)[:size]
    assert len(deals) == size
    return deals


@pytest.fixture
def company_of(
    tenant_database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[str], Company]]:
    """company_of(scale): a served company that the settings of this test point at."""
    served: list[Company] = []

    def found(scale: str) -> Company:
        served.append(Company(tmp_path, scale=scale))
        monkeypatch.setenv("LANDFALL_FXIAOKE_BASE_URL", served[0].url)
        monkeypatch.setenv("LANDFALL_WRITEBACK", "fxiaoke")
        settings.cache_clear()
        return served[0]

    yield found
    served[0].stop()
    settings.cache_clear()


def a_bad_night_and_the_next(company: Company, size: int) -> None:
    """3 % refused, a reply lost, a record locked, and the quota spent before the end."""
    deals = some_deals(company, size)
    first, second = f"20260630_{size}", f"20260701_{size}"
    owe(NIGHTS[0], first, deals)
    spent_at = size * 9 // 10
    company.ask("rules", {"locked_ids": [deals[3]]})
    company.ask(
        "faults",
        [
            {"kind": "reply_lost", "endpoint": "update", "request_index": 20},
            {"kind": "32000", "endpoint": "update", "every": 33},
            {"kind": "30002", "endpoint": "update", "request_index": list(range(spent_at, 2 * size))},
        ],
    )
    with pytest.raises(StepError, match="the day's quota is spent"):
        write_back(date.fromisoformat(NIGHTS[0]))
    company.ask("faults", [])
    company.ask("rules", {"locked_ids": []})

    ledger = states(first)
    counted = Counter(ledger.values())
    assert sorted(ledger) == deals  # every row that was owed has its receipt
    assert counted["rejected"] == (spent_at - 1) // 33
    assert ledger[deals[3]] == "unknown"
    assert counted["unprocessed"] == size - counted["acked"] - counted["rejected"] - 1 >= size // 11
    written = effective(company, first)
    assert set(written.values()) == {1}
    assert set(written) == {deal for deal, state in ledger.items() if state == "acked"}

    owed = [
        deal for deal in deals if ledger[deal] != "acked"
    ]  # as sync computes it: what was acknowledged is owed no more
    owe(NIGHTS[1], second, owed)
    seq = company.last_request()
    write_back(date.fromisoformat(NIGHTS[1]))
    assert len(company.requests_since(seq, path="/data/update")) == len(owed)
    assert (sorted(effective(company, second)), set(states(second).values())) == (sorted(owed), {"acked"})
    assert listed() == []


def test_after_a_bad_night_every_row_is_accounted_for_and_the_next_sends_only_what_is_owed(
    company_of: Callable[[str], Company],
) -> None:
    a_bad_night_and_the_next(company_of("0.05"), 500)


@pytest.mark.soak
@pytest.mark.timeout(2 * 3600)
def test_the_same_holds_for_ten_thousand(company_of: Callable[[str], Company]) -> None:
    a_bad_night_and_the_next(company_of("1"), 10_000)


def test_the_crm_takes_an_alert_for_its_users(company: Company) -> None:
    messages = channel_fxiaoke.channel()
    owner = contact_of("1007")
    seq = company.last_request()
    assert messages.send(Post("k", "谈判中失联", "已 14 天没有互动", "http://x", [owner])).state == "sent"
    messages.close()
    assert len(company.requests_since(seq, path="/cgi/message/send")) == 1


def test_a_record_refused_for_three_nights_is_a_dead_letter_until_it_is_released(
    company: Company, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LANDFALL_WRITEBACK", "fxiaoke")
    settings.cache_clear()
    (sound,) = some_deals(company, 1)
    for number, day in enumerate(NIGHTS[:3]):
        assert listed() == []
        owe(day, f"dead_{number}", [sound, "0000"])
        write_back(date.fromisoformat(day))
        write_back(date.fromisoformat(day))  # a rerun is no further night
    assert listed() == [("fxiaoke", "0000", "dead_2", 3, "32000")]

    owe(NIGHTS[3], "dead_3", [sound, "0000"])
    seq = company.last_request()
    capsys.readouterr()
    write_back(date.fromisoformat(NIGHTS[3]))
    said = "write-back: 1 sent, 1 acked, 0 rejected, 0 unknown, 0 unprocessed, 0 skipped, 1 dead\n"
    assert capsys.readouterr().out == said
    assert len(company.requests_since(seq, path="/data/update")) == 1
    assert states("dead_3") == {sound: "acked", "0000": "dead"}

    with pytest.raises(StepError, match="1111 is no dead letter"):
        release(["0000", "1111"], "mended")
    assert release([], "mended", dry_run=True) == ["0000"]
    assert len(listed()) == 1
    assert release(["0000"], "mended") == ["0000"]
    owe(NIGHTS[4], "dead_4", ["0000"])
    write_back(date.fromisoformat(NIGHTS[4]))
    assert (states("dead_4"), listed()) == (
        {"0000": "rejected"},
        [],
    )  # refused once since the release: two nights to go
