"""Writing to the CRM: what changes, what stays, what the journal keeps."""

from typing import Any

from tests.sandbox.served import Crm, ms


def record(crm: Crm, key: str) -> dict[str, Any]:
    """A record as it stands, bookkeeping included."""
    found: dict[str, Any] = crm.control(f"record/NewOpportunityObj/{key}")
    return found


def entries(crm: Crm, key: str) -> list[dict[str, Any]]:
    """The journal of one deal."""
    found: list[dict[str, Any]] = crm.control(f"journal?object=NewOpportunityObj&id={key}")["entries"]
    return found


def test_an_update_touches_its_own_fields_only_and_dates_the_record(crm: Crm) -> None:
    before = record(crm, "o4")
    assert crm.update("o4", lf_band__c="A", lf_p_win_ever__c=0.25) == 0
    after = record(crm, "o4")
    assert after["body"] == before["body"] | {"lf_band__c": "A", "lf_p_win_ever__c": "0.25"}
    assert (after["version"], after["last_modified_by"], after["last_modified_time"]) == (
        2,
        "1000",
        ms("2026-07-01T01:30"),
    )


def test_the_journal_keeps_who_wrote_what_and_whether_it_changed_anything(crm: Crm) -> None:
    crm.update("o4", lf_band__c="A")
    crm.update("o4", lf_band__c="A")
    kept = [
        {name: entry[name] for name in ("op", "version", "actor", "fields", "old", "effective", "workflow_fired")}
        for entry in entries(crm, "o4")
    ]
    write = {"op": "update", "actor": "1000", "fields": {"lf_band__c": "A"}, "workflow_fired": 0}
    assert kept[1:] == [
        write | {"version": 2, "old": {"lf_band__c": None}, "effective": 1},
        write | {"version": 3, "old": {"lf_band__c": "A"}, "effective": 0},
    ]


def test_null_clears_a_field(crm: Crm) -> None:
    crm.update("o4", lf_band__c="A")
    crm.update("o4", lf_band__c=None)
    assert "lf_band__c" not in record(crm, "o4")["body"]


def test_workflows_fire_unless_both_switches_say_no(crm: Crm) -> None:
    data = {"object_data": {"_id": "o4", "dataObjectApiName": "NewOpportunityObj", "lf_band__c": "A"}}
    both = {"triggerWorkFlow": False, "triggerApprovalFlow": False}
    for switches in ({}, {"triggerWorkFlow": False}, {"triggerApprovalFlow": False}, both):
        crm.post("/cgi/crm/v2/data/update", {"data": data, **switches})
    assert [entry["workflow_fired"] for entry in entries(crm, "o4")] == [0, 1, 1, 1, 0]


def test_owner_bookkeeping_and_unknown_fields_are_refused_and_nothing_is_written(crm: Crm) -> None:
    for fields in ({"owner": ["1000"]}, {"version": "9"}, {"create_time": 1}, {"no_such_field__c": "x"}):
        assert crm.update("o4", lf_band__c="A", **fields) == 32000
    assert record(crm, "o4")["version"] == 1


def test_a_row_nested_as_data_in_data_is_refused(crm: Crm) -> None:
    row = {"_id": "o4", "dataObjectApiName": "NewOpportunityObj", "lf_band__c": "A"}
    assert crm.post("/cgi/crm/v2/data/update", {"data": {"data": row}}).json()["errorCode"] == 32000


def test_a_locked_record_answers_50009(crm: Crm) -> None:
    crm.control("rules", {"locked_ids": ["o4"]})
    assert (crm.update("o4", lf_band__c="A"), crm.update("o3", lf_band__c="A")) == (50009, 0)


def test_a_deleted_record_cannot_be_written_and_its_journal_stays(crm: Crm) -> None:
    assert crm.update("o2", lf_band__c="A") == 32000
    assert [(entry["op"], entry["version"]) for entry in entries(crm, "o2")] == [("create", 1), ("delete", 2)]


def test_a_test_may_create_change_back_date_and_delete_in_one_go_or_not_at_all(crm: Crm) -> None:
    create = {
        "object": "NewOpportunityObj",
        "id": "o9",
        "op": "create",
        "fields": {"name": "迟到"},
        "at_ms": ms("2026-06-15T10:00"),
    }
    crm.control("patch", [create, {"object": "NewOpportunityObj", "id": "o1", "op": "delete"}])
    assert crm.found(("last_modified_time", "LT", [str(ms("2026-06-16T00:00"))])) == ["o9"]
    refused = crm.http.post(
        "/sandbox/patch", json=[{"object": "NewOpportunityObj", "id": "o3", "op": "delete"}, create]
    )
    assert (refused.status_code, record(crm, "o3")["id"]) == (400, "o3")


def test_a_change_that_comes_to_light_late_never_moves_the_modification_time_back(crm: Crm) -> None:
    crm.control(
        "patch",
        {
            "object": "NewOpportunityObj",
            "id": "o4",
            "op": "update",
            "fields": {"amount": "1.00"},
            "at_ms": ms("2026-06-01T10:00"),
        },
    )
    now = record(crm, "o4")
    assert (now["body"]["amount"], now["last_modified_time"]) == ("1.00", ms("2026-06-20T10:00"))


def test_a_message_goes_to_people_by_id_and_to_no_more_than_500(crm: Crm) -> None:
    text = {"msgType": "text", "text": {"content": "谈判中失联"}}
    for people, code in [(["1001"], 0), (["1001"] * 501, 32000), ([], 32000)]:
        assert crm.post("/cgi/message/send", {"toUser": people, **text}).json()["errorCode"] == code
