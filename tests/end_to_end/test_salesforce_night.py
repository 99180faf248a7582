"""A company whose CRM is Salesforce: a whole night reads its org, publishes, and writes the scores back into it."""

import json

import pytest

from sandbox.salesforce_schema import org_id
from sandbox.salesforce_sign_in import CLIENT_ID, CLIENT_SECRET

pytestmark = pytest.mark.soak
OPP = "NewOpportunityObj"


@pytest.fixture(scope="module")
def org(new_line):  # type: ignore[no-untyped-def]
    """The line after its first night."""
    line = new_line(
        "salesforce", history="none", SOURCES="salesforce", WRITEBACK="salesforce", SALESFORCE_CLIENT_ID=CLIENT_ID,
        SALESFORCE_CLIENT_SECRET=CLIENT_SECRET,
    )  # fmt: skip
    line.night(line.day)
    return line


def test_every_open_deal_of_the_org_is_published_with_its_stage(org) -> None:  # type: ignore[no-untyped-def]
    living = org.company(f"select id, body from current where object = '{OPP}'")
    open_ones = {org_id("006", key) for key, body in living if json.loads(body)["sales_stage"] not in ("won", "lost")}
    published = org.rows("select opportunity_id, stage_code from published.mart_open_opportunities", role="bi_reader")
    assert {deal for deal, _ in published} == open_ones
    assert {stage for _, stage in published} <= {"S1", "S2", "S3", "S4"}


def test_scores_are_in_the_org_and_each_has_its_receipt(org) -> None:  # type: ignore[no-untyped-def]
    receipts = dict(
        org.rows("select record_id, state from ops.writeback_receipts where system = 'salesforce'", role="writeback")
    )
    written = org.company("select id, fields from journal where actor = '1000' and op = 'update'")
    assert {org_id("006", key) for key, _ in written} == receipts.keys()
    assert set(receipts.values()) == {"acked"}
    assert all(name.startswith("lf_") for _, fields in written for name in json.loads(fields))


def test_the_next_night_reads_its_own_writing_as_an_echo_and_writes_each_deal_once(org) -> None:  # type: ignore[no-untyped-def]
    first = len(org.company("select 1 from journal where actor = '1000' and op = 'update'"))
    day = org.advance()
    org.night(day)
    [(echoed,)] = org.rows(
        "select sum(echoed) from ops.loads where system = 'salesforce' and stream = 'opportunities' and as_of = %s", day
    )
    assert first / 2 < echoed <= first  # others changed some of them that day
    written = org.company(
        "select id, fields ->> 'lf_scored_at__c' from journal where actor = '1000' and op = 'update' and effective"
    )
    assert len(written) == len(set(written)) > first  # a new quarter began: every deal is owed anew
    seen = len(org.company("select 1 from journal"))
    assert org.step("write_back", day).output.strip().endswith("0 dead")
    assert len(org.company("select 1 from journal")) == seen
