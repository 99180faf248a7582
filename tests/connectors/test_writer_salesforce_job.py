"""Ten thousand scores go into Salesforce by a job: the ledger accounts for every row, and the next night sends what is owed."""

import csv
import io
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from connectors.http import UnansweredError
from connectors.pacing import Patience
from connectors.salesforce import Salesforce
from connectors.salesforce_ingest import POLLS
from connectors.writeback import write_back
from tests.connectors.channels import Served
from tests.connectors.salesforce_org import pointed
from tests.connectors.salesforce_writing import DAY, SCORE, deal_ids, owe, receipts, writable, written
from tests.connectors.vendor import Asked, Vendor
from warehouse.connection import connect
from warehouse.steps import StepError

SIZE = 10_000
JOBS, JOB = "/services/data/v60.0/jobs/ingest", "/services/data/v60.0/jobs/ingest/7501"
ROWS: list[dict[str, Any]] = [
    {"id": "006A", "LF_Band__c": "A", "LF_P_Win_Ever__c": 0.5, "LF_Reasons__c": '一, "二"\n三'},
    {"id": "006B", "LF_Band__c": None, "LF_P_Win_Ever__c": None, "LF_Reasons__c": "x"},
    {"id": "006C", "LF_Band__c": "C", "LF_P_Win_Ever__c": 0.25, "LF_Reasons__c": "y"},
]


@pytest.fixture
def org(tenant_database: str, tmp_path: Path) -> Iterator[Served]:
    """An org that was never written to; its jobs are done at the first look."""
    with connect("owner_ddl") as owner:
        owner.execute("truncate ops.writeback_receipts, ops.publications, ops.published_build, ops.builds cascade")
    with writable(tmp_path, SIZE) as running:
        running.world.rules.salesforce_bulk_polls = 0
        yield running
    with connect("transformer") as connection:
        connection.execute("drop table if exists sync.sync_crm__opportunity_scores")


def test_a_job_that_fails_leaves_every_row_accounted_for_and_the_next_nights_send_what_is_owed(org: Served) -> None:
    """3 % refused, one locked, the job given up behind 9,000 rows; then the quota is spent while the next job is looked at."""
    keys = deal_ids(SIZE)
    refused, locked = set(keys[::33]), keys[1]
    owe(
        [
            (key, "send", SCORE | {"model_version": "bad night"} | ({"link": 300 * "x"} if key in refused else {}))
            for key in keys
        ]
    )
    org.world.rules.locked_ids, org.world.rules.salesforce_ingest_fails_at = (locked,), 9000
    write_back(DAY)
    ledger, seen = receipts(), set(keys[:9000])
    acked = {key for key, (state, _) in ledger.items() if state == "acked"}
    assert ledger.keys() == set(keys)
    assert acked == seen - refused - {locked}
    assert {key for key, told in ledger.items() if told == ("rejected", "STRING_TOO_LONG")} == refused & seen
    assert ledger[locked] == ("unprocessed", "UNABLE_TO_LOCK_ROW")
    assert {key for key, told in ledger.items() if told == ("unprocessed", "JOB_FAILED")} == set(keys) - seen
    assert written(org, "bad night") == dict.fromkeys(acked, 1)
    assert len(org.asked("/jobs/ingest")) == 1

    org.world.rules.locked_ids, org.world.rules.salesforce_ingest_fails_at = (), 0
    spent = {"kind": "code:REQUEST_LIMIT_EXCEEDED", "request_index": list(range(1, 9))}
    org.plant(spent | {"endpoint": "salesforce_ingest_poll"}, spent | {"endpoint": "salesforce_retrieve"})
    owe([(key, "send", SCORE | {"model_version": "next night"}) for key in keys[:3000]], "20260630_b")
    with pytest.raises(StepError, match="requests of 24 hours are spent"):
        write_back(DAY)
    assert Counter(state for state, _ in receipts().values())["unknown"] == 3000

    org.plant()
    retrieved = len(org.asked("/{object}"))
    write_back(DAY)
    assert written(org, "next night") == dict.fromkeys(keys[:3000], 1)
    assert len(org.asked("/jobs/ingest")) == 2
    assert len(org.asked("/{object}")) - retrieved == 2  # read back 2,000 at a time


def fates(asked: Asked) -> Any:
    """The org's answers: a job that is aborted or done, and what it tells of its rows."""
    end = asked.path.removeprefix(JOBS)
    columns = "LF_Band__c,LF_P_Win_Ever__c,LF_Reasons__c"
    files = {
        "successfulResults": f'sf__Id,sf__Created,Id,{columns}\n006A,false,006A,A,0.5,"一, ""二""\n三"\n',
        "failedResults": f'sf__Id,sf__Error,Id,{columns}\n006B,"STRING_TOO_LONG:too large: x:LF_Reasons__c --",006B,#N/A,#N/A,x\n',
        "unprocessedrecords": f"Id,{columns}\n006C,C,0.25,y\n",
    }
    if asked.path.endswith("/token"):
        return {"access_token": "00D!at", "id": "https://x/id/00D/005000000000001AAA"}
    if (asked.method, end) == ("POST", ""):
        return {"id": "7501", "state": "Open", "contentUrl": f"{JOB[1:]}/batches"}
    if asked.method in ("PUT", "DELETE"):
        return (201 if asked.method == "PUT" else 204), b""
    name = end.rpartition("/")[2]
    return files[name].encode() if name in files else {"id": "7501", "state": "Failed"}


def test_a_job_is_begun_filled_closed_looked_at_read_and_deleted(tmp_path: Path) -> None:
    vendor = Vendor(fates)
    with closing(vendor), closing(Salesforce(pointed(vendor.url, tmp_path))) as client:
        told = client.update_by_job("Opportunity", ROWS)
        assert {key: (fate.state, fate.error_code) for key, fate in told.items()} == {
            "006A": ("acked", "0"), "006B": ("rejected", "STRING_TOO_LONG"), "006C": ("unprocessed", "JOB_FAILED"),
        }  # fmt: skip
        _, begun, filled, closed, *rest = vendor.asked
        assert begun.json == {"object": "Opportunity", "operation": "update", "contentType": "CSV", "lineEnding": "LF"}
        assert (filled.method, filled.path, filled.headers["content-type"]) == ("PUT", f"{JOB}/batches", "text/csv")
        assert list(csv.reader(io.StringIO(filled.body.decode(), newline=""))) == [
            ["Id", "LF_Band__c", "LF_P_Win_Ever__c", "LF_Reasons__c"], ["006A", "A", "0.5", "一, \"二\"\n三"],
            ["006B", "#N/A", "#N/A", "x"], ["006C", "C", "0.25", "y"],
        ]  # fmt: skip
        assert (closed.method, closed.path, closed.json) == ("PATCH", JOB, {"state": "UploadComplete"})
        assert [(asked.method, asked.path.removeprefix(JOB)) for asked in rest] == [
            ("GET", ""), ("GET", "/successfulResults"), ("GET", "/failedResults"), ("GET", "/unprocessedrecords"), ("DELETE", ""),
        ]  # fmt: skip


def test_a_job_that_takes_too_long_is_aborted_and_its_rows_told(tmp_path: Path) -> None:
    slept: list[float] = []

    def endless(asked: Asked) -> Any:
        return {"id": "7501", "state": "InProgress"} if (asked.method, asked.path) == ("GET", JOB) else fates(asked)

    vendor = Vendor(endless)
    with closing(vendor), closing(Salesforce(pointed(vendor.url, tmp_path), Patience(3, pause=slept.append))) as client:
        told = client.update_by_job("Opportunity", ROWS)
        assert told["006C"].error_code == "JOB_ABORTED"
        assert [asked.json for asked in vendor.asked if asked.method == "PATCH"] == [
            {"state": "UploadComplete"},
            {"state": "Aborted"},
        ]
        assert (len(slept), slept[:6], max(slept)) == (POLLS, [1.0, 2.0, 4.0, 8.0, 16.0, 30.0], 30.0)


@pytest.mark.parametrize("broken", [b"<!DOCTYPE html>", b"", b"Id,LF"])
def test_a_file_that_is_none_leaves_the_outcome_unknown(tmp_path: Path, broken: bytes) -> None:
    vendor = Vendor(lambda asked: broken if asked.path.endswith("successfulResults") else fates(asked))
    with closing(vendor), closing(Salesforce(pointed(vendor.url, tmp_path))) as client:
        if broken.startswith(b"Id"):
            assert "006A" not in client.update_by_job("Opportunity", ROWS)
        else:
            with pytest.raises(UnansweredError, match="did not tell what became of its job"):
                client.update_by_job("Opportunity", ROWS)
