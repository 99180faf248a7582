"""The sandbox's Salesforce is as strict as Salesforce: queries that it would refuse are refused, with its own error list."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from sandbox.salesforce_api import VERSION
from sandbox.salesforce_schema import FIELDS, org_id
from sandbox.salesforce_sign_in import CLIENT_ID, CLIENT_SECRET
from sandbox.soql import parse
from sandbox.soql_query import SoqlError
from tests.sandbox.served import Crm

Ask = Callable[..., httpx.Response]
DEAL = org_id("006", "o1") or ""


@pytest.fixture
def ask(crm: Crm) -> Ask:
    """ask(method, path, …): one signed request."""
    form = {"grant_type": "client_credentials", "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
    token = crm.http.post("/services/oauth2/token", data=form).json()["access_token"]
    return lambda method, path, **more: crm.http.request(
        method, f"{VERSION}/{path}", headers={"authorization": f"Bearer {token}"}, **more
    )


def found(ask: Ask, query: str, endpoint: str = "query") -> list[dict[str, Any]]:
    answer = ask("GET", endpoint, params={"q": query}).json()
    assert answer["done"], answer
    return [{name: value for name, value in row.items() if name != "attributes"} for row in answer["records"]]


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("SELECT * FROM Lead", "MALFORMED_QUERY"),
        ("SELECT Id FROM Lead WHERE Name = 'a' AND Name = 'b' OR Name = 'c'", "MALFORMED_QUERY"),
        ("SELECT Id FROM Lead WHERE SystemModstamp >= '2026-06-22T00:00:00Z'", "INVALID_FIELD"),
        ("SELECT Id FROM Lead WHERE SystemModstamp >= 2026-06-22", "INVALID_FIELD"),
        ("SELECT Id FROM Lead WHERE Name = 5", "INVALID_FIELD"),
        ("SELECT Id, Nonsense__c FROM Lead", "INVALID_FIELD"),
        ("SELECT Id, id FROM Lead", "INVALID_FIELD"),
        ("SELECT Id FROM Nonsense", "INVALID_TYPE"),
        ("SELECT Id FROM Lead ORDER Id", "MALFORMED_QUERY"),
        ("SELECT Id FROM Lead LIMIT", "MALFORMED_QUERY"),
        ("SELECT Id FROM Lead; DROP TABLE Lead", "MALFORMED_QUERY"),
        ("", "MALFORMED_QUERY"),
    ],
)
def test_a_query_that_salesforce_refuses_is_refused(ask: Ask, query: str, code: str) -> None:
    refused = ask("GET", "query", params={"q": query})
    assert (refused.status_code, refused.json()[0]["errorCode"]) == (400, code)


def test_conditions_order_and_limit_choose_rows() -> None:
    query = parse(
        "SELECT Id FROM Opportunity WHERE (StageName IN ('a', 'b') OR NOT Amount > 5) AND Name != null ORDER BY Amount DESC, Id LIMIT 2",
        FIELDS,
    )
    rows = [
        {"Id": key, "StageName": stage, "Amount": amount, "Name": name}
        for key, stage, amount, name in [
            ("1", "a", 9, "x"),
            ("2", "c", 9, "x"),
            ("3", "c", 5, "x"),
            ("4", "b", None, None),
            ("5", "b", 7, "x"),
        ]
    ]
    assert [row["Id"] for row in query.answer(rows)] == ["1", "5"]
    with pytest.raises(SoqlError):
        parse("SELECT Id FROM Opportunity WHERE Id", FIELDS)


def test_deals_are_the_companys_and_deleted_ones_only_in_query_all(ask: Ask) -> None:
    fields = "Id, StageName, Amount, IsDeleted, RecordType.DeveloperName"
    query = f"SELECT {fields} FROM Opportunity WHERE SystemModstamp < 2026-06-30T16:00:00Z ORDER BY Id"
    o1 = {"Id": DEAL, "StageName": "Closed Won", "Amount": None, "IsDeleted": False}
    assert found(ask, query)[0] == o1 | {"RecordType": {"attributes": {"type": "RecordType"}, "DeveloperName": "parts"}}
    assert [row["Id"] for row in found(ask, query)] == [DEAL, org_id("006", "o4")]
    assert [(row["Id"], row["IsDeleted"]) for row in found(ask, query, "queryAll")] == [
        (DEAL, False),
        (org_id("006", "o2"), True),
        (org_id("006", "o4"), False),
    ]


def test_the_history_tells_each_change_of_stage_and_amount(ask: Ask) -> None:
    rows = found(
        ask,
        f"SELECT StageName, Amount, CreatedDate FROM OpportunityHistory WHERE OpportunityId = '{DEAL}' ORDER BY CreatedDate",
    )
    assert [(row["StageName"], row["Amount"], row["CreatedDate"]) for row in rows] == [
        ("Needs Analysis", 9.5, "2026-05-10T02:00:00.000+0000"),
        ("Proposal/Price Quote", 12.0, "2026-06-01T03:00:00.000+0000"),
        ("Closed Won", None, "2026-06-10T03:00:00.000+0000"),
    ]


def test_a_collection_tells_each_row_at_its_place_and_writes_the_good_ones(ask: Ask, crm: Crm) -> None:
    crm.control("rules", {"locked_ids": ["o3"]})
    rows: list[dict[str, Any]] = [
        {"id": DEAL, "LF_Band__c": "A", "LF_P_Win_Ever__c": 0.5},
        {"id": org_id("006", "o2"), "LF_Band__c": "A"},
        {"id": org_id("006", "o3"), "LF_Band__c": "A"},
        {"id": DEAL, "Nonsense__c": "A"},
        {"id": DEAL, "StageName": "Closed Lost"},
        {"id": DEAL, "LF_Band__c": "much too long"},
        {"id": DEAL, "LF_P_Win_Ever__c": "0.5"},
        {"id": "006000000000nobody", "LF_Band__c": "A"},
    ]
    body = {"allOrNone": False, "records": [{"attributes": {"type": "Opportunity"}, **row} for row in rows]}
    results = ask("PATCH", "composite/sobjects", json=body).json()
    assert [result["success"] for result in results] == [True] + [False] * 7
    assert [result["errors"][0]["statusCode"] for result in results[1:]] == [
        "ENTITY_IS_DELETED", "UNABLE_TO_LOCK_ROW", "INVALID_FIELD", "INVALID_FIELD_FOR_INSERT_UPDATE", "STRING_TOO_LONG",
        "INVALID_TYPE_ON_FIELD_IN_RECORD", "INVALID_CROSS_REFERENCE_KEY",
    ]  # fmt: skip
    assert [entry["fields"] for entry in crm.control("journal?actor=1000")["entries"]] == [
        {"lf_band__c": "A", "lf_p_win_ever__c": "0.5"}
    ]
    back = ask(
        "POST",
        "composite/sobjects/Opportunity",
        json={"ids": [DEAL, org_id("006", "o2")], "fields": ["LF_Band__c", "LF_P_Win_Ever__c"]},
    )
    assert [row and (row["LF_Band__c"], row["LF_P_Win_Ever__c"]) for row in back.json()] == [("A", 0.5), None]


def test_more_than_two_hundred_records_are_refused_whole(ask: Ask) -> None:
    record = {"attributes": {"type": "Opportunity"}, "id": DEAL, "LF_Band__c": "A"}
    refused = ask("PATCH", "composite/sobjects", json={"allOrNone": False, "records": [record] * 201})
    assert (refused.status_code, refused.json()[0]["errorCode"]) == (400, "EXCEEDED_MAX_SIZE_REQUEST")
