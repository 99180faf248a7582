"""Did the world send something sane? The walks of the night as a whole, then the newest version of each record that they landed.

Older versions are not judged again: a value that the source corrected meanwhile must not block for ever.
"""

from datetime import date

from expectations.checks import Suite, has_rows, holds, unique
from expectations.suites.landing_archive import archive_suites
from expectations.suites.landing_facts import AMOUNT, DECIMAL, FAULTY_SHARE, HANDFUL, INSTANTS, PRESENT
from expectations.suites.landing_fields import fields_suite
from expectations.suites.landing_walks import streams_suite, walks_suite
from expectations.walks import Stream, fill, streams

_RECORDS = """
select
    record_id,
    jsonb_typeof(record) = 'object' as is_object,
    changed_at < $cutoff as is_changed_before_cutoff,
    known_at <= $cutoff as is_known_by_cutoff,
    not is_told_twice as is_id_given_once,
    $facts
from (
    select distinct on (record_id) *, coalesce(record ->> 'is_deleted', 'false') = 'true' as is_gone,
        coalesce(lead(changed_at) over older = changed_at and lead(load_id) over older = load_id, false) as is_told_twice
    from $table
    where known_at > $since and load_id in (select load_id from ops.loads where system = '$system' and stream = '$stream' and $judged)
    window older as (partition by record_id order by changed_at desc, known_at desc, load_id desc)
    order by record_id, changed_at desc, known_at desc, load_id desc
) as newest
"""


def suites(as_of: date, accepted_empty: list[str]) -> list[Suite]:
    """The suites of the landing border. `accepted_empty`: streams ("system.stream") that a person vouches were really empty."""
    walked = streams(as_of)
    return [
        streams_suite(as_of, accepted_empty),
        walks_suite(as_of, accepted_empty, walked),
        *(_records_suite(as_of, stream) for stream in walked if stream.landed),
        *archive_suites(as_of),
        fields_suite(as_of),
    ]


def _records_suite(as_of: date, stream: Stream) -> Suite:
    name = f"{stream.system}__{stream.name}"
    share = 1 - max(FAULTY_SHARE, HANDFUL / stream.landed)
    facts = {
        f"has_{field.lower().replace('.', '_')}": f"is_gone or coalesce(record ->> '{field}', '') <> ''"
        for field in PRESENT.get(name, ())
    }
    checks = [
        holds(
            column,
            "every living record has it; where it is missing the mapping or a permission changed",
            mostly=max(share, 0),
        )
        for column in facts
    ]
    twice = "one walk told an id twice for one instant: which of the two stands is chance"
    checks += [
        holds("is_id_given_once", f"{twice}; so many mean that ids are given twice", mostly=max(share, 0)),
        holds("is_id_given_once", twice, level="warning"),
    ]
    if name in AMOUNT:
        amount = f"record ->> '{AMOUNT[name]}'"
        facts["is_amount_readable"] = f"coalesce({amount}, '0') ~ '{DECIMAL}'"
        facts["is_amount_sane"] = (
            f"case when coalesce({amount}, '0') ~ '{DECIMAL}' "
            f"then coalesce({amount}, '0')::numeric between 0 and 1000000000000 else true end"
        )
        checks += [
            holds("is_amount_readable", "a number format that changed would empty the forecast", mostly=max(share, 0)),
            holds(
                "is_amount_sane", "no deal is negative or above 10^12; a few are slips of people", mostly=max(share, 0)
            ),
            holds("is_amount_sane", "each slip is worth a call to its owner", level="warning"),
        ]
    if name in INSTANTS:
        field, pattern = INSTANTS[name]
        facts["is_instant_readable"] = f"is_gone or coalesce(record ->> '{field}' ~ '{pattern}', false)"
        checks.append(
            holds("is_instant_readable", "without its instant a record has no place in any day", mostly=max(share, 0))
        )
    columns = ",\n    ".join(f"{fact} as {column}" for column, fact in facts.items()) or "true as is_generic"
    query = fill(_RECORDS, as_of, table=stream.table, system=stream.system, stream=stream.name, facts=columns)
    return Suite(
        f"landing.{name}",
        stream.table,
        query,
        f"correct the source or its mapping, then run `python -m connectors extract --as-of {as_of}` and the gate again",
        (
            has_rows("the walk's ledger counted rows"),
            unique(["record_id"], "one newest version a record"),
            holds("is_object", "a record that is no object cannot be read by name"),
            holds("is_changed_before_cutoff", "a later change belongs to the next day"),
            holds("is_known_by_cutoff", "the day sees only what was known by its end"),
            *checks,
        ),
    )
