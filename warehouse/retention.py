"""How long published builds stay readable: the last seven, each quarter's first and last, and the one on show.

Runs after publishing, outside its transaction: DETACH CONCURRENTLY, then DROP, so that no reader of other builds waits.
"""

import psycopg
from psycopg import sql

from warehouse import marts
from warehouse.connection import connect
from warehouse.periods import known_periods

KEPT_BUILDS = 7

_DROPPABLE = """
    with published as (
        select p.build_id, p.as_of, q.starts_on as quarter, min(p.publication_id) as first_publication_id
        from ops.publications as p
        left join unnest(%(starts)s::date[], %(ends)s::date[]) as q (starts_on, ends_on) on p.as_of between q.starts_on and q.ends_on
        where p.kind = 'publish' group by p.build_id, p.as_of, q.starts_on
    ),

    ranked as (
        select
            build_id, as_of,
            row_number() over (order by as_of desc, first_publication_id desc) as age_rank,
            row_number() over (partition by quarter order by as_of, first_publication_id desc) as first_rank,
            row_number() over (partition by quarter order by as_of desc, first_publication_id desc) as last_rank
        from published
    ),

    kept as (
        select build_id from ranked where age_rank <= %(kept)s or first_rank = 1 or last_rank = 1
        union select build_id from ops.published_build
    ),

    never_shown as (
        select build_id from ops.builds
        where state not in ('published', 'retired') and as_of < (select min(as_of) from ranked where age_rank <= %(kept)s)
    )

    select 'build_' || build_id from (
        select build_id from published where build_id not in (select build_id from kept) union select build_id from never_shown
    ) as droppable
    where to_regnamespace('build_' || build_id) is not null
    order by 1
"""
_PENDING = """
    select c.relnamespace::regnamespace::text, c.relname from pg_inherits as i join pg_class as c on c.oid = i.inhrelid
    where i.inhdetachpending and i.inhparent in (select oid from pg_class where relnamespace = 'marts'::regnamespace)
"""


def retire() -> list[str]:
    """Drop what retention no longer keeps; returns the schemas dropped. What a long query holds is left for the next night."""
    dropped: list[str] = []
    quarters = [period for period in known_periods("transformer") if period.kind == "quarter"]
    asked = {
        "kept": KEPT_BUILDS,
        "starts": [quarter.starts_on for quarter in quarters],
        "ends": [quarter.ends_on for quarter in quarters],
    }
    with connect("transformer", autocommit=True) as connection:
        connection.execute("select pg_advisory_lock(hashtext('landfall publish'))")
        connection.execute("set lock_timeout = '2s'")
        try:
            for schema, name in connection.execute(_PENDING).fetchall():
                marts.detach(connection, schema, name, "finalize")  # a parent takes one unfinished detach at a time
            for (schema,) in connection.execute(_DROPPABLE, asked).fetchall():
                for name in marts.attached(connection, schema):
                    marts.detach(connection, schema, name)
                connection.execute(sql.SQL("drop schema {} cascade").format(sql.Identifier(schema)))
                dropped.append(schema)
        except psycopg.errors.LockNotAvailable:
            return dropped
    return dropped
