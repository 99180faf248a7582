"""The catalogue after a published build is exactly `warehouse/roles.yml`, and what it does not say is refused, run as each role."""

from datetime import date

import psycopg
import pytest

from tests.warehouse.nights import Nights
from warehouse.connection import connect
from warehouse.publish import publish
from warehouse.roles import differences, matrix

LANDED = "landing.fxiaoke__opportunities"
FORBIDDEN = [
    ("owner_ddl", "copy landing.fxiaoke__people to program 'cat > /dev/null'"),
    ("owner_ddl", "create role sneaky superuser"),
    ("owner_ddl", "select * from published.mart_deals"),
    ("publisher", "select * from landing.fxiaoke__people"),
    (
        "publisher",
        "insert into ops.publications (build_id, as_of, kind, manifest) values ('x', '2026-01-01', 'publish', '{}')",
    ),
    ("publisher", "insert into ops.org_access (account, node_id) values ('bi_reader', '*')"),
    ("publisher", "drop table marts.mart_deals"),
    ("loader", "update landing.fxiaoke__opportunities set record_hash = 'x'"),
    ("loader", "delete from landing.fxiaoke__opportunities"),
    ("loader", "truncate landing.fxiaoke__opportunities"),
    ("loader", "select * from scores.models"),
    ("loader", "select * from marts.mart_deals"),
    ("loader", "create table landing.mine (n integer)"),
    ("loader", "copy landing.fxiaoke__people from program 'echo'"),
    ("loader", "update ops.settings set value = '{}'"),
    ("loader", "delete from ops.settings"),
    (
        "loader",
        "insert into ops.watermarks (system, stream, watermark, as_of) values ('f', 's', '2026-01-01', '2026-01-01')",
    ),
    ("loader", "update vault.persons set original = 'x'"),
    ("loader", "update vault.erasures set asked_by = 'x'"),
    ("loader", "delete from vault.erasures"),
    ("loader", "update vault.lead_inbox set sent_at = '2026-01-01'"),
    ("loader", "delete from vault.lead_inbox"),
    ("loader", "select * from ops.submissions"),
    ("submitter", "select * from vault.persons"),
    ("submitter", "select * from landing.fxiaoke__people"),
    ("submitter", "select * from published.mart_deals"),
    ("submitter", "select * from ops.settings"),
    ("submitter", "update ops.submissions set gross_amount = 1"),
    ("submitter", "insert into ops.org_access (account, node_id) values ('submitter', '*')"),
    ("submitter", "create temporary table mine (n integer)"),
    ("transformer", "select * from vault.persons"),
    ("transformer", f"insert into {LANDED} select * from {LANDED}"),
    ("transformer", "delete from ops.builds"),
    ("transformer", "insert into scores.models select * from scores.models"),
    ("transformer", "select * from published.mart_deals"),
    ("transformer", "insert into ops.org_access (account, node_id) values ('bi_reader', '*')"),
    ("transformer", "update ops.step_runs set state = 'done'"),
    ("checker", "select * from vault.quarantined"),
    ("checker", "update ops.builds set state = 'checked'"),
    ("checker", "delete from ops.check_results"),
    ("checker", "select * from marts.mart_deals"),
    ("checker", "create table staging.mine (n integer)"),
    ("ml", "insert into landing.fxiaoke__people select * from landing.fxiaoke__people"),
    ("ml", "select * from staging.stg_fxiaoke__people"),
    ("ml", "delete from scores.models"),
    ("ml", "create temporary table mine (n integer)"),
    ("writeback", "select * from ops.settings"),
    ("writeback", "select * from scores.models"),
    ("writeback", "delete from ops.writeback_receipts"),
    ("writeback", "delete from ops.alert_deliveries"),
    ("writeback", "select * from staging.stg_landfall__alerts"),
    ("transformer", "update ops.alerts set cleared_build_id = null"),
    ("bi_reader", "select * from marts.mart_deals"),
    ("bi_reader", "select * from ops.org_access"),
    ("bi_reader", "select * from landing.fxiaoke__people"),
    ("bi_reader", "insert into published.mart_deals select * from published.mart_deals"),
    ("bi_reader", "create temporary table mine (n integer)"),
    ("bi_reader", "create table public.mine (n integer)"),
    ("bi_reader", "select ops.begin_step('2026-01-01', 'mine')"),
    ("auditor", "select * from published.mart_deals"),
    ("auditor", "select * from scores.opportunity_scores"),
    ("auditor", "delete from ops.step_runs"),
]


@pytest.fixture(scope="module")
def published(nights: Nights) -> Nights:
    """A tenant with one published build."""
    publish(nights.build(date(2026, 1, 5)).as_of)
    return nights


def test_after_a_published_build_the_catalogue_is_the_matrix(published: Nights) -> None:
    with connect("checker") as connection:
        assert differences(connection) == []


def test_a_build_that_was_opened_and_not_published_is_inside_the_matrix(published: Nights) -> None:
    published.build(date(2026, 1, 6))
    with connect("checker") as connection:
        assert differences(connection) == []


@pytest.mark.parametrize(
    ("role", "change", "undo", "said"),
    [
        ("publisher", "grant insert on published.mart_deals to bi_reader", "revoke insert on published.mart_deals from bi_reader",
         "bi_reader may INSERT on table published.mart_deals, and roles.yml does not say so"),
        ("owner_ddl", "grant select (original) on vault.persons to ml", "revoke select (original) on vault.persons from ml",
         "ml may SELECT on table vault.persons, and roles.yml does not say so"),
        ("transformer", "revoke usage on schema sync from writeback", "grant usage on schema sync to writeback",
         "writeback may not USAGE on schema sync, and roles.yml says it may"),
        ("owner_ddl", "create function ops.leak() returns int language sql security definer as 'select 1'", "drop function ops.leak()",
         "function ops.leak is security definer without a search_path"),
        (None, "grant loader to transformer", "revoke loader from transformer", "transformer is a member of loader"),
    ],
)  # fmt: skip
def test_each_way_of_leaving_the_matrix_is_named(
    published: Nights, role: str | None, change: str, undo: str, said: str
) -> None:
    published.execute(role, change)
    with connect("checker") as connection:
        found = differences(connection)
    published.execute(role, undo)
    assert found == [said]


@pytest.mark.parametrize(("role", "statement"), FORBIDDEN)
def test_what_the_matrix_does_not_say_is_refused(published: Nights, role: str, statement: str) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        published.execute(role, statement)


def test_no_role_of_the_matrix_can_log_in_or_bypass_row_level_security(published: Nights) -> None:
    assert (
        published.fetch(
            "auditor",
            "select rolname from pg_roles where (rolcanlogin or rolbypassrls or rolsuper) and rolname in "
            f"({', '.join(repr(role) for role in matrix()['roles'])})",
        )
        == []
    )


def test_every_published_view_belongs_to_publisher_and_every_mart_forces_its_policy(published: Nights) -> None:
    assert published.fetch(
        "auditor", "select distinct viewowner::text from pg_views where schemaname = 'published'"
    ) == [("publisher",)]
    assert published.fetch(
        "auditor",
        "select bool_and(relrowsecurity and relforcerowsecurity) from pg_class where relnamespace = 'marts'::regnamespace",
    ) == [(True,)]


def test_policies_speak_to_publisher_alone_and_only_of_reading(published: Nights) -> None:
    assert published.fetch(
        "auditor", "select distinct roles::text, cmd, permissive from pg_policies where schemaname = 'marts'"
    ) == [("{publisher}", "SELECT", "PERMISSIVE")]


def test_a_step_records_itself_in_its_own_role_and_once(published: Nights) -> None:
    [(run,)] = published.fetch("writeback", "select ops.begin_step('2026-01-05', 'write_back')")
    published.execute(
        "writeback", f"select ops.end_step({run}, 'done', '{{}}')", f"select ops.end_step({run}, 'failed', '{{}}')"
    )
    assert published.fetch("auditor", f"select state from ops.step_runs where run_id = {run}") == [("done",)]
