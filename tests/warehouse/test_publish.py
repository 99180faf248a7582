"""Publishing: all marts of a build appear at once, only after the gate said so, and a published build is never touched."""

import os
import signal
import subprocess
import sys
from datetime import date

import pytest

from config.settings import ROOT
from tests.warehouse.nights import Nights
from warehouse.pointer import rollback
from warehouse.publish import publish
from warehouse.steps import GateBlocked, StepError

SEEN = """select (select string_agg(opportunity_id, ' ' order by opportunity_id) from published.mart_deals),
                 (select as_of from published.mart_build)"""


def seen(nights: Nights) -> tuple[object, ...]:
    """What a reader sees: the deals and the day."""
    return nights.fetch("bi_reader", SEEN)[0]


def test_a_checked_build_appears_to_readers_with_its_manifest(nights: Nights) -> None:
    build = nights.build(date(2026, 1, 5))
    assert publish(build.as_of) == f"published build {build.build_id}: 2 marts, 3 rows; readers see it"
    assert seen(nights) == ("O-1 O-2", date(2026, 1, 5))
    [(kind, tables)] = nights.fetch("auditor", "select kind, manifest -> 'tables' from ops.publications")
    assert kind == "publish"
    assert {name: content["rows"] for name, content in tables.items()} == {"mart_build": 1, "mart_deals": 2}  # type: ignore[attr-defined]
    assert nights.fetch("auditor", "select state from ops.builds") == [("published",)]
    unplanned = (
        f"select relname from pg_class where relnamespace = 'build_{build.build_id}'::regnamespace"
        " and relkind = 'r' and reltuples < 0"
    )
    assert nights.fetch("auditor", unplanned) == [], "a mart that was not analysed makes the pages slow (F46)"


@pytest.mark.parametrize("verdict", ["blocked", "missing"])
def test_without_a_passed_verdict_the_last_build_stays(nights: Nights, verdict: str) -> None:
    before = seen(nights)
    build = nights.build(date(2026, 1, 6), verdict="blocked")
    if verdict == "missing":
        nights.execute("owner_ddl", f"delete from ops.gate_verdicts where build_id = '{build.build_id}'")
    with pytest.raises(GateBlocked, match=f"build {build.build_id} is not published, the last build stays"):
        publish(build.as_of)
    assert seen(nights) == before


def test_marts_built_again_after_the_gate_looked_are_not_published(nights: Nights) -> None:
    build = nights.build(date(2026, 1, 6))
    nights.execute("owner_ddl", "insert into ops.step_runs (as_of, step, state) values ('2026-01-06', 'marts', 'done')")
    with pytest.raises(GateBlocked, match="its marts were built again after the gate looked"):
        publish(build.as_of)


def test_a_build_opened_again_needs_a_new_verdict(nights: Nights) -> None:
    from warehouse.builds import open_build

    build = nights.build(date(2026, 1, 6))
    assert open_build(build.as_of) == build
    with pytest.raises(GateBlocked):
        publish(build.as_of)


def test_the_next_build_replaces_it_and_the_earlier_stays_attached(nights: Nights) -> None:
    build = nights.build(date(2026, 1, 6), [("O-2", "250.50"), ("O-3", "7.00")])
    publish(build.as_of)
    assert seen(nights) == ("O-2 O-3", date(2026, 1, 6))
    assert nights.fetch(
        "auditor", "select as_of, state from ops.builds where state in ('published', 'retired') order by as_of"
    ) == [(date(2026, 1, 5), "retired"), (date(2026, 1, 6), "published")]
    assert nights.fetch("publisher", "select count(distinct build_id) from marts.mart_deals") == [(2,)]


def test_rollback_shows_the_earlier_build_and_is_written_down(nights: Nights) -> None:
    assert rollback(by="lin").endswith("of 2026-01-05")
    assert seen(nights) == ("O-1 O-2", date(2026, 1, 5))
    last = (
        "select p.kind, left_builds.as_of, p.done_by from ops.publications as p"
        " join ops.builds as left_builds on left_builds.build_id = p.from_build_id order by publication_id desc limit 1"
    )
    assert nights.fetch("auditor", last) == [("rollback", date(2026, 1, 6), "lin")]
    with pytest.raises(StepError, match="holds no earlier build"):
        rollback()
    said = publish(date(2026, 1, 6))
    assert said.endswith("not on show: `python -m warehouse rollback --as-of 2026-01-06` shows it again")
    assert rollback(day=date(2026, 1, 6)).endswith("of 2026-01-06")
    [(newer,)] = nights.fetch(
        "auditor", "select build_id from ops.publications where kind = 'publish' and as_of = '2026-01-06'"
    )
    rollback()
    rollback(str(newer))
    assert seen(nights) == ("O-2 O-3", date(2026, 1, 6))


def test_the_rerun_of_a_published_build_is_compared_and_dropped(nights: Nights) -> None:
    build = nights.build(date(2026, 1, 6), [("O-3", "7.00"), ("O-2", "250.50")])
    assert build.schema.endswith("_again")
    assert publish(build.as_of).endswith("its rerun is identical and was dropped")
    assert nights.fetch("transformer", f"select to_regnamespace('{build.schema}')") == [(None,)]
    assert publish(build.as_of).endswith("nothing to do")


def test_a_rerun_that_differs_stops_with_the_table_and_leaves_readers_alone(nights: Nights) -> None:
    build = nights.build(date(2026, 1, 6), [("O-2", "250.50"), ("O-3", "7.01")])
    with pytest.raises(
        StepError, match=f"{build.schema}.mart_deals differs from what build {build.build_id} published"
    ):
        publish(build.as_of)
    assert seen(nights) == ("O-2 O-3", date(2026, 1, 6))
    assert nights.fetch("bi_reader", "select sum(gross_amount) from published.mart_deals")[0][0] == 257.50


def test_an_earlier_day_published_late_is_kept_but_not_shown(nights: Nights) -> None:
    build = nights.build(date(2026, 1, 2))
    assert publish(build.as_of).endswith("a later day stays on show")
    assert seen(nights)[1] == date(2026, 1, 6)
    assert nights.fetch("publisher", f"select count(*) from marts.mart_deals where build_id = '{build.build_id}'") == [
        (2,)
    ]


def test_rows_of_another_build_stop_the_publication(nights: Nights) -> None:
    build = nights.build(date(2026, 1, 7))
    nights.execute("transformer", f"insert into {build.schema}.mart_deals values ('other', 'O-9', 1)")
    with pytest.raises(StepError, match="mart_deals holds rows of another build or of none"):
        publish(build.as_of)
    assert seen(nights)[1] == date(2026, 1, 6)


def test_a_build_without_marts_says_which_step_is_missing(nights: Nights) -> None:
    build = nights.build(date(2026, 1, 7))
    nights.execute("transformer", f"drop table {build.schema}.mart_deals, {build.schema}.mart_build")
    with pytest.raises(StepError, match="holds no marts: run `python -m nightly dbt marts`"):
        publish(build.as_of)


def test_a_lost_grant_stops_the_publication_and_readers_keep_the_last_build(nights: Nights) -> None:
    build = nights.build(date(2026, 1, 7))
    nights.execute("publisher", "revoke select on published.mart_build from bi_reader")
    with pytest.raises(StepError, match=r"bi_reader may not read published\.mart_build"):
        publish(build.as_of)
    nights.execute("publisher", "grant select on published.mart_build to bi_reader")
    assert seen(nights)[1] == date(2026, 1, 6)


def test_a_new_mart_column_is_null_in_earlier_builds_and_a_removed_one_in_later(nights: Nights) -> None:
    build = nights.build(date(2026, 1, 7))
    nights.execute(
        "transformer",
        f"alter table {build.schema}.mart_deals add column band text default 'A'",
        f"alter table {build.schema}.mart_deals drop column gross_amount",
    )
    publish(build.as_of)
    columns = "select distinct gross_amount, band from published.mart_deals"
    assert nights.fetch("bi_reader", columns) == [(None, "A")]
    rollback()
    assert nights.fetch("bi_reader", columns + " where opportunity_id = 'O-3'")[0] == (7, None)


def test_a_column_of_another_type_asks_for_a_new_name(nights: Nights) -> None:
    build = nights.build(date(2026, 1, 8))
    nights.execute(
        "transformer", f"alter table {build.schema}.mart_deals alter column gross_amount type double precision"
    )
    with pytest.raises(StepError, match=r"column gross_amount as numeric.*give the changed column a new name"):
        publish(build.as_of)


def killed_at(point: str, as_of: date) -> int:
    """Exit code of a publish command that dies at `point`."""
    command = [sys.executable, "-m", "warehouse", "publish", "--as-of", str(as_of)]
    return subprocess.run(
        command, cwd=ROOT, env={**os.environ, "LANDFALL_FAILPOINT": point}, check=False, capture_output=True
    ).returncode


@pytest.mark.parametrize(
    ("point", "day", "survives"),
    [
        ("publish.before", date(2026, 2, 2), False),
        ("publish.inside", date(2026, 2, 3), False),
        ("publish.after", date(2026, 2, 4), True),
    ],
)
def test_a_kill_leaves_the_old_build_or_the_new_one_and_a_restart_ends_alike(
    nights: Nights, point: str, day: date, survives: bool
) -> None:
    before = seen(nights)
    nights.build(day, [(point, "1.00")])
    assert killed_at(point, day) == -signal.SIGKILL
    assert seen(nights) == ((point, day) if survives else before)
    publish(day)
    assert seen(nights) == (point, day)
    assert nights.fetch("auditor", f"select count(*) from ops.publications where as_of = '{day}'") == [(1,)]


def test_a_build_that_was_attached_and_never_shown_is_made_anew(nights: Nights) -> None:
    day, partitions = (
        date(2026, 3, 20),
        "select count(*) from pg_inherits where inhparent = 'marts.mart_deals'::regclass",
    )
    before, [(held,)] = seen(nights), nights.fetch("publisher", partitions)
    nights.build(day, [("O-7", "1.00")])
    assert killed_at("publish.inside", day) == -signal.SIGKILL
    assert nights.fetch("publisher", partitions) == [(held + 1,)]  # type: ignore[operator]
    nights.build(day, [("O-8", "2.00")])
    assert nights.fetch("publisher", partitions) == [(held,)]
    assert seen(nights) == before
    publish(day)
    assert seen(nights) == ("O-8", day)
