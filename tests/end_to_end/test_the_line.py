"""One opportunity through every stop of the line, in the order of the design's table; its score is read back from the CRM over HTTP."""

import json
from datetime import date
from typing import Any

import httpx
import pytest

from tests.connectors.vendor import Vendor
from tests.end_to_end.conftest import LinePointer
from tests.end_to_end.line import Line
from tests.end_to_end.tables import one
from warehouse.clock import cutoff
from warehouse.frames import fetch_all

pytestmark = pytest.mark.slow
PLACED = "select node_id from features.opportunity_nodes where opportunity_id = %s and as_of_date = %s"


@pytest.fixture
def day(first_night: Line, use_line: LinePointer) -> date:
    use_line(first_night)
    return first_night.day


@pytest.fixture
def deal(day: date) -> str:
    """The open deal with the greatest expected amount that the CRM was told about."""
    return str(one(
        "select m.opportunity_id from published.mart_open_opportunities as m join sync.sync_crm__opportunity_scores as s"
        " on s.opportunity_id = m.opportunity_id where m.has_amount order by expected_gross_amount desc, 1 limit 1"
    )[0])  # fmt: skip


def test_stops_1_to_3_a_record_lands_with_its_cursor_and_the_gate_moves_the_watermark(day: date, deal: str) -> None:
    (record_id, known_at, load_id) = one(
        "select record ->> '_id', known_at, load_id from landing.fxiaoke__opportunities where record_id = %s"
        " order by changed_at desc, known_at desc, load_id desc limit 1", deal)  # fmt: skip
    assert record_id == deal
    assert known_at <= cutoff(day)  # type: ignore[operator]
    assert one("select state from ops.cursors where load_id = %s", load_id) == ("finished",)
    assert one("select received = landed + unchanged + quarantined from ops.loads where load_id = %s", load_id) == (
        True,
    )
    assert one(
        "select verdict from ops.gate_verdicts where as_of = %s and border = 'landing' order by verdict_id desc limit 1",
        day,
    ) == ("passed",)
    assert one("select watermark from ops.watermarks where stream = 'opportunities'") == (cutoff(day),)


def test_stops_4_to_6_the_record_is_a_version_and_stands_on_the_spine(day: date, deal: str) -> None:
    assert one(
        "select count(*) from staging.stg_fxiaoke__opportunities where opportunity_id = %s and valid_from <= %s and %s < valid_to",
        deal, cutoff(day), cutoff(day)) == (1,)  # fmt: skip
    assert one(
        "select count(*) from intermediate.int_open_opportunities_as_of where opportunity_id = %s and as_of_date = %s",
        deal,
        day,
    ) == (1,)


def test_stops_7_to_9_its_features_of_the_day_are_appended_once_and_pass_the_gate(day: date, deal: str) -> None:
    revision, cut = one(
        "select revision, cutoff_at from features.opportunity_features where opportunity_id = %s and as_of_date = %s", deal, day
    )  # fmt: skip
    assert (revision, cut) == (1, cutoff(day))
    assert one(
        "select verdict from ops.gate_verdicts where as_of = %s and border = 'features' order by verdict_id desc limit 1",
        day,
    ) == ("passed",)


def test_stops_10_and_11_it_is_scored_with_reasons_and_enters_the_forecast_of_its_nodes(day: date, deal: str) -> None:
    build_id = one("select build_id from ops.published_build")[0]
    by_end, ever, reasons, version = one(
        "select p_win_by_period_end, p_win_ever, reasons, model_version from scores.opportunity_scores"
        " where build_id = %s and opportunity_id = %s", build_id, deal)  # fmt: skip
    assert 0 <= by_end <= ever <= 1  # type: ignore[operator]
    assert all({"zh", "en", "theme"} <= reason.keys() for reason in reasons)  # type: ignore[attr-defined]
    assert version == one("select model_version from scores.models where is_promoted order by as_of desc limit 1")[0]
    nodes = {
        row[0]
        for row in fetch_all(
            "checker",
            PLACED,
            (deal, day),
        )
    }
    forecast = {
        row[0]
        for row in fetch_all("checker", "select node_id from scores.period_forecasts where build_id = %s", (build_id,))
    }
    assert len(nodes) >= 3, "company, region, team and owner"
    assert nodes <= forecast


def test_stops_12_to_14_it_is_in_the_mart_of_one_build_that_the_pointer_shows(day: date, deal: str) -> None:
    build_id = one("select build_id from ops.published_build")[0]
    assert one(f"select count(*) from build_{build_id}.mart_open_opportunities where opportunity_id = %s", deal) == (1,)
    assert one("select build_id from published.mart_open_opportunities where opportunity_id = %s", deal) == (build_id,)
    assert one("select as_of, kind from ops.publications where build_id = %s", build_id) == (day, "publish")


def test_stops_15_and_16_the_crm_holds_the_payload_that_was_owed(first_night: Line, deal: str, day: date) -> None:
    payload, payload_hash = one(
        "select payload, payload_hash from sync.sync_crm__opportunity_scores where opportunity_id = %s", deal
    )
    state, sent_hash = one("select state, payload_hash from ops.writeback_receipts where record_id = %s", deal)
    assert (state, sent_hash) == ("acked", payload_hash)
    record = _from_crm(first_night, deal)
    assert float(record["lf_p_win_by_period_end__c"]) == payload["p_win_by_period_end"]  # type: ignore[index]
    assert record["lf_band__c"] == payload["band"]  # type: ignore[index]
    assert record["lf_reasons__c"] == payload["reasons"]  # type: ignore[index]


def test_stop_17_the_alerts_of_the_build_are_open_and_told_once(first_night: Line, day: date) -> None:
    receiver = Vendor(lambda _: (200, b""))
    told = {"NOTIFY": "webhook", "NOTIFY_WEBHOOK_BASE_URL": receiver.url, "NOTIFY_WEBHOOK_SECRET": "invented"}
    try:
        for _ in range(2):
            done = first_night.step("notify", day, **told)
            assert done.returncode == 0, done.output
    finally:
        receiver.close()
    keys = fetch_all("checker", "select alert_key from published.mart_alerts order by 1")
    assert keys, "a company of this size has a region behind or a deal in silence"
    assert fetch_all("checker", "select alert_key from ops.alerts order by 1") == keys
    assert len(receiver.asked) == min(len(keys), 6)  # five of the day, and the rest as one


def test_stop_18_a_closed_deal_gives_its_earlier_rows_an_outcome(day: date) -> None:
    closed = fetch_all(
        "checker",
        "select o.opportunity_id, o.outcome, o.closed_on, max(f.as_of_date) from features.opportunity_outcomes as o"
        " join features.opportunity_features as f on f.opportunity_id = o.opportunity_id"
        " where o.outcome = 'won' and not o.is_backfilled group by 1, 2, 3 order by 1 limit 20",
    )
    assert closed, "three years of history hold won deals"
    assert all(last_seen_open <= closed_on for _, _, closed_on, last_seen_open in closed)


def test_the_summary_says_what_the_published_build_and_ops_hold(first_night: Line, day: date) -> None:
    from nightly.facts import facts
    from nightly.layout import money

    said = facts(day)
    won, mean, target = one("select won, mean, target from published.mart_period_forecast where parent_node_id is null")
    acked = one("select count(*) from ops.writeback_receipts where state = 'acked'")[0]
    assert (said["forecast"][0]["won"], said["forecast"][0]["mean"]) == (float(won), float(mean))  # type: ignore[arg-type]
    assert said["receipts"] == {"acked": acked}
    screen = first_night.ask("nightly", "summary", "--as-of", day.isoformat())
    assert all(money(value, "zh") in screen for value in (won, mean, target))
    assert f"写回 {acked}" in screen
    english = first_night.ask("nightly", "summary", LANG="en")
    assert money(mean, "en") in english
    assert f"written back {acked}" in english


def test_no_step_of_the_night_left_this_machine(first_night: Line) -> None:
    outside = first_night.home / "outside.txt"
    assert not outside.exists(), outside.read_text()


def _from_crm(line: Line, record_id: str) -> dict[str, Any]:
    """The record as the CRM's own API answers."""
    base = line.crm_address()
    app = {
        "appId": "FSAID_sandbox",
        "appSecret": "sandbox-secret",
        "permanentCode": "sandbox-code",
        "grantType": "app_secret",
    }
    signed = httpx.post(f"{base}/oauth2.0/token", json=app).json()
    headers = {"authorization": f"Bearer {signed['accessToken']}", "x-fs-ea": signed["ea"], "x-fs-userid": "1000"}
    body = {"data": {"dataObjectApiName": "NewOpportunityObj", "objectDataId": record_id}}
    answer = httpx.post(f"{base}/cgi/crm/v2/data/get", headers=headers, content=json.dumps(body)).json()
    assert answer["errorCode"] == 0, answer
    return dict(answer["data"])
