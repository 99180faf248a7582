"""A night of write-back to Salesforce in which everything goes wrong at once: the ledger accounts for every row, and the next night sends
what is owed."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from connectors.writeback import write_back
from tests.connectors.channels import Served
from tests.connectors.salesforce_writing import DAY, SCORE, deal_ids, owe, receipts, writable, written
from warehouse.connection import connect
from warehouse.steps import StepError

SIZE = 2000  # more go by a job


@pytest.fixture
def org(tenant_database: str, tmp_path: Path) -> Iterator[Served]:
    """An org that was never written to."""
    with connect("owner_ddl") as owner:
        owner.execute("truncate ops.writeback_receipts, ops.publications, ops.published_build, ops.builds cascade")
    with writable(tmp_path, SIZE) as running:
        yield running
    with connect("transformer") as connection:
        connection.execute("drop table if exists sync.sync_crm__opportunity_scores")


def test_after_a_bad_night_every_row_is_accounted_for_and_the_next_sends_only_what_is_owed(
    org: Served,
) -> None:
    """3 % refused, a reply lost, a record locked all night, and the quota spent before the end."""
    keys, calls = deal_ids(SIZE), SIZE // 200
    refused = set(keys[::33])
    locked = keys[1]
    score = SCORE | {"model_version": "bad night"}
    owe([(key, "send", score | ({"link": f"http://x/{300 * 'x'}"} if key in refused else {})) for key in keys])
    org.world.rules.locked_ids = (locked,)
    spent_at = (
        calls  # by then three went out beside: two for the locked record, one for what was refused in the lost call
    )
    org.plant(
        {"kind": "reply_lost", "endpoint": "salesforce_update", "request_index": 5},
        {
            "kind": "code:REQUEST_LIMIT_EXCEEDED",
            "endpoint": "salesforce_update",
            "request_index": list(range(spent_at, 2 * calls)),
        },
    )
    with pytest.raises(StepError, match="requests of 24 hours are spent"):
        write_back(DAY)
    org.plant()
    org.world.rules.locked_ids = ()
    ledger = receipts()
    done = keys[: (spent_at - 4) * 200]
    assert ledger.keys() == set(keys)
    assert {key for key, (state, _) in ledger.items() if state == "acked"} == set(done) - refused - {locked}
    assert {key for key, told in ledger.items() if told == ("rejected", "STRING_TOO_LONG")} == refused & set(done)
    assert ledger[locked] == ("unprocessed", "UNABLE_TO_LOCK_ROW")
    assert Counter(code for _, code in ledger.values())["REQUEST_LIMIT_EXCEEDED"] == SIZE - len(done)
    acked = {key for key, (state, _) in ledger.items() if state == "acked"}
    assert written(org, "bad night") == dict.fromkeys(acked, 1)

    owed = [key for key in keys if key not in acked]
    owe([(key, "send", SCORE | {"model_version": "next night"}) for key in owed], "20260630_b")
    asked = len(org.asked("/composite/sobjects"))
    write_back(DAY)
    assert written(org, "next night") == dict.fromkeys(owed, 1)
    assert len(org.asked("/composite/sobjects")) - asked == -(-len(owed) // 200)
