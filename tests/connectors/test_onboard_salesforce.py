"""A tenant's Salesforce from nothing: what is custom is found by label, type and fill, and what the org has not is left out.

Both orgs show the same company; the second has one currency, no record types, amounts in 万元, fields and stages of its own.
"""

import csv
import re
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from openpyxl import load_workbook

from config.settings import ROOT, settings
from connectors.onboard import onboard
from connectors.preview import preview
from connectors.salesforce import Salesforce
from connectors.streams import SystemMapping, mapping_of, read_mapping
from sandbox.administration import create_fields
from sandbox.salesforce_schema import WRITABLE
from sandbox.salesforce_sign_in import CLIENT_ID, CLIENT_SECRET
from tests.connectors.channels import Served, served
from tests.connectors.salesforce_org import DAY, PATCHES
from warehouse.steps import StepError

pytestmark = pytest.mark.slow
TEMPLATE = read_mapping(ROOT / "config" / "tenants" / "sandbox" / "salesforce.yml", "salesforce")
Onboard = Callable[..., Path]


def pointed(url: str, home: Path, patch: pytest.MonkeyPatch) -> None:
    values = {"BASE_URL": url, "CLIENT_ID": CLIENT_ID, "CLIENT_SECRET": CLIENT_SECRET}
    for name, value in values.items():
        patch.setenv(f"LANDFALL_SALESFORCE_{name}", value)
    patch.setenv("LANDFALL_HOME", str(home))
    patch.setenv("LANDFALL_TENANTS_DIR", str(home / "tenants"))
    settings.cache_clear()


@pytest.fixture(scope="module")
def second(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The org that somebody else set up."""
    with served(tmp_path_factory.mktemp("second"), PATCHES, "renamed") as running:
        yield running


@pytest.fixture
def own(second: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Onboard]:
    """own(*chosen): the folder of the tenant after onboarding the second org."""
    pointed(second.url, tmp_path, monkeypatch)

    def run(*chosen: str) -> Path:
        onboard("salesforce", None, chosen, DAY, dry_run=False, is_forced=False)
        return settings().tenants_dir / settings().tenant

    yield run
    second.plant()
    settings.cache_clear()


def mapping(folder: Path) -> SystemMapping:
    return read_mapping(folder / "salesforce.yml", "salesforce")


def test_an_org_of_salesforces_own_names_finds_the_template_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with served(tmp_path / "first", PATCHES) as first:
        pointed(first.url, tmp_path, monkeypatch)
        onboard("salesforce", None, [], DAY, dry_run=False, is_forced=False)
        found = mapping_of("salesforce")
        assert (found.streams.keys(), found.write_back) == (TEMPLATE.streams.keys(), TEMPLATE.write_back)
        for name, stream in found.streams.items():
            assert stream == TEMPLATE.streams[name]
    settings.cache_clear()


def test_custom_fields_are_found_and_what_the_org_has_not_is_left_out(own: Onboard) -> None:
    streams = mapping(own()).streams
    deals = streams["opportunities"]
    assert set(TEMPLATE.streams["opportunities"].fields) - set(deals.fields) == {
        "RecordType.DeveloperName",
        "CurrencyIsoCode",
    }
    assert "CurrencyIsoCode" not in streams["stage_changes"].fields
    amount, kind = deals.filled_by["Amount"], deals.filled_by["Type"]
    assert (amount.field, amount.scale) == ("Contract_Value__c", Decimal(10000))
    assert (kind.field, kind.values) == ("Deal_Kind__c", {"新购": "New Business", "续约": "Renewal"})
    assert deals.filled_by["ForecastCategoryName"].values["Best Case"] == "best_case"


def test_the_mapping_says_what_was_looked_at_and_what_is_doubtful(own: Onboard) -> None:
    text = (own() / "salesforce.yml").read_text("utf-8")
    assert "# Looked at: the list of objects (sobjects)" in text
    assert "# Probability: doubtful: none of the 100 records looked at holds it" in text
    assert "# no field fills RecordType.DeveloperName, CurrencyIsoCode" in text


def test_stages_mean_what_their_labels_or_the_records_in_them_say(own: Onboard) -> None:
    sheet = load_workbook(own() / "stages.xlsx")["stage_map"]
    rows = [row for row in sheet.iter_rows(min_row=2) if row[-1].comment]
    assert {row[2].value: row[3].value for row in rows} == {
        "初步接触": "S1", "需求确认": "S2", "方案报价": "S3", "商务谈判": "S4",
        "归档A": "WON",  # its label tells nothing: the one deal in it is won
        "归档B": "S4",
    }  # fmt: skip
    doubtful = [row[2].value for row in rows if row[-1].comment and "taken as the one before" in row[-1].comment.text]
    assert doubtful == ["归档B"]


def test_an_administrator_creates_the_listed_fields_and_then_nothing_is_missing(
    own: Onboard, second: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = own()
    with (folder / "fields_to_create.csv").open(encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file))
    assert {row["field"] for row in rows} == WRITABLE["Opportunity"].keys()
    monkeypatch.setenv("LANDFALL_WRITEBACK", "salesforce")
    settings.cache_clear()
    org, deals = Salesforce(), mapping_of("salesforce").streams["opportunities"]
    assert "Opportunity has no field LF_Band__c that landfall may edit" in " ".join(org.faults(deals))
    create_fields(second.world.store, folder / "fields_to_create.csv")
    assert [fault for stream in mapping_of("salesforce").streams.values() for fault in org.faults(stream)] == []
    org.close()
    with second.world.store.transaction():
        second.world.store.put_state("created_fields", "[]")


def test_a_required_field_that_nothing_fills_says_what_would_be_wrong(own: Onboard) -> None:
    with pytest.raises(StepError, match=re.escape("without it every forecast in money would be empty")):
        own("opportunities.Probability=Contract_Value__c", "opportunities.LeadSource=Amount")
    assert not (settings().tenants_dir / settings().tenant).exists()


@pytest.mark.parametrize(("chosen", "said"), [
    ("opportunities.Amount=Nothing__c", "Opportunity shows no field Nothing__c (--field opportunities.Amount)"),
    ("deals.Amount=Amount", "there is no stream deals (--field deals.Amount)"),
])  # fmt: skip
def test_a_decision_that_names_nothing_is_refused(own: Onboard, chosen: str, said: str) -> None:
    with pytest.raises(StepError, match=re.escape(said)):
        own(chosen)


def test_every_stream_says_what_is_wrong_with_it(own: Onboard) -> None:
    """The first stream's fault once hid the others'."""
    with pytest.raises(StepError) as refused:
        own("accounts.Industry=Nothing__c", "tasks.WhatId=Missing__c", "deals.Amount=Amount")
    for told in ("Account shows no field Nothing__c", "Task shows no field Missing__c", "there is no stream deals"):
        assert told in str(refused.value)


def test_an_object_that_may_not_be_read_stops_it_where_it_is_required(own: Onboard, second: Served) -> None:
    second.world.rules.denied_objects = ("OpportunityHistory", "Task")
    try:
        with pytest.raises(StepError, match="there is no OpportunityHistory: grant the app access to it"):
            own()
    finally:
        second.world.rules.denied_objects = ()


def test_an_org_without_credentials_says_which_to_set(own: Onboard, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANDFALL_SALESFORCE_CLIENT_ID", "")
    settings.cache_clear()
    with pytest.raises(StepError, match=r"salesforce is not connected .* set its credentials"):
        own()


def test_a_preview_adds_up_amounts_in_yuan_and_in_the_orgs_unit(
    own: Onboard, capsys: pytest.CaptureFixture[str]
) -> None:
    own()
    capsys.readouterr()
    preview("salesforce", "opportunities", DAY)
    lines = capsys.readouterr().out.splitlines()
    total = sum(1000 + n for n in range(11, 118)) + 107 * 0.5 + 11 * 2000  # d118 changed after the day
    assert lines[-2:] == [
        f"  created 2026-06: 118 records, Amount {total:.2f} ({total / 10000:.5f} in the CRM's unit)",
        "nothing was landed",
    ]
