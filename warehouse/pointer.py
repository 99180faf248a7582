"""The pointer that decides which build readers see: moved forward by publishing, back by a rollback, and tried as a reader before it holds.

In: a build whose marts are attached. Out: `ops.published_build`, the states of builds, a row in `ops.publications`.
"""

from datetime import date
from typing import Any, Literal

import psycopg
from psycopg import sql
from psycopg.types.json import Jsonb

from warehouse.connection import connect
from warehouse.steps import StepError

_ROLLBACK = """
    with shown as (
        select build_id, as_of, manifest, publication_id from ops.publications where kind = 'publish'
    )

    select build_id, as_of, manifest, exists (
        select from pg_inherits as i join pg_class as c on c.oid = i.inhrelid where c.relnamespace = to_regnamespace('build_' || build_id))
    from shown
    where case
        when %(to)s::text is not null then build_id = %(to)s
        when %(day)s::date is not null then as_of = %(day)s
        else (as_of, publication_id) < (
        select held.as_of, held.publication_id from shown as held join ops.published_build using (build_id)) end
    order by as_of desc, publication_id desc limit 1
"""


def rollback(to: str | None = None, day: date | None = None, *, by: str | None = None) -> str:
    """Move the pointer to build `to`, the last one published for `day`, or the one published before the current one; returns a sentence.

    `by`: who asks for it, kept beside the build that readers saw until then.

    Raises StepError when there is no such build or retention dropped its marts.
    """
    with connect("transformer") as connection:
        connection.execute("select pg_advisory_lock(hashtext('landfall publish'))")
        found = connection.execute(_ROLLBACK, {"to": to, "day": day}).fetchone()
        if found is None:
            wanted = to or (f"build of {day}" if day else "earlier build")
            raise StepError(
                f"ops.publications holds no {wanted}: list its build_ids, then roll back with --to BUILD_ID"
            )
        build_id, as_of, manifest, has_marts = found
        if not has_marts:
            raise StepError(
                f"the marts of build {build_id} were dropped by retention: roll back with --to a younger build"
            )
        shown: Any = connection.execute("select build_id from ops.published_build").fetchone()
        point_at(connection, build_id)
        smoke(connection, manifest["tables"])
        note_publication(connection, build_id, as_of, "rollback", manifest, from_build=shown[0], by=by)
    return f"readers see build {build_id} of {as_of}"


def point_at(connection: psycopg.Connection, build_id: str) -> None:
    """Let readers see this build, inside the caller's transaction."""
    connection.execute(
        "update ops.builds set state = 'retired' where state = 'published' and build_id <> %s", (build_id,)
    )
    connection.execute(
        "update ops.builds set state = 'published', closed_at = clock_timestamp() where build_id = %s", (build_id,)
    )
    connection.execute(
        "insert into ops.published_build (build_id) values (%s) "
        "on conflict (only_row) do update set build_id = excluded.build_id",
        (build_id,),
    )


def smoke(connection: psycopg.Connection, tables: dict[str, Any]) -> None:
    """Read every mart as a reader would, still inside the transaction: lost grants or rows stop the publication."""
    connection.execute("set local role bi_reader")
    for name, content in tables.items():
        query = sql.SQL("select count(*) from {}").format(sql.Identifier("published", name))
        try:
            counted: Any = connection.execute(query).fetchone()
        except psycopg.errors.InsufficientPrivilege as error:
            raise StepError(
                f"bi_reader may not read published.{name}: grant select on it as publisher, then rerun"
            ) from error
        if counted[0] != content["rows"]:
            raise StepError(
                f"bi_reader sees {counted[0]} rows of published.{name}, the build holds {content['rows']}: "
                f"compare the view's condition with marts.{name}, then rerun"
            )
    connection.execute("set local role transformer")


def note_publication(
    connection: psycopg.Connection,
    build_id: str,
    as_of: date,
    kind: Literal["publish", "rollback"],
    manifest: dict[str, Any],
    *,
    from_build: str | None = None,
    by: str | None = None,
) -> None:
    """Keep that readers were shown this build, and by what; of a rollback also which build they saw before, and who asked for it."""
    connection.execute(
        "insert into ops.publications (build_id, as_of, kind, manifest, from_build_id, done_by) values (%s, %s, %s, %s, %s, %s)",
        (build_id, as_of, kind, Jsonb(manifest), from_build, by),
    )
