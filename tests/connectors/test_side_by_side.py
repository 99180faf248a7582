"""The first reading of a long stream against the sandbox, four requests under way at once: the same rows, the same walk, the same faults.

The tests of this module follow each other: killed, refused, token expired, finished; then read again.
"""

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest

from config.settings import settings
from connectors.batching import ROWS
from connectors.fxiaoke import Fxiaoke
from connectors.pacing import Patience
from connectors.streams import mapping_of
from tests.connectors.company import DAY, Company, run_step
from warehouse.clock import cutoff
from warehouse.frames import fetch_all
from warehouse.walks import Walk

pytestmark = pytest.mark.slow
STREAM = mapping_of("fxiaoke").streams["activity_records"]
WALK = Walk("fxiaoke", STREAM.name, date.fromisoformat(DAY), None, cutoff(date.fromisoformat(DAY)))
READ = ("extract", "--as-of", DAY, "--stream", STREAM.name)


def landed() -> list[str]:
    return [key for (key,) in fetch_all("loader", f"select record_id from landing.fxiaoke__{STREAM.name} order by 1")]


def told(company: Company, kind: str, index: int) -> None:
    company.ask("faults", [{"kind": kind, "object": STREAM.object, "endpoint": "query", "request_index": index}])


@pytest.fixture(scope="module")
def company(tenant_database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    """A company whose longest stream takes more than one commit; this module's settings point at it."""
    served = Company(tmp_path_factory.mktemp("company"), scale="0.05")
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {"FXIAOKE_BASE_URL": served.url, "SOURCES": "fxiaoke", "HISTORY": "none"}.items():
            patch.setenv(f"LANDFALL_{name}", value)
        settings.cache_clear()
        yield served
    served.stop()
    settings.cache_clear()


@pytest.fixture(scope="module")
def shown(company: Company) -> list[str]:
    """All ids of the stream, read one page after the other."""
    crm = Fxiaoke(settings().model_copy(update={"concurrency": 1}))
    found = [key for page in crm.ids(STREAM) for key in page]
    crm.close()
    assert len(found) > 2 * ROWS
    return found


def test_slices_show_the_same_rows_in_the_same_order_for_few_requests_more(company: Company, shown: list[str]) -> None:
    seq, crm = company.last_request(), Fxiaoke()
    rows: list[Any] = [row for page in crm.pages(STREAM, WALK) for row in page.rows]
    crm.close()
    assert [row["_id"] for row in rows] == shown
    assert len(company.requests_since(seq, STREAM.object)) <= len(shown) / 100 * 1.25 + 12


def test_a_killed_first_reading_goes_on_behind_what_has_landed(company: Company, shown: list[str]) -> None:
    killed = run_step(*READ, failpoint="landing.after")
    assert killed.returncode == -9
    before = landed()
    assert ROWS <= len(before) < len(shown)
    assert before == shown[: len(before)]


def test_a_refusal_in_one_slice_ends_all_and_lands_what_lies_before_it(company: Company, shown: list[str]) -> None:
    before = landed()
    told(company, "30002", 12)
    done = run_step(*READ)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "(30002): the day's quota is spent" in done.stderr
    assert len(before) < len(landed()) < len(shown)
    assert landed() == shown[: len(landed())]


def test_a_token_that_expires_under_four_requests_is_fetched_once(company: Company, shown: list[str]) -> None:
    told(company, "token_expired", 9)
    seq = company.last_request()
    done = run_step(*READ)
    company.ask("faults", [])
    assert done.returncode == 0, done.stderr
    assert len(company.requests_since(seq, path="/oauth2.0/token")) == 1
    assert landed() == shown
    loads = fetch_all(
        "loader",
        "select state, received, landed + unchanged + quarantined from ops.loads where stream = %s",
        [STREAM.name],
    )
    assert [(state, received == counted) for state, received, counted in loads] == [("finished", True)]


def test_read_again_it_lands_nothing(company: Company, shown: list[str]) -> None:
    done = run_step(*READ)
    assert done.returncode == 0, done.stderr
    assert landed() == shown


def test_a_plan_of_faults_under_four_requests_loses_nothing(company: Company, shown: list[str]) -> None:
    kinds = {"http_500": 17, "http_429": 23, "html_200": 29, "truncated": 31, "reply_lost": 37}
    company.ask("rules", {"token_calls_per_minute": 0})
    company.ask("faults", [{"kind": kind, "every": every, "seconds": 0.1} for kind, every in kinds.items()])
    crm = Fxiaoke(patience=Patience(attempts=12, base_s=0.01))  # four threads may meet any number of faults in a row
    rows: list[Any] = [row for page in crm.pages(STREAM, WALK) for row in page.rows]
    crm.close()
    company.ask("faults", [])
    assert [row["_id"] for row in rows] == shown
    assert crm.calls.patience.waits > len(shown) / 100 / 17
