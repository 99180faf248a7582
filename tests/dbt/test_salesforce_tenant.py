"""A tenant whose CRM is Salesforce: deals, the history of their stages, accounts, leads and tasks reach the models of all CRMs."""

import pytest

pytestmark = pytest.mark.slow
DEAL, WINNER, LOSER, LEAD = "0060000000000o1AAA", "0010000000000a1AAA", "0010000000000a2AAA", "00Q0000000000l1EAA"
PAST = "0060000000000o3AAA"


OWNER = "0050000000001001AAA"
ROLES = [
    ("00E1", "CEO", ""),
    ("00E2", "East", "00E1"),
    ("00E3", "East sales", "00E2"),
    ("00E4", "Shanghai", "00E3"),
    ("00E9", "portal", ""),
]
USERS = [
    ("005C", "Cao", "00E1", "", True), ("005E", "Lin", "00E2", "", True), ("005D", "Gone", "00E2", "", False),
    ("005S", "Su", "00E3", "005E", True), ("005T", "Tang", "00E3", "005E", True), (OWNER, "Wang Fang", "00E4", "", True),
    ("005X", "Xu", "00E4", "005T", True),
]  # fmt: skip


def at(day: str, time: str = "09:00") -> str:
    """An instant of Shanghai's morning as Salesforce writes it."""
    return f"{day}T{int(time[:2]) - 8:02d}{time[2:]}:00.000Z"


def opportunity(stage: str, **more: object) -> dict[str, object]:
    base = {
        "Name": "A deal", "AccountId": LOSER, "OwnerId": "0050000000001001AAA", "RecordType.DeveloperName": "equipment", "StageName": stage,
        "Amount": "1234.56", "CurrencyIsoCode": "USD", "CloseDate": "2026-06-20", "CreatedDate": at("2026-05-01"), "Type": "Renewal",
        "Probability": "75", "ForecastCategoryName": "best_case",
    }  # fmt: skip
    return base | more


@pytest.fixture(scope="module")
def night(land, build):  # type: ignore[no-untyped-def]
    """A deal that moved twice, of a merged account, with one call and one plan; a deal that was deleted; a converted lead."""
    land("salesforce__opportunities", DEAL, "2026-05-01 09:00", opportunity("Prospecting"))
    land("salesforce__opportunities", DEAL, "2026-05-06 09:00", opportunity("Needs Analysis"))
    land("salesforce__opportunities", DEAL, "2026-05-08 10:00", opportunity("Proposal/Price Quote"))
    land("salesforce__opportunities", "0060000000000o2AAA", "2026-05-01 09:00", opportunity("Prospecting"))
    land("salesforce__opportunities", "0060000000000o2AAA", "2026-05-07 09:00", {"is_deleted": True})
    for number, (deal, stage, day) in enumerate(
        [
            (DEAL, "Prospecting", "2026-05-01"),
            (DEAL, "Needs Analysis", "2026-05-06"),
            (DEAL, "Proposal/Price Quote", "2026-05-08"),
            ("0060000000000o2AAA", "Prospecting", "2026-05-01"),
        ]
    ):
        row = {
            "OpportunityId": deal,
            "StageName": stage,
            "Amount": "1234.56",
            "CreatedDate": at(day),
            "CreatedById": "0050000000001001AAA",
        }
        land("salesforce__stage_changes", f"008{number}", f"{day} 09:00", row)
    past = {
        "StageName": "Prospecting",
        "Amount": "900",
        "CurrencyIsoCode": "CNY",
        "CloseDate": "2026-06-20",
        "CreatedDate": at("2026-05-02"),
    }
    land("salesforce__opportunities", PAST, "2026-05-02 09:00", past | {"LastStageChangeDate": at("2026-05-02")})
    land("salesforce__opportunities", PAST, "2026-05-08 09:00", opportunity("Prospecting") | past)
    told = {"OpportunityId": PAST, "StageName": "Prospecting", "Amount": "900", "CreatedDate": at("2026-05-02")}
    land("salesforce__stage_changes", "0089", "2026-05-02 09:00", told)
    land(
        "salesforce__accounts",
        WINNER,
        "2026-05-01 08:00",
        {"Name": "苏州精密", "Industry": "auto", "CreatedDate": at("2026-05-01")},
    )
    land(
        "salesforce__accounts",
        LOSER,
        "2026-05-01 08:00",
        {"Name": "苏州精密2", "Industry": "food", "CreatedDate": at("2026-05-01")},
    )
    land("salesforce__accounts", LOSER, "2026-05-05 08:00", {"is_deleted": True, "MasterRecordId": WINNER})
    call = {
        "WhatId": DEAL,
        "TaskSubtype": "Call",
        "CallType": "Inbound",
        "CompletedDateTime": at("2026-05-07"),
        "CreatedDate": at("2026-05-07"),
    }
    land("salesforce__tasks", "00T1", "2026-05-07 09:00", call)
    land(
        "salesforce__tasks",
        "00T2",
        "2026-05-07 09:00",
        {key: value for key, value in call.items() if key != "CompletedDateTime"},
    )
    lead = {"Company": "苏州精密", "LeadSource": "Web", "Status": "Qualified", "IsConverted": True, "ConvertedOpportunityId": DEAL,
            "ConvertedDate": "2026-05-02", "CreatedDate": at("2026-04-30"),
            "MobilePhone": {"token": "t1", "mask": "138****0001"}}  # fmt: skip
    land("salesforce__leads", LEAD, "2026-05-02 09:00", lead)
    for role, name, above in ROLES:
        portal = "CustomerPortal" if name == "portal" else "None"
        land(
            "salesforce__roles",
            role,
            "2026-04-30 08:00",
            {"Name": name, "PortalType": portal} | ({"ParentRoleId": above} if above else {}),
        )
    for user, name, role, manager, is_active in USERS:
        record = {"Name": name, "UserRoleId": role, "IsActive": is_active} | ({"ManagerId": manager} if manager else {})
        land("salesforce__users", user, "2026-04-30 08:00", record)
    build("features", "2026-05-09", feature_from="2026-05-04", feature_to="2026-05-09")


def test_the_history_gives_each_days_stage_and_the_merged_account_its_successor(night, query):  # type: ignore[no-untyped-def]
    rows = query(
        "select as_of_date::text, stage_code, days_in_stage, stage_moves_count, interactions_count_14d, account_industry,"
        " open_gross_amount::text, is_renewal from features.opportunity_features where opportunity_id = %s order by 1", DEAL
    )  # fmt: skip
    assert rows == [
        ("2026-05-04", "S1", 3, 0, None, "food", "8765.38", True),
        ("2026-05-05", "S1", 4, 0, None, "auto", "8765.38", True),
        ("2026-05-06", "S2", 0, 1, None, "auto", "8765.38", True),
        ("2026-05-07", "S2", 1, 1, 1, "auto", "8765.38", True),
        ("2026-05-08", "S3", 0, 2, 1, "auto", "8765.38", True),
        ("2026-05-09", "S3", 1, 2, 1, "auto", "8765.38", True),
    ]


def test_a_deal_of_before_the_first_night_has_what_its_history_dates_and_no_customer_yet(night, query):  # type: ignore[no-untyped-def]
    """As `connectors/salesforce_past.py` lands it: the night of the 8th was the first that read the deal."""
    rows = query(
        "select as_of_date::text, stage_code, days_in_stage, account_industry, open_gross_amount::text, is_renewal"
        " from features.opportunity_features where opportunity_id = %s and as_of_date in ('2026-05-07', '2026-05-08') order by 1", PAST
    )  # fmt: skip
    assert rows == [("2026-05-07", "S1", 5, None, "900.00", None), ("2026-05-08", "S1", 6, "auto", "900.00", True)]


def test_a_deleted_deal_leaves_the_pipeline_on_the_day_that_this_was_known(night, query):  # type: ignore[no-untyped-def]
    rows = query(
        "select max(as_of_date)::text from features.opportunity_features where opportunity_id = '0060000000000o2AAA'"
    )
    assert rows == [("2026-05-06",)]


def test_events_name_the_row_of_the_history_that_proves_them(night, query):  # type: ignore[no-untyped-def]
    rows = query(
        "select system, stage_value, evidence_record_id, occurred_at::text from intermediate.int_stage_events"
        " where opportunity_id = %s order by occurred_at", DEAL
    )  # fmt: skip
    assert [row[:3] for row in rows] == [
        ("salesforce", "Prospecting", "0080"),
        ("salesforce", "Needs Analysis", "0081"),
        ("salesforce", "Proposal/Price Quote", "0082"),
    ]


def test_a_lead_of_salesforce_is_a_lead_of_the_crm(night, build, query):  # type: ignore[no-untyped-def]
    build("+int_crm_leads", "2026-05-09")
    rows = query(
        "select lead_id, opportunity_id, biz_status, phone_token, converted_at::date::text from intermediate.int_crm_leads"
    )
    assert rows == [(LEAD, DEAL, "Qualified", "t1", "2026-05-01")]


def test_roles_are_the_organisation_and_an_owner_stands_in_the_own_one(night, query):  # type: ignore[no-untyped-def]
    """A sole role at the top is the company, roles of portals are none of it, and a deal counts for every node above its owner."""
    nodes = query(
        "select node_id, parent_node_id, node_level, name from intermediate.int_org_nodes where as_of_date = '2026-05-09' order by 1"
    )
    assert nodes == [
        (OWNER, "00E4", "rep", "Wang Fang"), ("00E1", None, "company", "CEO"), ("00E2", "00E1", "region", "East"),
        ("00E3", "00E2", "team", "East sales"), ("00E4", "00E3", "team", "Shanghai"),
    ]  # fmt: skip
    counted = query(
        "select node_id from features.opportunity_nodes where opportunity_id = %s and as_of_date = '2026-05-09' order by 1", DEAL
    )  # fmt: skip
    assert counted == [(OWNER,), ("00E1",), ("00E2",), ("00E3",), ("00E4",)]


def test_a_roles_manager_holds_it_above_others_and_of_two_most_name_the_one(night, query):  # type: ignore[no-untyped-def]
    """Of Su and Tang, who both hold the role above the owner's, Xu names Tang; Lin's predecessor is no longer active."""
    managers = query(
        "select node_id, manager_id from intermediate.int_node_managers where as_of_date = '2026-05-09' order by 1"
    )
    assert managers == [(OWNER, "005T"), ("00E1", "005C"), ("00E2", "005E"), ("00E3", "005T"), ("00E4", "005T")]
