"""What the tests of the SQL share: landing rows written by hand, and dbt run as the night runs it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.dbt import histories, looked_back, worked
from tests.dbt.tenant import as_tenant, deal_record, land_row, land_rows, milliseconds, run_dbt
from warehouse.connection import connect
from warehouse.migrate import migrate

Land = Callable[..., None]
Build = Callable[..., None]
Query = Callable[..., list[tuple[Any, ...]]]


@pytest.fixture(scope="module")
def land(tenant_database: str) -> Land:
    """land(table, id, changed "2026-01-05 10:00" local, record, known=None): one landing row, known the night of its change unless said."""
    return land_row


@pytest.fixture(scope="module")
def build(tenant_database: str, tmp_path_factory: pytest.TempPathFactory) -> Build:
    """build(selector, as_of, **vars): one dbt step, or "+a +b", models with all that they need; fails with dbt's own words."""
    return partial(run_dbt, tmp_path_factory.mktemp("dbt"))


@pytest.fixture(scope="module")
def query(tenant_database: str) -> Query:
    """query(statement, *params): all rows, read as the pipeline's own transformer."""

    def run(statement: str, *params: Any) -> list[tuple[Any, ...]]:
        with connect("transformer") as connection:
            return connection.execute(statement, params).fetchall()

    return run


@pytest.fixture(scope="session")
def ms() -> Callable[[str], str]:
    """ms("2026-01-05 10:00"): the CRM's wire form of a local instant."""
    return milliseconds


@pytest.fixture(scope="session")
def deal() -> Callable[..., dict[str, Any]]:
    """deal(stage, created, **fields): an opportunity as the CRM sends it, equipment process, ¥100,000, customer A1, owner 1001."""
    return deal_record


def asked(statement: str, *params: Any) -> list[tuple[Any, ...]]:
    """Rows read as the transformer; `{marts}` is the schema of the worked example's build."""
    with connect("transformer") as connection:
        return connection.execute(statement.replace("{marts}", worked.SCHEMA), params).fetchall()


@pytest.fixture(scope="session")
def own_tenant(postgres_home: Path) -> Callable[[str], Any]:
    """own_tenant(name): a context with a fresh, migrated tenant of that name, which yields how to ask it."""

    @contextmanager
    def entered(name: str) -> Iterator[Query]:
        with as_tenant(name):
            migrate()
            yield asked

    return entered


@pytest.fixture(scope="session")
def state_of_marts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of what dbt leaves of the build that the tests of the marts share."""
    return tmp_path_factory.mktemp("worked")


@pytest.fixture(scope="session")
def marts(own_tenant: Callable[[str], Any], state_of_marts: Path) -> Query:
    """marts(statement, *params): rows of the one build that the tests of the marts share; `{marts}` in a statement is its schema."""
    with own_tenant(worked.TENANT):
        for step in (worked.organise, worked.live, worked.plant, worked.decide, worked.score):
            step()
        for step in (looked_back.leads, looked_back.shown, looked_back.aimed, looked_back.judged):
            step()
        land_rows(histories.landed(histories.live(seed=7, deals=80)))
        run = partial(run_dbt, state_of_marts)
        run("features", worked.AS_OF)
        run("marts", worked.AS_OF, build_id=worked.BUILD, build_schema=worked.SCHEMA, rate_least_count=1)
        worked.publish()

    def ask(statement: str, *params: Any) -> list[tuple[Any, ...]]:
        with as_tenant(worked.TENANT):
            return asked(statement, *params)

    return ask
