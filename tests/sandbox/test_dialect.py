"""The same company behind a CRM that another administrator set up: 商机 1.0, names, options, stages and units of its own."""

import csv
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn

from sandbox.administration import create_fields
from sandbox.clock import Clock
from sandbox.dialect import DEALS, dialect
from sandbox.endpoints import World
from sandbox.export import export
from sandbox.life import CompanyError
from sandbox.objects import OBJECTS
from sandbox.quota import Rules
from sandbox.server import HOST, application, listening_socket
from sandbox.store import Store, database
from tests.sandbox.served import SIGN_IN, Crm, found_by_hand

NAME = "OpportunityObj"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """The company of PATCHES whose CRM speaks the second dialect."""
    opened = Store(database(found_by_hand(tmp_path)))
    opened.put_state("dialect", "renamed")
    yield opened
    opened.close()


@pytest.fixture
def renamed(store: Store, tmp_path: Path) -> Iterator[Crm]:
    """Its CRM, served; signed in."""
    listener = listening_socket(0)
    app = application(World(store, Clock(store, speed=0), Rules()))
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="off", timeout_graceful_shutdown=1))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    with httpx.Client(base_url=f"http://{HOST}:{listener.getsockname()[1]}", timeout=10) as http:
        client = Crm(http, tmp_path)
        client.token = http.post("/oauth2.0/token", json=SIGN_IN).json()["accessToken"]
        yield client
    server.should_exit = True
    thread.join(10)


def described(crm: Crm, name: str) -> dict[str, Any]:
    answer = crm.post("/cgi/crm/v2/object/describe", {"includeDetail": True, "data": {"apiName": name}}).json()
    fields: dict[str, Any] = answer["data"]["describe"]["fields"]
    return fields


def test_the_second_tenant_has_three_processes_of_five_to_nine_stages() -> None:
    processes = dialect("renamed").processes.values()
    assert sorted(len(process.stages) for process in processes) == [5, 7, 9]
    own = {stage for process in dialect("standard").processes.values() for _, _, stage in process.stages}
    assert {stage for process in processes for _, _, stage in process.stages} == own


def test_every_field_of_both_dialects_has_a_name_of_its_own_and_a_label() -> None:
    for name in ("standard", "renamed"):
        for words in dialect(name).objects.values():
            names = [field.name for field in [*words.fields.values(), *words.unused.values()]]
            assert len(set(names)) == len(names)
            labelled = [field for field in words.fields.values() if field.label != field.name]
            assert len(labelled) >= len(OBJECTS[words.own]) - 1, words.own


def test_the_standard_dialect_describes_labels_and_options(crm: Crm) -> None:
    fields = described(crm, DEALS)
    assert fields["amount"] == {"api_name": "amount", "label": "商机金额", "type": "number", "is_active": True}
    assert fields["sales_process_id"]["options"][2] == {
        "value": "parts",
        "label": "备件销售流程",
        "child_options": [{"sales_stage": ["pt_need", "pt_quote", "won", "lost"]}],
    }


def test_a_search_and_its_answer_speak_the_tenants_names(renamed: Crm) -> None:
    asked = ["_id", "field_x7Kp2__c", "oppo_stage_id", "field_sR4w6__c", "amount"]
    rows = renamed.query([("last_modified_time", "GTE", ["0"])], name=NAME, fieldProjection=asked)["data"]["dataList"]
    by_id = {row["_id"]: row for row in rows}
    assert by_id["o4"] == {"_id": "o4", "field_x7Kp2__c": "25", "oppo_stage_id": "5f2c8a1e2001"}
    assert by_id["o1"] == {"_id": "o1", "oppo_stage_id": "5f2c8a1e3004", "field_sR4w6__c": "s4"}


@pytest.mark.parametrize("name", [DEALS, "NothingObj"])
def test_the_companys_own_object_is_unknown_there(renamed: Crm, name: str) -> None:
    assert renamed.query([], name=name)["errorCode"] == 32000
    names = [each["describeApiName"] for each in renamed.post("/cgi/crm/v2/object/list", {}).json()["data"]["objects"]]
    assert (NAME in names, name in names) == (True, False)


@pytest.mark.parametrize("field", ["amount", "field_x7Kp2__c", "oppo_stage_id", "nothing"])
def test_a_search_by_what_is_not_there_or_not_translated_is_refused(renamed: Crm, field: str) -> None:
    assert renamed.query([(field, "EQ", ["25"])], name=NAME)["errorCode"] == 32000


def test_score_fields_exist_once_the_administrator_created_them(renamed: Crm, store: Store, tmp_path: Path) -> None:
    assert renamed.update("o4", name=NAME, lf_band__c="A") == 32000
    assert "lf_band__c" not in described(renamed, NAME)
    wanted = tmp_path / "fields.csv"
    wanted.write_text(f"object,field,label\n{NAME},lf_band__c,评分档位\n")
    assert (create_fields(store, wanted), create_fields(store, wanted)) == (1, 0)
    assert described(renamed, NAME)["lf_band__c"]["label"] == "评分档位"
    assert renamed.update("o4", name=NAME, lf_band__c="A") == 0
    assert renamed.control(f"record/{DEALS}/o4")["body"]["lf_band__c"] == "A"
    wanted.write_text(f"object,field\n{NAME},margin__c\n")
    with pytest.raises(CompanyError, match="keeps no field margin__c"):
        create_fields(store, wanted)


def test_teams_that_log_nothing_show_no_activity(renamed: Crm, store: Store) -> None:
    create: list[dict[str, Any]] = [
        {"object": "DepartmentObj", "id": f"D10{n}", "op": "create", "fields": {"dept_kind__c": "team"}}
        for n in range(5)
    ]
    for n in range(5):
        person = {"user_id": f"20{n}", "main_department": [f"D10{n}"]}
        create.append({"object": "PersonnelObj", "id": f"20{n}", "op": "create", "fields": person})
        log = {"owner": [f"20{n}"], "related_object_data": [{"id": "o1", "describe_api_name": DEALS}]}
        create.append({"object": "ActiveRecordObj", "id": f"r{n}", "op": "create", "fields": log, "actor": f"20{n}"})
    renamed.control("patch", create)
    rows = renamed.query([], name="ActiveRecordObj")["data"]["dataList"]
    assert [row["_id"] for row in rows] == ["r0", "r2", "r4"]
    assert {row["related_object_data"][0]["describe_api_name"] for row in rows} == {NAME}


def test_the_export_speaks_the_tenants_names_too(store: Store, tmp_path: Path) -> None:
    export(store, tmp_path / "out", "full")
    with (tmp_path / "out" / f"{NAME}_initial.csv").open(encoding="utf-8") as file:
        rows = {row["id"]: row for row in csv.DictReader(file)}
    assert (rows["o2"]["field_x7Kp2__c"], rows["o3"]["sales_process_name"]) == ("0.01", "5f2c8a1e0001")
    with (tmp_path / "out" / f"{NAME}_changes.csv").open(encoding="utf-8") as file:
        changes = [(row["id"], row["field"], row["old_value"], row["new_value"]) for row in csv.DictReader(file)]
    assert ("o1", "field_x7Kp2__c", "0.00095", "0.0012") in changes
    with (tmp_path / "out" / "opportunity_stage_log.csv").open(encoding="utf-8") as file:
        assert {row["to_stage"][:6] for row in csv.DictReader(file)} == {"5f2c8a"}
