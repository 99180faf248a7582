"""Leads across channels and the CRM: one row a lead with its evidence, and what each source showed against what the CRM has."""

from datetime import date, timedelta
from typing import Any

import pytest

from warehouse.clock import cutoff
from warehouse.connection import connect

pytestmark = pytest.mark.slow


def person(name: str) -> dict[str, str]:
    return {"token": f"p_{name}", "mask": "138****0001"}


def load(
    system: str, day: str, received: int, unchanged: int, quarantined: int, part: str = "", *, is_rerun: bool = False
) -> None:
    """A finished walk of the day, or one file of it; a rerun reads the last hour again."""
    landed, load_id = received - unchanged - quarantined, f"{day}-{system}-leads{'-r2' if is_rerun else ''}"
    ends_at = cutoff(date.fromisoformat(day))
    with connect("loader") as connection:
        counts = (received, landed, unchanged, quarantined)
        if part:
            connection.execute("insert into ops.load_parts values (%s, %s, %s, %s, %s, %s)", (load_id, part, *counts))
            return
        connection.execute(
            "insert into ops.loads (load_id, system, stream, as_of, window_from, window_to, state, received, landed, unchanged,"
            " quarantined) values (%s, %s, 'leads', %s, %s, %s, 'finished', %s, %s, %s, %s)",
            (load_id, system, day, ends_at - timedelta(hours=1) if is_rerun else None, ends_at, *counts),
        )


@pytest.fixture(scope="module")
def night(land, build, ms):  # type: ignore[no-untyped-def]
    """Six inquiries in three channels, five leads of the CRM; and what the walks of that night came to."""

    def crm(key: str, phone: str, at: str, **fields: Any) -> None:
        told = {
            "mobile": person(phone),
            "source": "website",
            "life_status": "normal",
            "owner": ["1001"],
            "create_time": int(ms(at)),
        }
        land("fxiaoke__leads", key, at, told | fields)

    for name, phone, at in [
        ("h1", "a", "2026-01-05 10:00"),
        ("h2", "b", "2026-01-05 11:00"),
        ("h3", "c", "2026-01-05 12:00"),
    ]:
        land("hubspot__leads", name, at, {"formId": "f", "phone": person(phone), "company": f"公司{name}"})
    land("baidu__leads", "b1", "2026-01-05 13:00", {"solutionType": "form", "cluePhoneNumber": person("b")})
    row = {
        "channel": "fair",
        "lead_id": "L1",
        "phone": person("d"),
        "file": "fair_1.csv",
        "submitted_at": "2025-11-01T10:00:00+08:00",
    }
    land("lead_files__leads", "fair|L1", "2026-01-05 00:00", row)
    land(
        "lead_files__leads",
        "fair|L2",
        "2026-01-05 00:00",
        {"channel": "fair", "lead_id": "L2", "phone": person("e"), "file": "fair_1.csv"},
    )
    crm("C1", "other", "2026-01-05 10:05", channel_lead_id__c="h1", biz_status="transformed", new_opportunity_id="O1")
    crm("C2", "b", "2026-01-05 11:05")
    crm("C3", "d", "2026-01-05 11:10")  # the same phone, but two months after the inquiry
    crm("C4", "z", "2026-01-05 11:15", source="referral")
    crm("C5", "e", "2026-01-05 11:20")
    load("hubspot", "2026-01-05", 3, 0, 0)
    load("hubspot", "2026-01-05", 1, 1, 0, is_rerun=True)
    load("lead_files", "2026-01-05", 1000, 0, 20)
    load("lead_files", "2026-01-05", 1000, 0, 20, "fair_1.csv")
    load("baidu", "2026-01-05", 9, 0, 1)  # a page of it came twice: its pieces tell what the walk came to
    load("baidu", "2026-01-05", 4, 1, 0, "form 2026-01-05 00:00")
    load("baidu", "2026-01-05", 2, 0, 1, "phone 2026-01-05 00:00")
    with connect("transformer") as connection:
        connection.execute("create schema build_20260105_000000000000")
    schema = "build_20260105_000000000000"
    build(
        "+fct_lead +rpt_lead_reconciliation", "2026-01-05", build_id=schema.removeprefix("build_"), build_schema=schema
    )


def test_each_lead_is_one_row_with_the_evidence_that_joins_channel_and_crm(night, query):  # type: ignore[no-untyped-def]
    rows = query(
        "select lead_id, system, channel, channel_lead_id, evidence, inquiries_count, is_in_channel, is_in_crm"
        " from build_20260105_000000000000.fct_lead order by 1"
    )
    assert rows == [
        ("C1", "hubspot", "hubspot", "h1", "channel_lead_id", 1, True, True),
        ("C2", "hubspot", "hubspot", "h2", "phone", 2, True, True),
        ("C3", None, None, None, None, 0, False, True),
        ("C4", None, None, None, None, 0, False, True),
        ("C5", "lead_files", "fair", "L2", "phone", 1, True, True),
        ("p_c", "hubspot", "hubspot", "h3", None, 1, True, False),
        ("p_d", "lead_files", "fair", "L1", None, 1, True, False),
    ]


def test_the_report_says_of_each_source_what_it_showed_and_what_the_crm_lacks(night, query):  # type: ignore[no-untyped-def]
    rows = query(
        "select system, part_name, source_count, loaded_count, quarantined_count, held_count, missing_in_crm_count, missing_ids"
        " from build_20260105_000000000000.rpt_lead_reconciliation order by 1, 2"
    )
    assert rows == [
        ("baidu", "", 6, 5, 1, 1, 0, None),
        ("hubspot", "", 3, 3, 0, 3, 1, "h3"),
        ("lead_files", "fair_1.csv", 1000, 980, 20, 2, 1, "L1"),
    ]


def test_what_became_of_a_lead_in_the_crm_stands_beside_where_it_came_from(night, query):  # type: ignore[no-untyped-def]
    rows = query(
        "select owner_id, opportunity_id, biz_status, company_name, part_name, submitted_at < created_at"
        " from build_20260105_000000000000.fct_lead where lead_id = 'C1'"
    )
    assert rows == [("1001", "O1", "transformed", "公司h1", "f", True)]
