"""Systems that tell little of themselves: an ERP that names the fields of its forms, chat systems that only show records.

Each finds the template again where the tenant changed nothing, and no file says of a field what was not looked at.
"""

import csv
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest

from config.settings import ROOT, settings
from connectors.check import check
from connectors.extract import extract
from connectors.field_history import tell
from connectors.onboard import onboard
from connectors.preview import preview
from connectors.streams import mapping_of, read_mapping
from tests.connectors.chatting import DAY, Served
from tests.connectors.company import Company
from tests.connectors.vendor import Asked, Vendor
from warehouse.steps import StepError

pytestmark = pytest.mark.slow
OWN = {
    b"F_LF_ContractNo": b"F_ABC_HT",
    b"FCustId": b"FCUSTID",
}  # the sandbox's fields as another tenant's form spells them
Propose = Callable[..., Path]


@pytest.fixture
def propose(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Propose]:
    """propose(system, *chosen, SETTING=value): the tenant's mapping file after onboarding."""

    def run(system: str, *chosen: str, **values: str) -> Path:
        for name, value in (values | {"TENANTS_DIR": str(tmp_path), "SOURCES": system}).items():
            monkeypatch.setenv(f"LANDFALL_{name}", value)
        settings.cache_clear()
        onboard(system, None, chosen, DAY, dry_run=False, is_forced=False)
        return tmp_path / settings().tenant / f"{system}.yml"

    yield run
    settings.cache_clear()


@pytest.mark.parametrize("system", ["dingtalk", "wecom"])
def test_a_chat_system_as_the_sandbox_has_it_finds_the_template_again(
    chatting: Served, propose: Propose, system: str
) -> None:
    template = read_mapping(ROOT / "config" / "tenants" / "sandbox" / f"{system}.yml", system)
    path = propose(system)
    found = read_mapping(path, system)
    assert (found.streams, found.write_back) == (template.streams, template.write_back)
    assert sorted(each.name for each in path.parent.iterdir()) == (
        ["dingtalk.yml", "fields_to_create.csv"] if system == "dingtalk" else ["wecom.yml"]
    )


def test_what_wecom_did_not_show_is_said_to_be_unseen(chatting: Served, propose: Propose) -> None:
    text = propose("wecom").read_text("utf-8")
    assert "WeCom has no objects or fields of a tenant's own and no metadata to ask for" in text.replace("\n# ", " ")
    assert "# msgtime: doubtful: there is no record to look at" in text  # there is no archive
    assert "# state: doubtful: none of the 100 records looked at holds it; 0 of 100 filled" in text
    assert "# filled in, but does not land: gender" in text


def test_dingtalks_fields_for_scores_are_not_claimed_to_be_missing(
    chatting: Served, propose: Propose, capsys: pytest.CaptureFixture[str]
) -> None:
    path = propose("dingtalk")
    assert "an administrator creates on crm_customer_personal, unless they are there: TextField-lf_opportunity_id" in (
        capsys.readouterr().out
    )
    assert (
        "band: {field: TextField-lf_band, kind: text} # no record looked at holds it: create it unless it is there"
        in (path.read_text("utf-8"))
    )
    with (path.parent / "fields_to_create.csv").open(encoding="utf-8-sig") as file:
        assert [row["object"] for row in csv.DictReader(file)] == ["crm_customer_personal"] * 9


def test_the_kind_of_customers_and_the_templates_of_logs_are_the_tenants(propose: Propose, tmp_path: Path) -> None:
    def answer(asked: Asked) -> Any:
        """A tenant that keeps company customers and writes weekly logs; its form names the customer its own way."""
        if asked.path.endswith("accessToken"):
            return {"accessToken": "AT", "expireIn": 7200}
        if asked.path.endswith("listbyuserid"):
            return {"errcode": 0, "result": {"template_list": [{"name": "周报"}, {"name": "拜访记录"}]}}
        if asked.path.endswith("report/list"):
            return {"errcode": 0, "result": {"has_more": False, "data_list": []}}
        if asked.path.endswith("customerInstances") and asked.json["objectType"] == "crm_customer":
            form = {"company_name": "东瑞机械", "TextField-region": "华东"}
            return {"result": {"values": [{"instanceId": "i1", "data": form, "permission": {"ownerStaffIds": ["u1"]}}]}}
        return {"result": {"values": [], "resultList": [], "hasMore": False}}

    vendor = Vendor(answer)
    values = {"DINGTALK_BASE_URL": vendor.url, "DINGTALK_LEGACY_BASE_URL": vendor.url, "HOME": str(tmp_path / "home")}
    try:
        path = propose("dingtalk", **values)
    finally:
        vendor.close()
    found = read_mapping(path, "dingtalk")
    assert {name: stream.options for name, stream in found.streams.items()} == {
        "customers": {"kind": "crm_customer"}, "follow_ups": {"kind": "crm_customer"}, "logs": {"templates": "周报,拜访记录"},
    }  # fmt: skip
    assert found.write_back is not None
    assert found.write_back.object == "crm_customer"
    customers = found.streams["customers"]
    assert (customers.theirs("customer_name"), customers.classified["customer_name"]) == ("company_name", "customer")
    assert "# filled in, but does not land: TextField-region" in path.read_text("utf-8")


def test_preview_check_and_history_work_on_a_proposed_mapping(
    chatting: Served, propose: Propose, capsys: pytest.CaptureFixture[str]
) -> None:
    propose("dingtalk")
    assert check("dingtalk", DAY) == 0
    said = capsys.readouterr().out
    assert "dingtalk: the last change of a customer is 2026-07-01 00:00:00, read as Asia/Shanghai" in said
    assert "dingtalk: logs tell when they were changed" in said
    preview("dingtalk", "customers", DAY)
    assert "  created 2025-03: 130 records" in capsys.readouterr().out
    extract(DAY, "dingtalk", "customers")
    tell("dingtalk")
    assert f"  customer_name: watched since {DAY}" in capsys.readouterr().out
    propose("wecom")
    for is_zero, told in ((True, "still zero"), (False, "counted")):
        chatting.ask("rules", {"wecom_zeros_for_yesterday": is_zero, "wecom_rates_of_idle_days": is_zero})
        assert check("wecom", DAY) == 0
        said = capsys.readouterr().out
        assert f"wecom: what members did on {DAY} is {told}" in said
        assert f"rates of a day without chats are {'sent' if is_zero else 'left out'}" in said
    chatting.ask("rules", {"wecom_zeros_for_yesterday": True, "wecom_rates_of_idle_days": False})
    preview("wecom", "follow_relations", DAY)
    lines = capsys.readouterr().out.splitlines()
    assert any(line.startswith("  created 2025-03: ") for line in lines)
    assert not any("wm0" in line or "wm1" in line for line in lines)  # ids of contacts stay masked


@pytest.fixture(scope="module")
def erp(company: Company) -> Iterator[Vendor]:
    """The sandbox's ERP as another tenant spells its fields."""

    def answer(asked: Asked) -> Any:
        body = asked.body
        for ours, theirs in OWN.items():
            assert ours not in body, "asked by the template's spelling"
            body = body.replace(theirs, ours)
        headers = {name: value for name, value in asked.headers.items() if name in ("cookie", "content-type")}
        with urlopen(Request(company.url + asked.path, data=body, headers=headers), timeout=60) as reply:  # noqa: S310 - loopback
            raw: bytes = reply.read()
        for ours, theirs in OWN.items():
            raw = raw.replace(ours, theirs)
        return raw

    vendor = Vendor(answer)
    yield vendor
    vendor.close()


def test_an_erp_of_the_sandboxs_names_finds_the_template_again(company: Company, propose: Propose) -> None:
    template = read_mapping(ROOT / "config" / "tenants" / "sandbox" / "kingdee.yml", "kingdee")
    found = read_mapping(propose("kingdee", KINGDEE_BASE_URL=company.url), "kingdee")
    assert found.streams == template.streams


def test_a_field_that_the_tenant_added_is_found_by_label_and_others_whatever_their_capitals(
    erp: Vendor, propose: Propose, capsys: pytest.CaptureFixture[str]
) -> None:
    path = propose("kingdee", KINGDEE_BASE_URL=erp.url)
    orders = mapping_of("kingdee").streams["orders"]
    assert (orders.theirs("F_LF_ContractNo"), orders.theirs("FCustId.FName")) == ("F_ABC_HT", "FCUSTID.FName")
    assert "F_LF_ContractNo: {field: F_ABC_HT} # 合同编号, 98 of 100 filled" in path.read_text("utf-8")
    assert check("kingdee", DAY) == 0
    said = capsys.readouterr().out
    assert "kingdee: JSON is encoded once" in said
    assert "kingdee: the last change of SAL_SaleOrder is 2026-0" in said
    preview("kingdee", "orders", DAY)
    months = [line for line in capsys.readouterr().out.splitlines() if line.startswith("  created ")]
    assert months
    assert all("FAllAmount " in line and "CNY" in line for line in months)


def test_a_form_that_lacks_a_required_field_says_what_would_be_wrong(company: Company, propose: Propose) -> None:
    taken = "orders.FAmount=FAllAmount_LC"
    with pytest.raises(
        StepError, match=r"SAL_SaleOrder has no field for orders\.FAllAmount_LC: without it orders in other"
    ):
        propose("kingdee", taken, KINGDEE_BASE_URL=company.url)


def test_a_form_that_may_not_be_read_is_left_out_and_named(
    company: Company, propose: Propose, capsys: pytest.CaptureFixture[str]
) -> None:
    company.ask("rules", {"denied_objects": ["ENG_BOM"]})
    try:
        path = propose("kingdee", KINGDEE_BASE_URL=company.url)
    finally:
        company.ask("rules", {"denied_objects": []})
    assert "boms: left out, its object is not there or may not be read" in capsys.readouterr().out
    assert "boms" not in read_mapping(path, "kingdee").streams
