"""Scores of leads leave in the same nightly quota as those of deals: high bands first, and nothing that people wrote is touched.

`sync` is filled by hand with what a build owes, as in test_writeback.py.
"""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from connectors.streams import mapping_of, write_back_of
from tests.connectors.company import DAY, Company, run_step
from warehouse.connection import connect

pytestmark = pytest.mark.slow
BUILD = "20260630_leads"
DEAL, LEAD = "NewOpportunityObj", "LeadsObj"
TABLES = {DEAL: ("sync_crm__opportunity_scores", "opportunity_id"), LEAD: ("sync_crm__lead_scores", "lead_id")}


def score(kind: str, band: str | None) -> dict[str, Any]:
    """A payload with every key that the tenant's mapping asks for; without a band it clears."""
    mapping = mapping_of("fxiaoke")
    back = mapping.write_backs["write_back_leads"] if kind == LEAD else write_back_of("fxiaoke")
    known = {"band": band, "model_version": "m-1", "p_convert_90d": 0.4123, "reasons": "渠道为 baidu"} if band else {}
    return dict.fromkeys(back.fields) | {key: value for key, value in known.items() if key in back.fields}


def owe(*messages: tuple[str, str, str, str | None]) -> None:
    """Publish a build of the day that owes these (kind, record, action, band)."""
    with connect("owner_ddl") as owner:
        owner.execute(
            "truncate ops.writeback_receipts, ops.publications, ops.published_build, ops.builds, ops.dead_letters cascade"
        )
    with connect("transformer") as connection:
        for table, key in TABLES.values():
            connection.execute(f"drop table if exists sync.{table}")
            connection.execute(
                f"create table sync.{table} (build_id text, {key} text, system text, action text, payload jsonb, payload_hash text)"
            )
        connection.execute(
            "insert into ops.builds (build_id, as_of, inputs_digest, code_version, seed, state) values (%s, %s, '', '', 1, 'published')",
            (BUILD, DAY),
        )
        connection.execute(
            "insert into ops.publications (build_id, as_of, kind, manifest) values (%s, %s, 'publish', '{}')",
            (BUILD, DAY),
        )
        for kind, record, action, band in messages:
            connection.execute(
                f"insert into sync.{TABLES[kind][0]} values (%s, %s, 'fxiaoke', %s, %s, 'x')",
                (BUILD, record, action, json.dumps(score(kind, band))),
            )


def receipts() -> dict[tuple[str, str], tuple[str, str | None]]:
    """(kind of record, id) → state and code."""
    with connect("writeback") as connection:
        found = connection.execute("select entity, record_id, state, error_code from ops.writeback_receipts").fetchall()
    return {(entity, record): (state, code) for entity, record, state, code in found}


def send(**overrides: str) -> str:
    done = run_step("writeback", "--as-of", DAY, writeback="fxiaoke", **overrides)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip().splitlines()[-1]


@pytest.fixture
def records(company: Company) -> Iterator[dict[str, list[str]]]:
    """Two deals and two leads of the company; afterwards no table of this module is left."""
    found = {}
    for kind in TABLES:
        entries = company.ask(f"journal?object={kind}")["entries"]
        gone = {entry["id"] for entry in entries if entry["op"] == "delete"}
        found[kind] = sorted({entry["id"] for entry in entries} - gone)[:2]
    yield found
    with connect("transformer") as connection:
        for table, _ in TABLES.values():
            connection.execute(f"drop table if exists sync.{table}")


def test_high_bands_of_deals_and_leads_share_the_quota_and_the_rest_is_owed_again(
    company: Company, records: dict[str, list[str]]
) -> None:
    (deal_d, deal_b), (lead_c, lead_a) = records[DEAL], records[LEAD]
    owe(
        (DEAL, deal_d, "send", "D"),
        (DEAL, deal_b, "send", "B"),
        (LEAD, lead_c, "send", "C"),
        (LEAD, lead_a, "send", "A"),
    )
    assert send(writeback_cap="2").startswith("write-back: 2 sent, 2 acked, 0 rejected, 0 unknown, 2 unprocessed")
    assert receipts() == {
        ("lead", lead_a): ("acked", "0"),
        ("opportunity", deal_b): ("acked", "0"),
        ("lead", lead_c): ("unprocessed", "over_cap"),
        ("opportunity", deal_d): ("unprocessed", "over_cap"),
    }
    assert send().startswith("write-back: 2 sent, 2 acked")
    assert {state for state, _ in receipts().values()} == {"acked"}


def test_a_lead_gets_its_score_and_loses_it_and_people_s_fields_stay(
    company: Company, records: dict[str, list[str]]
) -> None:
    lead = records[LEAD][0]
    before = company.ask(f"record/{LEAD}/{lead}")["body"]
    owe((LEAD, lead, "send", "A"))
    send()
    after = company.ask(f"record/{LEAD}/{lead}")["body"]
    ours = {
        "lf_p_convert_90d__c": "0.4123",
        "lf_band__c": "A",
        "lf_reasons__c": "渠道为 baidu",
        "lf_model_version__c": "m-1",
    }
    assert {field: value for field, value in after.items() if field.startswith("lf_")} == ours
    owe((LEAD, lead, "withdraw", None))
    send()
    cleared = company.ask(f"record/{LEAD}/{lead}")["body"]
    theirs = {field: value for field, value in before.items() if not field.startswith("lf_")}
    assert {field: value for field, value in cleared.items() if value is not None} == theirs
    assert {field: after[field] for field in theirs} == theirs
