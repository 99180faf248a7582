"""Builds: one name for one set of inputs, so that the same night computed twice is the same build.

In: what landing and settings show on day D, our own source files, the champion model, the seed. Out: a row in `ops.builds` and the
schema `build_<build_id>` that dbt fills with that build's marts.
"""

import hashlib
from dataclasses import dataclass
from datetime import date
from typing import Literal

import psycopg
from psycopg import sql
from psycopg.types.json import Jsonb

from config.settings import ROOT, settings
from warehouse import marts
from warehouse.clock import cutoff
from warehouse.connection import connect
from warehouse.staleness import stale_inputs
from warehouse.steps import StepError

CODE_FOLDERS = ("config", "connectors", "dbt_project", "expectations", "ml", "warehouse")
CODE_SUFFIXES = {".csv", ".json", ".py", ".sql", ".yaml", ".yml"}
GENERATED = {"__pycache__", "dbt_packages", "logs", "target"}
SHOWN = ("published", "retired")

_LANDING_TABLES = """
    select c.relname from pg_class as c join pg_namespace as n on n.oid = c.relnamespace
    where n.nspname = 'landing' and c.relkind in ('r', 'p') order by c.relname collate "C"
"""
# The sum of 64-bit digests does not depend on the order of rows; md5, unlike hashtext, is the same on every server version.
_LANDING_DIGEST = """
    select count(*), coalesce(sum(('x' || left(md5(concat_ws('|', record_id, record_hash, extract(epoch from changed_at),
           extract(epoch from known_at))), 16))::bit(64)::bigint), 0)
    from {table} where known_at <= %s
"""
_SETTINGS = """
    select kind, key, value::text, valid_from, extract(epoch from decided_at) from ops.settings
    where valid_from <= %s and decided_at < %s order by kind collate "C", key collate "C", valid_from, decided_at
"""
_SUBMISSIONS = "select submission_id, gross_amount::text from ops.submissions where as_of <= %s order by submission_id"
_CHAMPION = """
    select model_version, digest, as_of from scores.models where is_promoted and model_name = %s and (as_of <= %s or %s)
    order by as_of desc, logged_at desc, model_version desc limit 1
"""
WIN, LEAD = "win", "lead"  # the models that score a build


@dataclass(frozen=True)
class Build:
    """One row of `ops.builds`. `lead_model_version`: None where no lead model was at hand."""

    build_id: str
    as_of: date
    model_version: str
    seed: int
    state: str
    lead_model_version: str | None = None

    @property
    def schema(self) -> str:
        """Where dbt puts this build's marts: a build that people were shown is never touched, its rerun stands beside it."""
        return f"build_{self.build_id}_again" if self.state in SHOWN else f"build_{self.build_id}"


def code_version() -> str:
    """sha256 (hex) over paths and contents of our own source files; independent of git, times and generated files."""
    digest = hashlib.sha256()
    for folder in CODE_FOLDERS:
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix in CODE_SUFFIXES and GENERATED.isdisjoint(path.relative_to(ROOT).parts):
                digest.update(f"{path.relative_to(ROOT).as_posix()}\0".encode())
                digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def inputs_digest(connection: psycopg.Connection, as_of: date) -> str:
    """sha256 (hex) of the landing rows, settings and people's numbers that are visible on `as_of`, whatever order they came in."""
    digest = hashlib.sha256()
    for (table,) in connection.execute(_LANDING_TABLES).fetchall():
        query = sql.SQL(_LANDING_DIGEST).format(table=sql.Identifier("landing", table))
        counted = connection.execute(query, (cutoff(as_of),)).fetchone()
        digest.update(f"{table} {counted}\n".encode())
    for row in connection.execute(_SETTINGS, (as_of, cutoff(as_of))).fetchall():
        digest.update(f"{row}\n".encode())
    for row in connection.execute(_SUBMISSIONS, (as_of,)).fetchall():
        digest.update(f"{row}\n".encode())
    return digest.hexdigest()


def open_build(as_of: date, *, model: Literal["champion", "current"] = "champion") -> Build:
    """Open the build of `as_of` for the inputs as they are now, and its schema; the same inputs open the same build.

    `model`: the champion of that day, or the current one, which marks the build as hindsight when it is younger than the day.
    Raises StepError when there is no promoted model.
    """
    with connect("transformer") as connection:
        champion, leads = (
            connection.execute(_CHAMPION, (name, as_of, model == "current")).fetchone() for name in (WIN, LEAD)
        )
        if champion is None:
            raise StepError(
                f"scores.models holds no promoted model with as_of ≤ {as_of}: run "
                f"`python -m ml train --as-of {as_of} --if-missing`, then rerun"
            )
        model_version, model_digest, model_as_of = champion
        lead_version, lead_digest, lead_as_of = leads or (None, "", as_of)
        inputs, code, seed = inputs_digest(connection, as_of), code_version(), settings().seed
        stale = stale_inputs(connection, as_of)
        models = f"{model_digest}{lead_digest}"
        named = f"{as_of} {inputs} {code} {models} {seed} {settings().lang}{f' {stale}' if stale else ''}"
        name = hashlib.sha256(named.encode()).hexdigest()
        build_id = f"{as_of:%Y%m%d}_{name[:12]}"
        connection.execute(
            """insert into ops.builds as held (build_id, as_of, inputs_digest, code_version, model_version, lead_model_version, seed,
                   state, is_hindsight, stale_inputs)
               values (%s, %s, %s, %s, %s, %s, %s, 'building', %s, %s)
               on conflict (build_id) do update
                  set opened_at = clock_timestamp(),
                      state = case when held.state in ('published', 'retired') then held.state else 'building' end""",
            (
                build_id,
                as_of,
                inputs,
                code,
                model_version,
                lead_version,
                seed,
                max(model_as_of, lead_as_of) > as_of,
                Jsonb(stale),
            ),
        )
        build = _newest(connection, as_of)
        _make_schema(connection, build.schema)
    if build.state not in SHOWN:
        _release(build.schema)
    return build


def current_build(as_of: date) -> Build:
    """The build of `as_of` that was opened last. Raises StepError when none was."""
    with connect("transformer") as connection:
        return _newest(connection, as_of)


def published_build(as_of: date) -> Build:
    """The build of `as_of` that people are shown. Raises StepError when another day is."""
    query = (
        "select build_id, as_of, model_version, seed, state, lead_model_version from ops.builds"
        " join ops.published_build using (build_id) where as_of = %s"
    )
    with connect("transformer") as connection:
        found = connection.execute(query, (as_of,)).fetchone()
    if found is None:
        raise StepError(f"no build of {as_of} is published: give the day that `make status` names")
    return Build(*found)


def build_schema(as_of: date) -> str:
    """The schema that the marts of `as_of` are built, checked and published from."""
    return current_build(as_of).schema


def _newest(connection: psycopg.Connection, as_of: date) -> Build:
    found = connection.execute(
        "select build_id, as_of, model_version, seed, state, lead_model_version from ops.builds where as_of = %s"
        " order by opened_at desc limit 1",
        (as_of,),
    ).fetchone()
    if found is None:
        raise StepError(
            f"ops.builds holds no build of {as_of}: run `python -m warehouse open-build --as-of {as_of}`, then rerun"
        )
    return Build(*found)


def _release(schema: str) -> None:
    """Take a build that was attached but never shown out of its parents, so that its marts can be made again."""
    with connect("transformer", autocommit=True) as connection:
        for name in marts.attached(connection, schema):
            marts.detach(connection, schema, name)


def _make_schema(connection: psycopg.Connection, schema: str) -> None:
    connection.execute(sql.SQL("create schema if not exists {}").format(sql.Identifier(schema)))
    connection.execute(sql.SQL("grant usage on schema {} to checker").format(sql.Identifier(schema)))
