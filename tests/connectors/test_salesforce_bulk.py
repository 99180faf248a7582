"""Many records of Salesforce are read by a job of its Bulk API: the same records, to the last digit, as page by page."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from connectors.http import MOST_BYTES
from connectors.streams import mapping_of
from tests.connectors.channels import Served, served
from tests.connectors.salesforce_org import COUNTS, DAY, PATCHES, STREAMS, Org, forget, landed, living, pointed
from warehouse.clock import cutoff
from warehouse.connection import connect
from warehouse.steps import StepError


@pytest.fixture(scope="module")
def world(tenant_database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The company of PATCHES; a file of a job holds fifty rows."""
    with served(tmp_path_factory.mktemp("org"), PATCHES) as running:
        running.world.rules.salesforce_bulk_rows = 50
        yield running


@pytest.fixture
def org(world: Served, tmp_path: Path) -> Iterator[Org]:
    """The org with nothing landed and no faults; thirty rows are many."""
    world.plant()
    forget()
    yield Org(pointed(world.url, tmp_path, salesforce_bulk_rows=30))
    world.plant()
    world.world.rules.salesforce_bulk_fails = False


@pytest.mark.parametrize("stream", STREAMS)
def test_a_job_and_pages_bring_the_same_records_digit_by_digit(
    org: Org, world: Served, stream: str, tmp_path: Path
) -> None:
    by_job = org.walk(stream)
    records = landed(stream)
    assert len(living(stream)) == COUNTS[stream]
    assert len(world.asked("/results")) > 0
    jobs = len(world.asked("/jobs/query"))
    again = Org(pointed(world.url, tmp_path, salesforce_bulk_rows=0)).walk(stream)
    assert (again.received, again.landed, again.unchanged) == (by_job.received, 0, by_job.received)
    assert (len(world.asked("/jobs/query")), landed(stream)) == (jobs, records)


def test_a_job_that_was_read_is_deleted_and_one_that_was_broken_off_is_kept(org: Org, world: Served) -> None:
    world.plant({"kind": "http_500", "endpoint": "salesforce_file", "request_index": [2, 3, 4, 5]})
    with pytest.raises(StepError):
        org.walk("opportunities")
    deleted = [row["http_status"] for row in world.asked("/jobs/query/{job}")].count(204)
    world.plant()
    org.walk("opportunities")
    assert [row["http_status"] for row in world.asked("/jobs/query/{job}")].count(204) == deleted + 1


def test_a_job_is_waited_for_with_growing_patience(org: Org, world: Served) -> None:
    world.world.rules.salesforce_bulk_polls = 4
    org.walk("leads")
    world.world.rules.salesforce_bulk_polls = 1
    assert org.slept == [1.0, 2.0, 4.0, 8.0]


def test_an_ordinary_night_asks_for_pages_and_counts_nothing(org: Org, world: Served) -> None:
    jobs, queries = len(world.asked("/jobs/query")), len(world.asked("/queryAll"))
    org.walk("opportunities", window_from=cutoff(DAY - timedelta(days=6)))
    assert (len(world.asked("/jobs/query")), len(world.asked("/queryAll"))) == (jobs, queries + 1)


def test_few_records_of_a_long_window_are_read_by_pages(world: Served, tmp_path: Path) -> None:
    forget()
    jobs = len(world.asked("/jobs/query"))
    assert Org(pointed(world.url, tmp_path, salesforce_bulk_rows=119)).walk("opportunities").received == 119
    assert len(world.asked("/jobs/query")) == jobs


def test_a_killed_walk_reads_on_in_the_same_job(org: Org, world: Served) -> None:
    world.plant({"kind": "http_500", "endpoint": "salesforce_file", "request_index": [2, 3, 4, 5]})
    with pytest.raises(StepError, match="goes on at its last page"):
        org.walk("opportunities")
    world.plant()
    jobs = len(world.asked("/jobs/query"))
    assert org.walk("opportunities").received == 69
    assert (len(living("opportunities")), len(world.asked("/jobs/query"))) == (COUNTS["opportunities"], jobs)


def test_a_job_that_the_org_forgot_is_begun_anew(org: Org, world: Served) -> None:
    world.plant({"kind": "http_500", "endpoint": "salesforce_file", "request_index": [2, 3, 4, 5]})
    with pytest.raises(StepError):
        org.walk("opportunities")
    world.plant({"kind": "code:NOT_FOUND", "endpoint": "salesforce_poll", "request_index": 1})
    assert org.walk("opportunities").received == 119
    assert len(living("opportunities")) == COUNTS["opportunities"]


def test_a_job_that_fails_stops_the_stream_and_says_what_to_do(org: Org, world: Served) -> None:
    world.world.rules.salesforce_bulk_fails = True
    with pytest.raises(StepError, match="set LANDFALL_SALESFORCE_BULK_ROWS to 0"):
        org.walk("opportunities")


def test_a_file_that_is_served_twice_ends_the_walk_and_the_next_one_lands_each_record_once(
    org: Org, world: Served
) -> None:
    world.plant({"kind": "repeated", "endpoint": "salesforce_file", "request_index": 2})
    with pytest.raises(StepError, match="Salesforce repeats a page of Opportunity instead of going on"):
        org.walk("opportunities")
    world.plant()
    org.walk("opportunities")
    assert len(living("opportunities")) == COUNTS["opportunities"]
    with connect("loader") as connection:
        told = connection.execute(
            "select count(*), count(distinct record_id) from landing.salesforce__opportunities"
        ).fetchone()
        walks = connection.execute("select received - landed - unchanged - quarantined from ops.loads").fetchall()
    assert told == (119, 119)
    assert set(walks) == {(0,)}


@pytest.mark.parametrize("kind", ["truncated", "html_200", "http_503", "reply_lost", "token_expired"])
def test_a_file_that_is_not_whole_is_asked_for_again(org: Org, world: Served, kind: str) -> None:
    world.plant({"kind": kind, "endpoint": "salesforce_file", "request_index": 2})
    asked = len(world.asked("/results"))
    assert org.walk("opportunities").received == 119
    assert len(world.asked("/results")) == asked + 4
    assert len(living("opportunities")) == COUNTS["opportunities"]


def test_a_files_size_stays_far_below_what_one_answer_may_hold() -> None:
    from connectors.salesforce_bulk import MOST_ROWS

    widest: Any = max(len(stream.names) for stream in mapping_of("salesforce").streams.values())
    assert MOST_ROWS * widest * 40 < MOST_BYTES
