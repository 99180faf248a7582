"""Rows of leads are what was known each day: nothing that came later enters, and no answer is told before it is due."""

from datetime import date
from typing import Any

import pytest

pytestmark = pytest.mark.slow
MODELS = "+lead_features +lead_outcomes +no_lead_row_uses_later_knowledge"
ROWS = "select as_of_date, lead_status, industry, contacts_count_14d, hours_to_assignment, channel from features.lead_features"


@pytest.fixture(scope="module")
def rows(land, build, query, ms):  # type: ignore[no-untyped-def]
    """Leads of January as 5 May knows them, in one run over the past; then an evening of corrections and the same run again."""

    def crm(key: str, changed: str, **fields: Any) -> None:
        told = {"source": "website", "life_status": "normal", "owner": ["1001"], "biz_status": "un_processed"}
        land("fxiaoke__leads", key, changed, told | {"create_time": int(ms("2026-01-05 10:00"))} | fields)

    def met(key: str, at: str, lead: str) -> None:
        related = [{"id": lead, "describe_api_name": "LeadsObj"}]
        said = {
            "active_record_type": "1",
            "related_object_data": related,
            "create_time": int(ms(at)),
            "direction__c": "out",
        }
        land("fxiaoke__activity_records", key, at, said)

    crm("A", "2026-01-05 10:00")
    crm("A", "2026-01-07 15:00", biz_status="processed", industry="food", assigned_time=int(ms("2026-01-07 15:00")))
    met("m1", "2026-01-06 09:00", "A")
    met("m2", "2026-01-08 09:00", "A")
    land("hubspot__leads", "h1", "2026-01-05 09:55", {"formId": "f"}, known="2026-01-12")
    crm("A", "2026-01-12 09:00", biz_status="processed", industry="food", channel_lead_id__c="h1",
        assigned_time=int(ms("2026-01-07 15:00")))  # fmt: skip
    converted = {"biz_status": "transformed", "new_opportunity_id": "O1"}
    crm("B", "2026-01-05 10:00")
    crm("B", "2026-01-13 10:00", transformed_time__c=int(ms("2026-01-13 10:00")), **converted)
    crm("C", "2026-01-05 10:00")
    crm("C", "2026-04-20 10:00", transformed_time__c=int(ms("2026-04-20 10:00")), **converted)
    crm("D", "2026-04-01 10:00", create_time=int(ms("2026-04-01 10:00")))
    crm(
        "D",
        "2026-04-03 10:00",
        create_time=int(ms("2026-04-01 10:00")),
        transformed_time__c=int(ms("2026-04-03 10:00")),
        **converted,
    )

    def night() -> list[tuple[Any, ...]]:
        build(MODELS, "2026-05-05", feature_from="2026-01-01", feature_every_days=7)
        found: list[tuple[Any, ...]] = query(
            "select * from features.lead_features order by lead_id, as_of_date, revision"
        )
        return found

    first = night()
    met("m3", "2026-01-07 09:00", "C")  # of January, and heard of in May
    land("fxiaoke__leads", "C", "2026-05-05 20:00", {"source": "baidu", "biz_status": "closed"}, known="2026-05-06")
    return first, night()


def test_a_row_shows_what_was_known_at_the_end_of_its_day(rows, query):  # type: ignore[no-untyped-def]
    found = query(f"{ROWS} where lead_id = 'A' order by 1")
    assert found[:4] == [
        (date(2026, 1, 5), "un_processed", None, None, None, None),
        (date(2026, 1, 7), "processed", "food", 1, 53.0, None),
        (date(2026, 1, 12), "processed", "food", 2, 53.0, "hubspot"),
        (date(2026, 1, 26), "processed", "food", 0, 53.0, "hubspot"),
    ]


def test_what_is_learnt_later_leaves_past_rows_as_they_are(rows) -> None:  # type: ignore[no-untyped-def]
    first, again = rows
    assert [row for row in again if row in first] == first
    assert {row[2] for row in again if row not in first} <= {
        2
    }  # m3 was logged on its own day: a correction is a further revision


def test_a_lead_that_is_converted_or_90_days_old_has_no_further_row(rows, query):  # type: ignore[no-untyped-def]
    ages = query("select lead_id, max(age_days) from features.lead_features group by 1 order by 1")
    assert ages == [("A", 49), ("B", 7), ("C", 49), ("D", 0)]


def test_the_answer_is_due_at_90_days_also_where_it_came_early_or_late(rows, query):  # type: ignore[no-untyped-def]
    found = query("select lead_id, is_converted, answer_known_on from features.lead_outcomes order by 1")
    due = date(2026, 4, 5)
    assert found == [("A", False, due), ("B", True, due), ("C", False, due), ("D", None, date(2026, 6, 30))]
