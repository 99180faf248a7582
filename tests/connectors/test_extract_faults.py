"""What goes wrong in the CRM: a passing fault costs a retry, a lasting one ends in one sentence; nothing is lost."""

from typing import Any

import pytest

from connectors.streams import mapping_of
from tests.connectors.company import DAY, Company, run_step
from warehouse.frames import fetch_all

pytestmark = pytest.mark.slow


def rows() -> dict[str, int]:
    return {
        name: fetch_all("loader", f"select count(*) from landing.fxiaoke__{name}")[0][0]
        for name in mapping_of("fxiaoke").streams
    }


@pytest.fixture(scope="module")
def live(company: Company) -> Company:
    """The company after its first night."""
    for step in ("history", "extract"):
        done = run_step(step, "--as-of", DAY)
        assert done.returncode == 0, done.stderr
    return company


@pytest.mark.parametrize("fault", [{"kind": "truncated", "request_index": 1}, {"kind": "-1", "request_index": 1}])
def test_a_passing_fault_costs_a_retry_and_no_row(live: Company, fault: dict[str, Any]) -> None:
    before = rows()
    live.ask("faults", [{**fault, "object": "LeadsObj"}])
    done = run_step("extract", "--as-of", "2026-06-30", "--stream", "leads")
    live.ask("faults", [])
    assert done.returncode == 0, done.stderr
    assert rows() == before


@pytest.mark.parametrize(("rules", "environment", "message"), [
    ({}, {"fxiaoke_app_secret": "wrong"},
     "Fxiaoke refused the app secret (10006): correct LANDFALL_FXIAOKE_APP_SECRET, then rerun"),
    ({"daily_quota": 1}, {}, "(30002): the day's quota is spent: wait until midnight or buy more calls, then rerun"),
    ({}, {"fxiaoke_base_url": "http://127.0.0.1:9", "request_deadline_s": "2"}, "fxiaoke at http://127.0.0.1:9 cannot be reached"),
])  # fmt: skip
def test_a_lasting_fault_ends_in_one_sentence_with_the_next_action(
    live: Company, rules: dict[str, Any], environment: dict[str, str], message: str
) -> None:
    former = live.ask("rules")
    live.ask("rules", rules)
    done = run_step("extract", "--as-of", "2026-06-30", **environment)
    live.ask("rules", {name: former[name] for name in rules})
    assert done.returncode == 1
    assert message in done.stderr
    assert done.stderr.count("\n") == 1
    assert "wrong" not in done.stderr


def test_an_object_that_is_not_granted_does_not_stop_the_others(live: Company) -> None:
    live.ask("rules", {"denied_objects": ["AccountObj"]})
    done = run_step("extract", "--as-of", "2026-06-30")
    live.ask("rules", {"denied_objects": []})
    assert done.returncode == 1
    assert "Fxiaoke refused AccountObj (20014, trace " in done.stderr
    assert "grant the app data access to the object, then rerun" in done.stderr
    assert "fxiaoke activity_records: " in done.stdout


def test_both_generations_of_sign_in_read_the_same(live: Company) -> None:
    done = run_step(
        "extract",
        "--as-of",
        "2026-06-30",
        "--stream",
        "accounts",
        fxiaoke_auth_style="body",
        fxiaoke_user_id="FSUID_1000",
    )
    assert done.returncode == 0, done.stderr


def test_a_day_that_was_passed_long_ago_is_refused(live: Company) -> None:
    done = run_step("extract", "--as-of", "2025-01-31")
    assert done.returncode == 1
    assert "extract reads forward only, use `make backfill`" in done.stderr


def test_check_says_what_to_do(live: Company) -> None:
    assert run_step("check").returncode == 0
    refused = run_step("check", fxiaoke_permanent_code="wrong")
    assert (refused.returncode, "20022" in refused.stdout) == (1, True)
