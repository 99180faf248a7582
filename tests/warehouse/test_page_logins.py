"""The page server reads with one login for all of its people: its rule on a dataset shows each of them what the database itself would."""

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from config.settings import settings
from tests.warehouse.nights import Nights
from tests.warehouse.organisation import PARENTS
from tests.warehouse.test_readers import DAY, night
from warehouse import page_logins, readers
from warehouse.access import condition_for

VIEWS = {
    "mart_owned": ["build_id", "opportunity_id", "owner_id"],
    "mart_nodes": ["build_id", "node_id", "mean"],
    "mart_deals": ["build_id", "opportunity_id"],
    "mart_build": ["build_id", "as_of"],
}
PEOPLE = {"north": ["N"], "both": ["N2", "S1"], "line": ["ann"], "whole": ["*"]}


@pytest.fixture(scope="module")
def folder(nights: Nights, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Passwords of the page server's logins and of four readers of a published day."""
    night(nights, DAY, PARENTS)
    made = tmp_path_factory.mktemp("passwords")
    page_logins.ensure(made)
    for name, nodes in PEOPLE.items():
        readers.add(name, nodes, made / name)
    yield made
    for name in (*PEOPLE, page_logins.READER):
        readers.remove(name)


def as_login(folder: Path, name: str, database: str | None = None) -> psycopg.Connection:
    """A connection of that login."""
    now = settings()
    return psycopg.connect(
        host=now.pg_host, port=now.pg_port, dbname=database or now.pg_database, user=name,
        password=(folder / name).read_text("utf-8").strip(),
    )  # fmt: skip


@pytest.mark.parametrize("person", [*PEOPLE, "nobody"])
@pytest.mark.parametrize("view", VIEWS)
def test_the_rule_shows_a_person_the_rows_that_the_database_would(folder: Path, person: str, view: str) -> None:
    query = f"select * from published.{view}"
    rule = condition_for(f"'{person}'", [view], VIEWS[view])
    with as_login(folder, page_logins.READER) as server:
        shown = server.execute(f"{query} where {rule}").fetchall()
        everything = server.execute(query).fetchall()
    if person == "nobody":
        assert shown == [] != everything
        return
    with as_login(folder, person) as own:
        assert sorted(map(str, shown)) == sorted(map(str, own.execute(query)))


def test_a_query_over_several_marts_is_open_only_where_all_of_them_are() -> None:
    assert condition_for("'x'", ["mart_build", "dim_stage"], ["as_of"]).startswith("(select exists")
    assert " or " not in condition_for("'x'", ["mart_build", "mart_deals"], ["as_of"])
    assert '"owner_id" in' in condition_for("'x'", ["mart_deals", "mart_nodes"], ["as_of", "owner_id"])


@pytest.mark.parametrize(
    "statement",
    ["select * from ops.submissions", "insert into ops.org_access (account, node_id) values ('line', '*')", "select * from landing.x",
     "create table published.x (a int)", "set role transformer"],
)  # fmt: skip
def test_the_page_servers_login_may_read_marts_and_who_sees_what_and_no_more(folder: Path, statement: str) -> None:
    with (
        as_login(folder, page_logins.READER) as server,
        pytest.raises((psycopg.errors.InsufficientPrivilege, psycopg.errors.ReadOnlySqlTransaction)),
    ):
        server.execute(statement)


def test_superset_keeps_its_records_in_a_database_of_its_own_that_readers_cannot_enter(folder: Path) -> None:
    with as_login(folder, page_logins.KEEPER, page_logins.database_of_records()) as keeper:
        keeper.execute("create table tried (a int)")
        keeper.rollback()
    with pytest.raises(psycopg.OperationalError, match="permission denied"):
        as_login(folder, "whole", page_logins.database_of_records())
    with pytest.raises(psycopg.OperationalError, match="permission denied"):
        as_login(folder, page_logins.KEEPER)
    assert "\n" not in (folder / "pgpass").read_text("utf-8").split(":")[-1].strip()
    assert (folder / "pgpass").stat().st_mode & 0o077 == 0
