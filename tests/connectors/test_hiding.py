"""Personal values replaced column by column land as those that are replaced record by record."""

from collections.abc import Iterator
from random import Random

import orjson
import pytest

from config.settings import settings
from connectors.batching import ReadPage, exchanged, runs_of, sealed
from connectors.privacy import protect
from connectors.reading import Reader
from connectors.sealing import Opened
from connectors.sources import Page
from connectors.streams import Changed, Stream
from tests.connectors.test_sealing import INSIDE, WALK
from warehouse.batches import batch_of
from warehouse.walks import Loading, loading

LEADS = Stream(
    system="fxiaoke", name="leads", object="LeadsObj", key=["_id"], changed=Changed(field="last_modified_time", unit="ms"),
    bookkeeping=["last_modified_time"], fields={"name": "text", "mobile": "text", "company": "text", "owner": "list"},
    classified={"name": "name", "mobile": "phone", "company": "customer"},
)  # fmt: skip


@pytest.fixture
def connection(tenant_database: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Loading]:
    monkeypatch.setenv("LANDFALL_VAULT_KEY", "key")
    settings.cache_clear()
    with loading("fxiaoke") as open_connection:
        yield open_connection
    settings.cache_clear()


def _rows(dice: Random, page: int) -> list[object]:
    return [
        {
            "_id": f"65f0{page}{place}", "last_modified_time": INSIDE if dice.randrange(9) else None, "owner": ["1001"],
            "name": dice.choice(["王强", " 王强", "李, 娜", "", None]), "mobile": dice.choice([f"138{place:08d}", "13800000000", "", None]),
            "company": dice.choice(["王强", "华东机电有限公司", "\x1f'\"", None]),
        }
        for place in range(20)
    ]  # fmt: skip


def test_a_page_of_people_lands_as_its_records_do_one_by_one(connection: Loading) -> None:
    dice, reader = Random(8), Reader(LEADS, WALK)  # noqa: S311 (a test that can be repeated)
    pages = [_rows(dice, page) for page in range(6)]
    pages[2][3] = {"_id": "65f0x", "last_modified_time": INSIDE, "mobile": ["13800000000", "13800000001"]}
    read = [ReadPage(Page([], None, is_last=False), *reader.page(rows)) for rows in pages]
    assert [isinstance(each.records, Opened) for each in read] == [True, True, False, True, True, True]
    commit = sealed(exchanged(connection, LEADS, WALK, runs_of(read), lambda: None))
    batch, rejects = commit.batch, commit.rejects
    alone, left = reader.records([row for rows in pages for row in rows])
    protect(connection, [each.record for each in alone], LEADS.classified, "load")
    expected = batch_of(alone, WALK.load_id, LEADS.bookkeeping)
    assert rejects == left
    assert batch[:3] == expected[:3]
    assert list(map(orjson.loads, batch.texts)) == list(map(orjson.loads, expected.texts))
    assert batch.block == b"".join(head + text for head, text in zip(batch.heads, batch.texts, strict=True))
    assert b"13800000000" not in batch.block
