"""A reader's login sees the rows of its own part of the organisation in every published view, and nothing beyond."""

from datetime import date
from pathlib import Path

import psycopg
import pytest

from config.settings import settings
from tests.warehouse.nights import Nights
from tests.warehouse.organisation import PARENTS, organise
from warehouse import readers
from warehouse.publish import publish
from warehouse.steps import StepError

DAY = date(2026, 1, 5)

OWNERS = {"O-1": "ann", "O-2": "bob", "O-3": "cai", "O-4": None}


def night(nights: Nights, as_of: date, parents: dict[str, str | None]) -> None:
    """Publish deals by owner, forecasts by node, a secret without a place and the build's header."""
    organise(nights, as_of, parents)
    build = nights.build(as_of)
    owned = ", ".join(
        f"('{build.build_id}', '{deal}', {f'{chr(39)}{owner}{chr(39)}' if owner else 'null'})"
        for deal, owner in OWNERS.items()
    )
    at_node = ", ".join(f"('{build.build_id}', '{node}', 1.00::numeric(18,2))" for node in parents)
    nights.execute(
        "transformer",
        f"create table {build.schema}.mart_owned as select * from (values {owned}) as v (build_id, opportunity_id, owner_id)",
        f"create table {build.schema}.mart_nodes as select * from (values {at_node}) as v (build_id, node_id, mean)",
    )
    publish(as_of)


@pytest.fixture(scope="module")
def company(nights: Nights) -> Nights:
    """The company's first published day."""
    night(nights, DAY, PARENTS)
    return nights


@pytest.fixture
def password(tmp_path: Path) -> Path:
    """Where the reader's password is written."""
    return tmp_path / "password"


def as_reader(password: Path, name: str = "someone") -> psycopg.Connection:
    """A connection of the login itself, not of the pipeline's in a role."""
    now = settings()
    return psycopg.connect(
        host=now.pg_host,
        port=now.pg_port,
        dbname=now.pg_database,
        user=name,
        password=password.read_text("utf-8").strip(),
    )


def column(connection: psycopg.Connection, query: str) -> list[object]:
    """The first column of what a reader gets, in order."""
    return sorted(value for (value,) in connection.execute(query))


DEALS, NODES = "select opportunity_id from published.mart_owned", "select node_id from published.mart_nodes"


@pytest.mark.parametrize(
    ("nodes", "deals", "places"),
    [
        (["N"], ["O-1", "O-2"], ["N", "N1", "N2", "ann", "bob"]),
        (["S"], ["O-3"], ["S", "S1", "cai"]),
        (["N2", "S1"], ["O-2", "O-3"], ["N2", "S1", "bob", "cai"]),
        (["ann"], ["O-1"], ["ann"]),
        (["C"], ["O-1", "O-2", "O-3", "O-4"], sorted(PARENTS)),
        (["*"], ["O-1", "O-2", "O-3", "O-4"], sorted(PARENTS)),
    ],
)
def test_a_reader_sees_the_whole_subtree_of_its_nodes_in_every_view(
    company: Nights, password: Path, nodes: list[str], deals: list[str], places: list[str]
) -> None:
    readers.add("someone", nodes, password)
    is_whole = nodes in (["C"], ["*"])
    with as_reader(password) as connection:
        assert column(connection, DEALS) == deals
        assert column(connection, NODES) == places
        assert column(connection, "select as_of from published.mart_build") == [DAY]
        assert column(connection, "select count(*) from published.mart_deals") == [2 if is_whole else 0]


@pytest.mark.parametrize("role", ["checker", "bi_reader", "publisher"])
def test_the_pipelines_own_readers_see_the_whole(company: Nights, role: str) -> None:
    assert company.fetch(role, "select count(*) from published.mart_owned") == [(len(OWNERS),)]
    assert company.fetch(role, "select count(*) from published.mart_deals") == [(2,)]


def test_a_login_that_is_listed_nowhere_sees_no_row_of_any_view(company: Nights, password: Path) -> None:
    readers.add("someone", ["N"], password)
    company.execute("owner_ddl", "delete from ops.org_access where account = 'someone'")
    with as_reader(password) as connection:
        for view in ("mart_owned", "mart_nodes", "mart_deals", "mart_build"):
            assert connection.execute(f"select * from published.{view}").fetchall() == []


def test_a_leaky_function_is_shown_only_what_its_reader_may_see(company: Nights, password: Path) -> None:
    company.execute("transformer", "create schema if not exists build_leak")
    company.execute(
        "transformer",
        "create or replace function build_leak.shout(said text) returns boolean language plpgsql cost 0.0000001 as "
        "$$ begin raise notice '%', said; return true; end $$",
        "grant usage on schema build_leak to bi_reader",
        "grant execute on function build_leak.shout to bi_reader",
    )
    readers.add("someone", ["S"], password)
    heard: list[str] = []
    with as_reader(password) as connection:
        connection.add_notice_handler(lambda notice: heard.append(str(notice.message_primary)))
        connection.execute("select count(*) from published.mart_owned where build_leak.shout(opportunity_id)")
    company.execute("transformer", "drop schema build_leak cascade")
    assert heard == ["O-3"]


def test_taking_the_groups_role_or_another_readers_name_shows_nothing_more(company: Nights, password: Path) -> None:
    readers.add("someone", ["S"], password)
    with as_reader(password) as connection:
        connection.execute("set role bi_reader")
        assert column(connection, DEALS) == []
        for role in ("publisher", "transformer", "checker", "owner_ddl"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege), connection.transaction():
                connection.execute(f"set role {role}")


def test_a_reader_starts_read_only_with_limits_and_its_password_is_kept_as_a_verifier(
    company: Nights, password: Path
) -> None:
    readers.add("someone", ["S"], password)
    assert password.stat().st_mode & 0o777 == 0o600
    with as_reader(password) as connection:
        shown = {
            name: column(connection, f"show {name}")[0]
            for name in (
                "statement_timeout", "idle_in_transaction_session_timeout", "transaction_read_only", "transaction_isolation",
            )
        }  # fmt: skip
        assert shown == {
            "statement_timeout": "1min",
            "idle_in_transaction_session_timeout": "30s",
            "transaction_read_only": "on",
            "transaction_isolation": "repeatable read",
        }
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
            connection.execute("create table published.mine (n integer)")
    assert company.fetch("auditor", "select rolconnlimit from pg_roles where rolname = 'someone'") == [(10,)]


def test_a_team_that_moves_is_seen_by_its_new_region_from_the_next_published_day(
    company: Nights, password: Path
) -> None:
    readers.add("someone", ["S"], password)
    night(company, date(2026, 1, 6), {**PARENTS, "N2": "S"})
    with as_reader(password) as connection:
        assert column(connection, DEALS) == ["O-2", "O-3"]
    readers.add("someone", ["N"], password)
    with as_reader(password) as connection:
        assert column(connection, DEALS) == ["O-1"]


def test_one_uncorrelated_look_up_decides_for_all_rows(company: Nights) -> None:
    plan = "\n".join(str(line) for (line,) in company.fetch("bi_reader", f"explain {DEALS}"))
    assert "hashed SubPlan" in plan
    assert plan.count("Seq Scan on org_access") + plan.count("Index") <= 8


def test_a_dry_run_makes_and_removes_nothing(company: Nights, password: Path) -> None:
    assert readers.add("nobody_yet", ["S"], password, dry_run=True) == "would create reader nobody_yet: sees S"
    assert not password.exists()
    assert "nobody_yet" not in dict(readers.listed())
    readers.add("someone", ["S"], password)
    assert readers.remove("someone", dry_run=True) == "would remove reader someone"
    assert "someone" in dict(readers.listed())


def test_a_short_password_is_refused_and_no_login_is_left(company: Nights, password: Path) -> None:
    password.write_text("secret\n", "utf-8")
    with pytest.raises(StepError, match="is shorter than 12 characters: lengthen it"):
        readers.add("hasty", ["S"], password)
    assert "hasty" not in dict(readers.listed())


def test_readers_are_listed_and_removed(company: Nights, password: Path) -> None:
    readers.add("someone", ["S", "N1"], password)
    assert ("someone", "N1 S") in readers.listed()
    assert readers.remove("someone") == "removed reader someone"
    assert readers.listed() == []
    assert company.fetch("auditor", "select count(*) from ops.org_access where account = 'someone'") == [(0,)]
    with pytest.raises(StepError, match="someone is no reader"):
        readers.remove("someone")


@pytest.mark.parametrize(
    ("name", "node", "said"),
    [
        ("bi_reader", "*", "cannot be a reader's login"),
        ("Robert'); drop role loader;--", "*", "cannot be a reader's login"),
        ("pg_monitor", "*", "cannot be a reader's login"),
        ("landfall", "*", "exists and is no reader"),
        ("someone", "Z", "node Z is not in the published organisation"),
    ],
)
def test_a_wrong_name_or_node_says_what_to_do(company: Nights, password: Path, name: str, node: str, said: str) -> None:
    with pytest.raises(StepError, match=said):
        readers.add(name, [node], password)
    assert not company.fetch("auditor", "select 1 from pg_roles where rolname = 'someone'")
