"""Searches of the CRM: which records, in which order, in which shape."""

import pytest

from sandbox.query import NARROW
from tests.sandbox.served import Crm, ms


def test_a_walk_by_id_meets_every_record_of_a_range_once_also_where_change_times_are_equal(crm: Crm) -> None:
    crm.control(
        "patch",
        [
            {"object": "LeadsObj", "id": f"L{n:03}", "op": "create", "fields": {"name": "陈"}, "at_ms": 5000}
            for n in range(250)
        ],
    )
    met: list[str] = []
    sizes: list[int] = []
    while not sizes or sizes[-1] == 100:
        page = crm.query(
            [
                ("last_modified_time", "GTE", ["5000"]),
                ("last_modified_time", "LT", ["5001"]),
                ("_id", "GT", [met[-1] if met else ""]),
            ],
            "LeadsObj",
        )["data"]["dataList"]
        sizes.append(len(page))
        met += [record["_id"] for record in page]
    assert sizes == [100, 100, 50]
    assert met == [f"L{n:03}" for n in range(250)]


def test_wide_and_narrow_ranges_are_walked_alike(crm: Crm) -> None:
    """Wide ranges are walked by id, narrow ones sorted from the change times: two ways to one answer."""
    lead = {"object": "LeadsObj", "op": "create"}
    crm.control("patch", [lead | {"id": f"L{n:05}", "at_ms": 5000 + n % 7} for n in range(NARROW + 10)])

    def page(first_ms: int) -> list[str]:
        filters = [("last_modified_time", "GTE", [str(first_ms)]), ("_id", "GT", ["L04900"])]
        return [record["_id"] for record in crm.query(filters, "LeadsObj")["data"]["dataList"]]

    assert page(5000) == [f"L{n:05}" for n in range(4901, 5001)]
    assert page(5006) == [f"L{n:05}" for n in range(4901, NARROW + 10) if n % 7 == 6]


def test_a_range_of_change_times_holds_its_start_and_not_its_end(crm: Crm) -> None:
    start, end = ms("2026-06-10T11:00"), ms("2026-06-20T10:00")
    assert crm.found(("last_modified_time", "GTE", [str(start)]), ("last_modified_time", "LT", [str(end)])) == ["o1"]
    assert crm.found(("last_modified_time", "BETWEEN", [str(start), str(end)])) == ["o1", "o4"]


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (("amount", "GT", ["80.5"]), ["o4"]),  # as numbers: as texts, "250000.00" < "80.5"
        (("amount", "LTE", ["77"]), ["o3"]),
        (("amount", "IS", []), ["o1"]),
        (("amount", "ISN", []), ["o3", "o4"]),
        (("sales_stage", "EQ", ["won"]), ["o1"]),
        (("sales_stage", "N", ["won"]), ["o3", "o4"]),
        (("sales_stage", "IN", ["won", "sw_lead"]), ["o1", "o4"]),
        (("lead_source__c", "NIN", ["dealer"]), ["o3", "o4"]),  # a null is not among them
        (("name", "LIKE", ["目o"]), ["o1", "o3", "o4"]),
        (("name", "LIKE", ["%"]), []),  # a percent sign is a letter
        (("name", "STARTWITH", ["项目o3"]), ["o3"]),
        (("owner", "EQ", ["1001"]), ["o1", "o3", "o4"]),
        (("owner", "NIN", ["1001"]), []),
        (("_id", "LT", ["o3"]), ["o1"]),
        (("version", "GTE", ["3"]), ["o1"]),
        (("last_modified_by", "EQ", ["1001"]), ["o1", "o3", "o4"]),
    ],
)  # fmt: skip
def test_each_operator_compares_by_the_field_s_type(
    crm: Crm, condition: tuple[str, str, list[str]], expected: list[str]
) -> None:
    assert crm.found(condition) == expected


def test_nulls_are_left_out_unless_asked_for(crm: Crm) -> None:
    body = {"data": {"dataObjectApiName": "NewOpportunityObj", "objectDataId": "o1"}}
    assert "amount" not in crm.post("/cgi/crm/v2/data/get", body).json()["data"]
    shown = crm.post("/cgi/crm/v2/data/get", body | {"includeNull": True}).json()["data"]
    assert (shown["amount"], shown["lost_reason__c"], shown["sales_stage"]) == (None, None, "won")


def test_a_record_travels_in_the_vendor_s_types(crm: Crm) -> None:
    [record] = crm.query(
        [("_id", "EQ", ["o4"])], fieldProjection=["amount", "owner", "is_renewal__c", "version", "last_modified_time"]
    )["data"]["dataList"]
    assert record == {
        "_id": "o4",
        "amount": "250000.00",
        "owner": ["1001"],
        "owner__r": {"name": "王伟"},
        "is_renewal__c": True,
        "version": "1",
        "last_modified_time": ms("2026-06-20T10:00"),
    }


@pytest.mark.parametrize(
    ("info", "code"),
    [
        ({"filters": [{"fieldName": "name", "operator": "EQ", "fieldValues": ["x"]}]}, 32000),
        ({"orders": [{"field_name": "_id", "is_asc": True}]}, 32000),
        ({"field_projection": ["name"]}, 32000),
        ({"filters": [{"field_name": "secret", "operator": "EQ", "field_values": ["x"]}]}, 32000),
        ({"filters": [{"field_name": "name", "operator": "CONTAINS", "field_values": ["x"]}]}, 32000),
        ({"filters": [{"field_name": "amount", "operator": "GT", "field_values": ["a lot"]}]}, 32000),
        ({"limit": 100, "offset": 50}, 10013),
        ({"limit": 100, "offset": 10100}, 10013),
    ],
)  # fmt: skip
def test_what_is_not_well_formed_is_refused_with_http_200_and_a_code(
    crm: Crm, info: dict[str, object], code: int
) -> None:
    asked = {"data": {"dataObjectApiName": "NewOpportunityObj", "search_query_info": info}}
    answer = crm.post("/cgi/crm/v2/data/query", asked)
    assert (answer.status_code, answer.json()["errorCode"]) == (200, code)


def test_a_page_never_holds_more_than_100_and_offsets_page_on(crm: Crm) -> None:
    crm.control("patch", [{"object": "LeadsObj", "id": f"L{n:03}", "op": "create"} for n in range(130)])
    whole = crm.query([], "LeadsObj", limit=1000)["data"]
    rest = crm.query([], "LeadsObj", limit=100, offset=100)["data"]["dataList"]
    assert (whole["limit"], len(whole["dataList"])) == (100, 100)
    assert [record["_id"] for record in rest] == [f"L{n:03}" for n in range(100, 130)]


def test_the_total_is_counted_only_when_asked(crm: Crm) -> None:
    info = {"limit": 1, "offset": 0, "filters": [], "orders": [{"fieldName": "_id", "isAsc": True}]}
    asked = {"dataObjectApiName": "NewOpportunityObj", "search_query_info": info}
    assert crm.post("/cgi/crm/v2/data/query", {"data": asked}).json()["data"]["total"] == 0
    assert (
        crm.post("/cgi/crm/v2/data/query", {"data": asked | {"find_explicit_total_num": True}}).json()["data"]["total"]
        == 3
    )


def test_one_record_is_found_by_filter_and_null_says_there_is_none(crm: Crm) -> None:
    def found(stage: str) -> object:
        info = {
            "filters": [{"field_name": "sales_stage", "operator": "EQ", "field_values": [stage]}],
            "fieldProjection": ["name"],
        }
        asked = {"data": {"dataObjectApiName": "NewOpportunityObj", "search_query_info": info}}
        return crm.post("/cgi/crm/v2/data/findOne", asked).json()["data"]["objectData"]

    assert (found("won"), found("lost")) == ({"_id": "o1", "name": "项目o1"}, None)


def test_describe_names_every_field_with_its_type(crm: Crm) -> None:
    body = {"includeDetail": True, "data": {"apiName": "NewOpportunityObj"}}
    fields = crm.post("/cgi/crm/v2/object/describe", body).json()["data"]["describe"]["fields"]
    assert [fields[name]["type"] for name in ("amount", "close_date", "owner", "lf_band__c")] == [
        "number",
        "date",
        "employee",
        "text",
    ]
    objects = crm.post("/cgi/crm/v2/object/list", {}).json()["data"]["objects"]
    assert "NewOpportunityObj" in [item["describeApiName"] for item in objects]


def test_a_preset_object_is_not_served_under_the_path_of_custom_ones(crm: Crm) -> None:
    asked = {"data": {"dataObjectApiName": "NewOpportunityObj", "objectDataId": "o1"}}
    assert crm.post("/cgi/crm/custom/v2/data/get", asked).json()["errorCode"] == 32000


def test_a_half_character_in_a_name_is_sent_as_such(crm: Crm) -> None:
    crm.control("patch", {"object": "LeadsObj", "id": "L1", "op": "create", "fields": {"name": "陈\ue000"}})
    answer = crm.post("/cgi/crm/v2/data/get", {"data": {"dataObjectApiName": "LeadsObj", "objectDataId": "L1"}})
    assert b'\\ud83d"' in answer.content
