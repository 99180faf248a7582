"""An org's past at go-live: what its history dates is known from the end of its own day on, and nothing else before the first night."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from config.settings import settings
from connectors.field_history import tell
from connectors.history import load_history
from sandbox.salesforce_schema import org_id
from sandbox.salesforce_sign_in import CLIENT_ID, CLIENT_SECRET
from tests.connectors.channels import served
from tests.connectors.chatting import at
from tests.connectors.salesforce_org import DAY, PATCHES, Org, forget, pointed
from warehouse.clock import cutoff
from warehouse.connection import connect


@pytest.fixture
def org(tenant_database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Org]:
    """The org that the settings name, with nothing landed."""
    forget()
    with served(tmp_path / "org", PATCHES) as running:
        values = {"BASE_URL": running.url, "CLIENT_ID": CLIENT_ID, "CLIENT_SECRET": CLIENT_SECRET}
        for name, value in values.items():
            monkeypatch.setenv(f"LANDFALL_SALESFORCE_{name}", value)
        monkeypatch.setenv("LANDFALL_SOURCES", "salesforce")
        monkeypatch.setenv("LANDFALL_HISTORY", "full")
        settings.cache_clear()
        yield Org(pointed(running.url, tmp_path))
    settings.cache_clear()


def versions(of: str, key: str = "true") -> list[tuple[Any, ...]]:
    with connect("loader") as connection:
        return connection.execute(
            f"select record, changed_at, known_at, is_reconstructed from landing.salesforce__{of} where {key} order by changed_at, known_at"
        ).fetchall()


def test_a_deal_is_known_as_its_history_dates_it_and_the_first_night_adds_the_rest(
    org: Org, capsys: pytest.CaptureFixture[str]
) -> None:
    load_history(DAY)
    deal = org_id("006", "d003") or ""
    mine = f"record_id = '{deal}'"
    born, moved = "2026-06-28T02:00:00.000Z", "2026-06-30T04:03:00.000Z"
    known = {"Id": deal, "CreatedDate": born, "CurrencyIsoCode": "CNY", "CloseDate": "2026-08-01"}
    first = known | {
        "StageName": "Prospecting",
        "Amount": "1003.5",
        "LastStageChangeDate": born,
        "SystemModstamp": born,
    }
    second = known | {
        "StageName": "Needs Analysis",
        "Amount": "2000",
        "LastStageChangeDate": moved,
        "SystemModstamp": moved,
    }
    assert versions("opportunities", mine) == [
        (first, at("2026-06-28T10:00"), cutoff(date(2026, 6, 28)), True),
        (second, at("2026-06-30T12:03"), cutoff(DAY), True),
    ]
    org.walk("opportunities")
    newest, _, known_at, is_reconstructed = versions("opportunities", mine)[-1]
    assert (newest["Name"], known_at, is_reconstructed) == ("项目3", cutoff(DAY), False)
    tell("salesforce")
    said = capsys.readouterr().out
    assert "  StageName: dated since 2026-06-28" in said
    assert f"  OwnerId: watched since {DAY}" in said


def test_the_first_night_finds_no_row_of_the_history_new_and_a_second_load_does_nothing(
    org: Org, capsys: pytest.CaptureFixture[str]
) -> None:
    load_history(DAY)
    landed = versions("stage_changes")
    assert {known_at for _, changed_at, known_at, _ in landed if changed_at < at("2026-06-29T00:00")} == {
        cutoff(date(2026, 6, 28))
    }
    assert all(is_reconstructed for *_, is_reconstructed in landed)
    tally = org.walk("stage_changes")
    assert (tally.received, tally.landed) == (len(landed), 0)
    load_history(DAY)
    assert "history salesforce: loaded already" in capsys.readouterr().out
    assert versions("stage_changes") == landed
