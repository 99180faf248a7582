"""A second tenant from nothing: its CRM is asked what it is, a mapping is proposed, and what lands is what the first tenant's CRM lands.

Both CRMs show the same company; the second one is 商机 1.0 with names, options, stages and a unit of its own, and two of five teams
log nothing.
"""

import json
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest
from openpyxl import load_workbook

from config.settings import ROOT, Settings, settings
from connectors.fxiaoke import Fxiaoke
from connectors.onboard import onboard
from connectors.privacy import protect
from connectors.reading import read_page
from connectors.streams import Stream, mapping_of, read_mapping, write_back_of
from connectors.writer_fxiaoke import FxiaokeWriter
from sandbox.dialect import dialect
from tests.connectors.company import DAY, Company, run_step
from tests.connectors.vendor import Asked, Vendor
from warehouse.clock import cutoff
from warehouse.connection import connect
from warehouse.receipts import Message
from warehouse.setting_rows import Decision
from warehouse.settings import apply
from warehouse.steps import StepError
from warehouse.walks import Walk, loading

pytestmark = pytest.mark.slow
AS_OF = date.fromisoformat(DAY)
TEMPLATE = read_mapping(ROOT / "config" / "tenants" / "sandbox" / "fxiaoke.yml", "fxiaoke")
OWN_CODES = ("sales_process_id", "sales_stage", "product_line__c")  # land as they came, settings translate them


@pytest.fixture(scope="module")
def tenants(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of mappings; empty."""
    return tmp_path_factory.mktemp("tenants")


@pytest.fixture(scope="module")
def second(tenant_database: str, tenants: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    """The second tenant's CRM; this module's settings point at it."""
    served = Company(tmp_path_factory.mktemp("second"), "renamed")
    patch = pytest.MonkeyPatch()
    values = {"FXIAOKE_BASE_URL": served.url, "HISTORY": "none", "TENANTS_DIR": str(tenants), "SOURCES": "fxiaoke"}
    for name, value in values.items():
        patch.setenv(f"LANDFALL_{name}", value)
    settings.cache_clear()
    yield served
    served.stop()
    patch.undo()
    settings.cache_clear()


@pytest.fixture(scope="module")
def first(second: Company, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    """The same company as the first tenant's CRM shows it."""
    served = Company(tmp_path_factory.mktemp("first"))
    yield served
    served.stop()


@pytest.fixture(scope="module")
def onboarded(second: Company, tenants: Path) -> Path:
    """The tenant's folder after onboarding."""
    done = run_step("onboard", "fxiaoke")
    assert done.returncode == 0, done.stderr
    return tenants / settings().tenant


def test_a_dry_run_shows_the_mapping_and_writes_nothing(second: Company, tenants: Path) -> None:
    done = run_step("onboard", "fxiaoke", "--dry-run", "--tenant", "trial")
    assert "amount: {field: field_x7Kp2__c, scale: 10000} # 预计成交金额（万元）, currency" in done.stdout
    assert (list(tenants.iterdir()), done.stdout.splitlines()[-1]) == ([], "nothing was written")


@pytest.mark.parametrize(("tenant", "chosen", "said"), [
    ("../elsewhere", [], "../elsewhere names no tenant"),
    ("x", ["user_id=nothing"], "--field user_id=nothing is not STREAM.FIELD=THEIRS"),
    ("x", ["people.user_id=nothing"], "PersonnelObj shows no field nothing (--field people.user_id)"),
    ("x", ["departments.name=nothing", "opportunities.lost_reason__c=oppo_stage_id"],  # every fault, not only those of the first stream
     "no field for opportunities.sales_stage: without it no deal would stand anywhere in the funnel"),
])  # fmt: skip
def test_what_cannot_become_a_mapping_says_why_and_writes_nothing(
    second: Company, tenants: Path, tenant: str, chosen: list[str], said: str
) -> None:
    with pytest.raises(StepError, match=re.escape(said)):
        onboard("fxiaoke", tenant, chosen, AS_OF, dry_run=False, is_forced=False)
    assert not (tenants / "x").exists()


def test_every_standard_field_gets_the_right_field_of_the_tenant(onboarded: Path) -> None:
    streams = mapping_of("fxiaoke").streams
    words = dialect("renamed").objects
    for name, stream in streams.items():
        meant = words[TEMPLATE.streams[name].object]
        assert stream.object == meant.name
        assert {field: stream.theirs(field) for field in stream.fields} == {
            field: meant.fields[field].name for field in TEMPLATE.streams[name].fields
        }
    assert mapping_of("fxiaoke").write_back.object == "OpportunityObj"  # type: ignore[union-attr]


def test_the_first_tenants_own_mapping_is_found_again(first: Company, tenants: Path) -> None:
    done = run_step("onboard", "fxiaoke", "--tenant", "plain", fxiaoke_base_url=first.url)
    assert done.returncode == 0, done.stderr
    found = read_mapping(tenants / "plain" / "fxiaoke.yml", "fxiaoke")
    assert (found.streams, found.write_back) == (TEMPLATE.streams, TEMPLATE.write_back)
    assert found.stage_log == TEMPLATE.stage_log


def test_of_both_kinds_of_opportunity_the_one_in_use_is_taken(second: Company) -> None:
    def answer(asked: Asked) -> Any:
        """The second tenant's CRM, as if 商机 2.0 had been switched on and never used."""
        if asked.path.endswith("/data/query") and asked.json["data"]["dataObjectApiName"] == "NewOpportunityObj":
            return {"errorCode": 0, "data": {"dataList": []}}
        headers = {
            name: value
            for name, value in asked.headers.items()
            if name.startswith(("authorization", "x-fs", "content-type"))
        }
        with urlopen(Request(second.url + asked.path, data=asked.body, headers=headers), timeout=60) as reply:  # noqa: S310 - loopback
            raw: bytes = reply.read()
        if not asked.path.endswith("/object/list"):
            return raw
        said = json.loads(raw)
        said["data"]["objects"].insert(0, {"describeApiName": "NewOpportunityObj", "describeDisplayName": "商机2.0"})
        return said

    vendor = Vendor(answer)
    try:
        done = run_step("onboard", "fxiaoke", "--tenant", "both", "--dry-run", fxiaoke_base_url=vendor.url)
    finally:
        vendor.close()
    assert "opportunities: OpportunityObj (商机): 24 of 24 fields" in done.stdout, done.stderr


def test_a_mapping_is_never_overwritten_unless_told(onboarded: Path) -> None:
    before = (onboarded / "fxiaoke.yml").read_bytes()
    with pytest.raises(StepError, match=r"fxiaoke\.yml exists: give --force"):
        onboard("fxiaoke", None, [], AS_OF, dry_run=False, is_forced=False)
    onboard("fxiaoke", None, [], AS_OF, dry_run=False, is_forced=True)
    assert (onboarded / "fxiaoke.yml").read_bytes() == before


def shown(first: Company, stream: Stream) -> dict[str, dict[str, Any]]:
    """What the first tenant's CRM lands of a stream, by id."""
    crm = Fxiaoke(Settings(_env_file=ROOT / "config" / "embedded.env", fxiaoke_base_url=first.url, home=first.home))
    walk = Walk("fxiaoke", stream.name, AS_OF, None, cutoff(AS_OF))
    found: dict[str, dict[str, Any]] = {}
    with loading("fxiaoke") as connection:
        for page in crm.pages(stream, walk):
            records, _ = read_page(stream, walk, page.rows)
            protect(connection, [record.record for record in records], stream.classified, "comparison")
            found |= {record.record_id: record.record for record in records}
    crm.close()
    return found


def test_extraction_lands_the_standard_records_of_the_first_dialect(onboarded: Path, first: Company) -> None:
    done = run_step("extract", "--as-of", DAY)
    assert done.returncode == 0, done.stderr
    expected = {name: shown(first, stream) for name, stream in TEMPLATE.streams.items()}
    lines = {
        value: own
        for own, (value, _) in dialect("renamed").objects["NewOpportunityObj"].fields["product_line__c"].options.items()
    }
    for name, records in expected.items():
        with connect("loader") as connection:
            landed: dict[str, dict[str, Any]] = dict(
                connection.execute(f"select record_id, record from landing.fxiaoke__{name}").fetchall()
            )
        if name == "activity_records":
            assert 0.4 * len(records) < len(landed) < 0.8 * len(records)
            records = {key: record for key, record in records.items() if key in landed}
        assert landed.keys() == records.keys()
        for key, record in records.items():
            if "product_line__c" in landed[key]:
                assert lines[landed[key]["product_line__c"]] == record["product_line__c"]
            theirs, ours = ({k: v for k, v in each.items() if k not in OWN_CODES} for each in (landed[key], record))
            assert theirs == ours, (name, key)


def test_the_stages_go_through_the_settings_door_and_mean_what_the_company_means(onboarded: Path) -> None:
    said = apply(
        onboarded / "stages.xlsx",
        Decision(date(2000, 1, 1), date(1970, 1, 1), "test", "go-live", None),
        lambda _: True,
    )
    assert said.startswith("change 1: 21 settings hold")
    with connect("loader") as connection:
        rows = connection.execute(
            "select key, value ->> 'stage_code' from ops.settings where kind = 'stage_map'"
        ).fetchall()
    own = {
        f"fxiaoke|{process.value}|{value}": of
        for process in dialect("renamed").processes.values()
        for value, _, of in process.stages
    }
    meant = {"lead": "S1", "need": "S2", "quote": "S3", "nego": "S4", "won": "WON", "lost": "LOST"}
    assert dict(rows) == {key: meant[of.split("_")[-1]] for key, of in own.items()}
    sheet = load_workbook(onboarded / "stages.xlsx")["stage_map"]
    notes = {row[2].value: row[-1].comment.text for row in sheet.iter_rows(min_row=2) if row[-1].comment}
    assert notes["5f2c8a1e2003"] == "软件订阅 产品演示; its label tells no stage: taken as the one before it"


def test_a_preview_lands_nothing_masks_persons_and_sums_amounts_in_both_units(onboarded: Path, second: Company) -> None:
    with connect("loader") as connection:
        before = connection.execute("select count(*) from ops.loads").fetchone()
    done = run_step("preview", "fxiaoke", "--stream", "opportunities", "--as-of", DAY)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert (sum(line.startswith("  {") for line in lines), lines[-1]) == (20, "nothing was landed")
    month = next(line for line in lines if line.startswith("  created 2026-06"))
    assert month == "  created 2026-06: 4 records, amount 1095400.00 CNY (109.54 in the CRM's unit)"
    people = run_step("preview", "fxiaoke", "--stream", "people", "--as-of", DAY).stdout
    phones = [row["body"]["phone"] for row in (second.ask(f"record/PersonnelObj/10{n:02}") for n in range(21))]
    assert [phone for phone in phones if phone in people] == []
    assert f'"phone":"{phones[0][:3]}****{phones[0][-4:]}"' in people
    with connect("loader") as connection:
        assert connection.execute("select count(*) from ops.loads").fetchone() == before


def test_fields_without_an_export_are_watched_since_the_first_night(onboarded: Path) -> None:
    lines = run_step("check", "--history").stdout.splitlines()
    assert f"  amount: watched since {DAY}" in lines


def test_scores_are_written_once_the_administrator_created_their_fields(onboarded: Path, second: Company) -> None:
    deals = mapping_of("fxiaoke").streams["opportunities"]
    crm = Fxiaoke(settings().model_copy(update={"writeback": "fxiaoke"}))
    leads = mapping_of("fxiaoke").streams["leads"]
    assert "OpportunityObj has no field lf_band__c" in " ".join(crm.faults(deals))
    assert f"{leads.object} has no field lf_p_convert_90d__c" in " ".join(crm.faults(leads))
    second.run("create-fields", str(onboarded / "fields_to_create.csv"))
    assert crm.faults(deals) == []
    assert crm.faults(leads) == []
    with connect("loader") as connection:
        deal = connection.execute("select record_id from landing.fxiaoke__opportunities").fetchone()[0]  # type: ignore[index]
    writer = FxiaokeWriter(crm, {"opportunity": write_back_of("fxiaoke")})
    score = dict.fromkeys(write_back_of("fxiaoke").fields) | {"band": "B", "p_win_ever": 0.62}
    message = Message("b", "opportunity", deal, "fxiaoke", "send", score, "hash", None, is_dead=False)
    assert ([outcome.state for outcome in writer.write([message])], writer.holds(message)) == (["acked"], True)
    assert second.ask(f"record/NewOpportunityObj/{deal}")["body"]["lf_band__c"] == "B"
    writer.close()
