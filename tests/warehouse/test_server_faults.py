"""What PostgreSQL does to a load: it restarts in the middle, keeps a dead client's statement, or sees two loaders want the same keys."""

import os
import random
import subprocess
import sys
import threading
import time
from collections.abc import Iterator

import psycopg
import pytest

from config.settings import ROOT, child_environment, settings
from sandbox import postgres
from tests.warehouse.managers import superuser
from warehouse.frames import fetch_all
from warehouse.migrate import migrate
from warehouse.vault import tokens
from warehouse.walks import loading

PAGES, ROWS = 1500, 10
LOAD = f"""
from datetime import UTC, date, datetime
from warehouse.clock import cutoff
from warehouse.landing import Record, land_page
from warehouse.steps import run_cli
from warehouse.walks import Walk, begin, loading

def load():
    day = date(2026, 6, 30)
    with loading("fxiaoke") as connection:
        walk = begin(connection, Walk("fxiaoke", "opportunities", day, None, cutoff(day)))
        for page in range(int(walk.last_id or -1) + 1, {PAGES}):
            ids = [f"O-{{page:04d}}-{{row:03d}}" for row in range({ROWS})]
            records = [Record(each, {{"_id": each}}, datetime(2026, 6, 30, tzinfo=UTC), cutoff(day)) for each in ids]
            land_page(connection, walk, records, last_id=f"{{page:04d}}", is_last=page == {PAGES} - 1)
            print(page, flush=True)

run_cli(load)
"""
SLEEPING = "select count(*)::int from pg_stat_activity where query = 'select pg_sleep(300)' and state = 'active'"
LANDED = "select record_id from landing.fxiaoke__opportunities"


def python(code: str) -> subprocess.Popen[str]:
    """A process of ours that runs `code`."""
    return subprocess.Popen(
        [sys.executable, "-c", code], env=child_environment(), cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )  # fmt: skip


@pytest.fixture
def own_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A server of this test's own, which may be stopped: that of the session has much to recover."""
    home = tmp_path_factory.mktemp("stopped")
    for folder in (home, *home.parents):
        if folder.name.startswith("pytest-") or folder == home:
            folder.chmod(0o755)  # the server runs as nobody, who must be able to enter
    with pytest.MonkeyPatch.context() as patch:
        for name in [key for key in os.environ if key.startswith("LANDFALL_")]:
            patch.delenv(name)
        patch.setenv("LANDFALL_HOME", str(home))
        settings.cache_clear()
        postgres.start()
        migrate()
        yield
        postgres.stop("immediate")
    settings.cache_clear()


@pytest.mark.usefixtures("own_server")
@pytest.mark.parametrize("stops", [2, pytest.param(10, marks=pytest.mark.soak)])
def test_a_server_that_restarts_in_the_middle_loses_no_page_that_was_confirmed(stops: int) -> None:
    dice, confirmed = random.Random(7), -1  # noqa: S311 - moments, no secrets
    for _ in range(stops):
        stops_at = confirmed + dice.randrange(1, PAGES // (3 * stops))
        loader = python(LOAD)
        assert loader.stdout
        for line in loader.stdout:
            confirmed = int(line)
            if confirmed == stops_at:
                postgres.stop("immediate")
        said = loader.communicate()[1]
        assert (loader.returncode, "Traceback" in said, "rerun" in said) == (1, False, True), said
        postgres.start()
        found = {str(record_id)[2:6] for (record_id,) in fetch_all("checker", LANDED)}
        assert {f"{page:04d}" for page in range(confirmed + 1)} <= found
    last = python(LOAD)
    said = last.communicate()[1]
    assert last.returncode == 0, said
    assert fetch_all("checker", "select count(*), count(distinct record_id) from landing.fxiaoke__opportunities") == [
        (PAGES * ROWS, PAGES * ROWS)
    ]
    assert fetch_all("checker", "select received, landed, unchanged, state from ops.loads") == [
        (PAGES * ROWS, PAGES * ROWS, 0, "finished")
    ]


@pytest.mark.usefixtures("tenant_database")
def test_the_statement_of_a_killed_loader_ends_and_the_next_one_begins() -> None:
    code = "from warehouse.walks import loading\nwith loading('fxiaoke') as connection: connection.execute('select pg_sleep(300)')"
    hung = python(code)
    with superuser() as server:
        deadline = time.monotonic() + 30
        while server.execute(SLEEPING).fetchone() != (1,):
            assert time.monotonic() < deadline, "the statement never began"
    hung.kill()
    hung.communicate()
    with loading("fxiaoke") as connection:  # which waits five seconds at most
        assert connection.execute("select 1").fetchone() == (1,)


@pytest.mark.usefixtures("tenant_database")
def test_two_loaders_that_meet_the_same_persons_in_opposite_order_both_get_through(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LANDFALL_VAULT_KEY", "key")
    settings.cache_clear()
    persons = [("phone", f"138{number:08d}") for number in range(400)]
    found: dict[str, dict[tuple[str, str], str]] = {}
    failed: list[psycopg.Error] = []

    def load(system: str, step: int) -> None:
        try:
            with loading(system) as connection:
                for start in range(0, len(persons), 40):
                    found.setdefault(system, {}).update(tokens(connection, persons[start : start + 40][::step], system))
        except psycopg.Error as error:
            failed.append(error)

    with loading("fxiaoke") as connection:
        for system in ("kingdee", "wecom"):
            connection.execute(
                "insert into ops.loads (load_id, system, stream, as_of, window_to, state)"
                " values (%s, %s, 's', '2026-06-30', now(), 'running')",
                (system, system),
            )
    both = [threading.Thread(target=load, args=each) for each in (("kingdee", 1), ("wecom", -1))]
    for each in both:
        each.start()
    for each in both:
        each.join()
    assert failed == []
    assert found["kingdee"] == found["wecom"]
    assert len(found["wecom"]) == len(persons)
