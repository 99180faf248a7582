"""Publishing: every mart of a checked build appears at once, because ONE transaction attaches the tables and moves ONE pointer row.

In: a build whose marts gate said `passed`. Out: partitions of `marts.<name>`, the pointer `ops.published_build`, a row in
`ops.publications` with its manifest. A build that people were shown is never touched; its rerun must hold the same rows.
"""

import hashlib
import json
from dataclasses import asdict
from datetime import date
from typing import Any

import psycopg
from psycopg import sql

from warehouse import marts
from warehouse.access import refresh_reach
from warehouse.builds import SHOWN, Build, current_build
from warehouse.connection import connect
from warehouse.failpoints import failpoint
from warehouse.pointer import note_publication, point_at, smoke
from warehouse.steps import GateBlocked, StepError

# A verdict counts only if it is younger than the opening of the build and the last start of the step that made the marts.
_VERDICT = """
    select v.verdict, v.reason,
           v.decided_at > b.opened_at and v.decided_at > coalesce(
               (select max(r.started_at) from ops.step_runs as r where r.step = 'marts' and r.as_of = b.as_of), '-infinity')
    from ops.builds as b join ops.gate_verdicts as v on v.build_id = b.build_id and v.border = 'marts'
    where b.build_id = %s order by v.verdict_id desc limit 1
"""
_CHECKS = """
    select level || ' ' || state, count(*) from ops.check_results as c
    where build_id = %(build)s and checked_at = (select max(checked_at) from ops.check_results where build_id = %(build)s) group by 1
"""
_MANIFEST = "select manifest -> 'tables' from ops.publications where build_id = %s and kind = 'publish' order by publication_id limit 1"


def publish(as_of: date) -> str:
    """Publish the build of `as_of` that was opened last; returns a sentence that says what readers now see.

    Raises GateBlocked unless the marts gate passed this very build; StepError when the rerun of a published build differs.
    """
    with connect("transformer", autocommit=True) as connection:
        connection.execute("select pg_advisory_lock(hashtext('landfall publish'))")
        build = current_build(as_of)
        if build.state in SHOWN:
            return _confirm(connection, build)
        _require_verdict(connection, build)
        names = marts.prepare(connection, build.schema, build.build_id)
        manifest = _manifest(connection, build)
        failpoint("publish.before")
        _attach(connection, build, names)
        with connection.transaction():
            shown = _show(connection, build, manifest)
            failpoint("publish.inside")
        failpoint("publish.after")
    rows = sum(table["rows"] for table in manifest["tables"].values())
    where = "readers see it" if shown else "a later day stays on show"
    return f"published build {build.build_id}: {len(names)} marts, {rows} rows; {where}"


def _require_verdict(connection: psycopg.Connection, build: Build) -> None:
    found = connection.execute(_VERDICT, (build.build_id,)).fetchone()
    verdict, reason, is_fresh = found or ("missing", "the gate never ran", False)
    if verdict == "passed" and is_fresh:
        connection.execute("update ops.builds set state = 'checked' where build_id = %s", (build.build_id,))
        return
    if verdict == "blocked":
        connection.execute("update ops.builds set state = 'blocked' where build_id = %s", (build.build_id,))
    said = "its marts were built again after the gate looked" if verdict == "passed" else reason
    raise GateBlocked(
        f"build {build.build_id} is not published, the last build stays: {said}; "
        f"run `python -m expectations marts --as-of {build.as_of}`, then publish again"
    )


def _manifest(connection: psycopg.Connection, build: Build) -> dict[str, Any]:
    inputs: Any = connection.execute(
        "select inputs_digest, code_version, stale_inputs from ops.builds where build_id = %s", (build.build_id,)
    ).fetchone()
    tables = {name: asdict(content) for name, content in marts.contents(connection, build.schema).items()}
    return {
        "tables": tables,
        "sha256": hashlib.sha256(json.dumps(tables, sort_keys=True).encode()).hexdigest(),
        "checks": dict(connection.execute(_CHECKS, {"build": build.build_id}).fetchall()),
        "inputs_digest": inputs[0],
        "code_version": inputs[1],
        "stale_inputs": inputs[2],
        "model_version": build.model_version,
    }


def _attach(connection: psycopg.Connection, build: Build, names: list[str]) -> None:
    """Attach every mart, in a transaction of its own: nobody sees it before the pointer moves (docs/adr/0007 says why not together)."""
    with connection.transaction():
        connection.execute("set local lock_timeout = '5s'")
        held = marts.attached(connection, build.schema)
        for name in names:
            if name not in held:
                marts.attach(connection, build.schema, name, build.build_id)


def _show(connection: psycopg.Connection, build: Build, manifest: dict[str, Any]) -> bool:
    """Move the pointer, inside the caller's transaction. A day before the one on show stays attached but is not pointed at."""
    later = _is_before_the_shown(connection, build)
    if later:
        connection.execute(
            "update ops.builds set state = 'retired', closed_at = clock_timestamp() where build_id = %s",
            (build.build_id,),
        )
    else:
        point_at(connection, build.build_id)
        refresh_reach(connection, build.as_of)
        smoke(connection, manifest["tables"])
    note_publication(connection, build.build_id, build.as_of, "publish", manifest)
    return not later


def _is_before_the_shown(connection: psycopg.Connection, build: Build) -> bool:
    """Whether readers see a later day than this build's."""
    query = "select 1 from ops.published_build join ops.builds using (build_id) where as_of > %s"
    return connection.execute(query, (build.as_of,)).fetchone() is not None


def _confirm(connection: psycopg.Connection, build: Build) -> str:
    """Compare the rerun of a build that was published with what was published then, and drop it."""
    published: Any = connection.execute(_MANIFEST, (build.build_id,)).fetchone()
    again = {name: asdict(content) for name, content in marts.contents(connection, build.schema).items()}
    if again and again != published[0]:
        name = min(name for name in again.keys() | published[0].keys() if again.get(name) != published[0].get(name))
        raise StepError(
            f"{build.schema}.{name} differs from what build {build.build_id} published "
            f"({again.get(name)} against {published[0].get(name)}): compare both tables; the published one stays"
        )
    connection.execute(sql.SQL("drop schema if exists {} cascade").format(sql.Identifier(build.schema)))
    said = "its rerun is identical and was dropped" if again else "nothing to do"
    if build.state == "retired" and not _is_before_the_shown(connection, build):  # it was rolled back
        said += f"; it is not on show: `python -m warehouse rollback --as-of {build.as_of}` shows it again"
    return f"build {build.build_id} is published already ({build.state}): {said}"
