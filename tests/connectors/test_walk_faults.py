"""Faults of a CRM in the middle of a walk, each with its oracle: all rows come, none twice, and no request more than is owed."""

import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from config.settings import settings
from connectors.fxiaoke import Fxiaoke
from connectors.pacing import Patience
from connectors.sources import Page
from connectors.streams import mapping_of
from tests.connectors.company import DAY, Company
from warehouse.clock import cutoff
from warehouse.steps import StepError
from warehouse.walks import Walk

pytestmark = pytest.mark.slow
LEADS, OBJECT = mapping_of("fxiaoke").streams["leads"], "LeadsObj"
WALK = Walk("fxiaoke", "leads", date.fromisoformat(DAY), None, cutoff(date.fromisoformat(DAY)))
ATTEMPTS = 5


class Reading:
    """One reading of the leads, page after page; waits are noted and not made."""

    def __init__(self, walk: Walk = WALK, **now: Any) -> None:
        self.waits: list[float] = []
        self.pages: list[Page] = []
        self.refused = ""
        crm = Fxiaoke(
            settings().model_copy(update={"concurrency": 1, **now}), Patience(ATTEMPTS, pause=self.waits.append)
        )
        try:
            for page in crm.pages(LEADS, walk):
                self.pages.append(page)
        except StepError as error:
            self.refused = str(error)
        finally:
            crm.close()

    @property
    def ids(self) -> list[str]:
        """The ids that came, in order."""
        return [row["_id"] for page in self.pages for row in page.rows]


@pytest.fixture(scope="module")
def whole(company: Company) -> list[str]:
    """What a reading without faults brings: six pages or more."""
    company.ask("rules", {"requests_per_20s": 0, "token_calls_per_minute": 0})
    found = Reading()
    assert len(found.pages) > 5
    return found.ids


@pytest.fixture
def crm(company: Company, whole: list[str]) -> Iterator[Company]:
    """The company without faults."""
    yield company
    company.ask("faults", [])


def plan(crm: Company, **fault: Any) -> int:
    """Plant one fault of queries for leads; the number of the request before."""
    crm.ask("faults", [{"object": OBJECT, "endpoint": "query", **fault}])
    return crm.last_request()


def test_a_limit_on_every_fifth_page_is_waited_out_as_long_as_was_asked(crm: Company, whole: list[str]) -> None:
    since = plan(crm, kind="http_429", every=5, seconds=7)
    found = Reading()
    limited = sum(row["http_status"] == 429 for row in crm.requests_since(since, OBJECT))
    assert (found.ids, found.waits) == (whole, [7.0] * limited)
    assert limited > 0


def test_a_burst_of_failures_shorter_than_our_patience_costs_no_row(crm: Company, whole: list[str]) -> None:
    plan(crm, kind="http_503", request_index=[3, 4, 5, 6])
    found = Reading()
    assert (found.ids, len(found.waits)) == (whole, ATTEMPTS - 1)


def test_a_longer_burst_ends_the_walk_which_goes_on_with_the_missing_pages_alone(
    crm: Company, whole: list[str]
) -> None:
    plan(crm, kind="http_502", request_index=[3, 4, 5, 6, 7, 8])
    broken = Reading()
    assert (broken.ids, len(broken.pages)) == (whole[:200], 2)
    assert "answers HTTP 502 after 5 attempts for LeadsObj" in broken.refused
    crm.ask("faults", [])
    since = crm.last_request()
    rest = Reading(replace(WALK, last_id=broken.pages[-1].cursor))
    assert broken.ids + rest.ids == whole
    assert len(crm.requests_since(since, OBJECT)) <= len(rest.pages) + 1  # one looks for the greatest id


def test_a_token_that_expires_at_any_page_costs_one_refresh_and_no_row(crm: Company, whole: list[str]) -> None:
    for index in range(1, len(whole) // 100 + 2):
        since = plan(crm, kind="token_expired", request_index=index)
        assert Reading().ids == whole
        assert len(crm.requests_since(since, path="/oauth2.0/token")) == 1


def test_a_server_that_says_nothing_is_left_at_the_deadline_and_asked_again(crm: Company, whole: list[str]) -> None:
    plan(crm, kind="timeout", request_index=3, seconds=60)
    began = time.monotonic()
    found = Reading(request_deadline_s=1.5)
    assert (found.ids, len(found.waits)) == (whole, 1)
    assert time.monotonic() - began < 20


@pytest.mark.parametrize("kind", ["truncated", "html_200", "reply_lost"])
def test_an_answer_that_stays_broken_ends_the_walk_and_is_never_no_records(
    crm: Company, whole: list[str], kind: str
) -> None:
    plan(crm, kind=kind)
    found = Reading()
    assert (found.pages, len(found.waits)) == ([], ATTEMPTS - 1)
    assert "after 5 attempts for LeadsObj: check that Fxiaoke is up" in found.refused


def test_a_page_that_is_served_again_is_noticed_and_the_walk_goes_on_behind_it(crm: Company, whole: list[str]) -> None:
    plan(crm, kind="repeated", request_index=3)
    found = Reading()
    assert found.ids == whole[:200]
    assert "Fxiaoke repeats a page of LeadsObj instead of going on" in found.refused
    crm.ask("faults", [])
    assert found.ids + Reading(replace(WALK, last_id=found.pages[-1].cursor)).ids == whole


def test_records_of_one_instant_are_all_read_wherever_a_walk_was_cut(crm: Company, whole: list[str]) -> None:
    """An import touched them within one millisecond: neither a page nor a killed walk splits the instant."""
    at_ms = 1782820800000  # 2026-06-30 20:00 in Beijing
    touched = whole[:350]
    changes = [
        {"object": OBJECT, "id": each, "op": "update", "fields": {"web_visits__c": "9"}, "at_ms": at_ms}
        for each in touched
    ]
    crm.ask("patch", changes)
    instant = datetime.fromtimestamp(at_ms / 1000, UTC)
    narrow = replace(WALK, window_from=instant)
    found = Reading(narrow)
    assert set(touched) <= set(found.ids)
    assert len(found.ids) == len(set(found.ids))
    for place, page in enumerate(found.pages[:-1], 1):
        rest = Reading(replace(narrow, last_id=page.cursor))
        assert [row["_id"] for each in found.pages[:place] for row in each.rows] + rest.ids == found.ids
