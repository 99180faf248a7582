"""Were the streams of the night read to their end, and is what they brought as much as usual?"""

from datetime import date

from expectations.checks import Suite, has_rows, holds
from expectations.suites.landing_facts import FAULTY_SHARE, HANDFUL
from expectations.walks import Stream, fill
from warehouse.connection import connect
from warehouse.setting_rows import holding

USUAL_RECEIVED = 20  # below this median a night without records is ordinary
COMPARED_NIGHTS = 3  # fewer earlier nights of the kind say nothing about what is usual
COMPARED_DAYS = 60
SATURDAY = 6
SILENT_NIGHTS = 14  # longer than the longest holiday

_WALKS = """
select
    w.system || '.' || w.stream || ' ' || w.day || ': received ' || w.received || ', usual ' || coalesce(u.usual::text, 'unknown')
        as record_id,
    w.state = 'finished' or coalesce(r.may_be_missing, false) as is_finished,
    w.state = 'finished' as is_read_to_its_end,
    w.landed = w.rows_found as is_every_landed_row_there,
    w.quarantined <= greatest($handful, $share * w.received) or not coalesce(r.is_required, true) as is_quarantine_small,
    w.quarantined <= coalesce(q.told_before, 0) as is_quarantine_without_news,
    w.received > 0 or w.state <> 'finished' or w.system || '.' || w.stream in ($accepted)
        or case when w.system = 'files' then not w.has_had_rows else u.nights < $compared or u.usual < $usual end as is_volume_plausible,
    w.received = 0 or u.nights < $compared or u.usual < $usual or w.received between u.usual / 10 and u.usual * 10 as is_volume_usual
from (
    select distinct on (l.system, l.stream, l.window_to, l.window_from is null) l.*,
        (l.window_to at time zone $zone - interval '1 microsecond')::date as day,
        $is_free as is_free,
        exists(
            select from ops.loads as e
            where e.system = l.system and e.stream = l.stream and e.window_to < l.window_to and e.received > 0
        ) as has_had_rows, -- a file is read whole each night: once it had rows, it has them for good
        $rows_found as rows_found
    from ops.loads as l
    where $judged
    order by l.system, l.stream, l.window_to, l.window_from is null, l.started_at desc
) as w
left join lateral (
    select count(*) as nights, percentile_cont(0.5) within group (order by p.received) as usual
    from (
        select distinct on (e.window_to) e.received from ops.loads as e
        where e.system = w.system and e.stream = w.stream and e.window_from is not null and e.state = 'finished'
            and e.window_to < w.window_to and e.window_to >= w.window_to - $compared_days * interval '1 day'
            and $was_free = w.is_free
        order by e.window_to, e.started_at
    ) as p
) as u on true
left join lateral (
    -- a list is read whole each night, and its unreadable lines with it: of one reason, as many as before are no news
    select sum(least(now.count, before.most)) as told_before
    from (select record_id, reason, count(*) from ops.quarantine where load_id = w.load_id group by record_id, reason) as now
    inner join lateral (
        select max(night.count) as most from (
            select count(*) from ops.quarantine as e inner join ops.loads as f on f.load_id = e.load_id
            where f.system = w.system and f.stream = w.stream and f.window_to < w.window_to
                and e.reason = now.reason and e.record_id is not distinct from now.record_id
            group by e.load_id
        ) as night
    ) as before on before.most is not null
) as q on true
left join $reached as r on r.system = w.system and r.stream = w.stream
"""
_STREAMS = """
select
    s.system || '.' || s.stream || case when s.is_walked then '' else ' read until ' || coalesce(s.watermark::text, 'never') end
        as record_id,
    s.is_walked or s.may_be_missing as is_required_stream_young,
    s.is_walked,
    not s.is_required or s.received > 0 or s.system || '.' || s.stream in ($accepted) as has_ever_had_rows,
    not s.is_busy or s.recent_nights < $silent or s.recent_received > 0 or s.system || '.' || s.stream in ($accepted) as is_alive
from (
    select u.system, u.stream, coalesce(r.is_required, false) as is_required, r.watermark,
        coalesce(r.may_be_missing, false) as may_be_missing,
        u.stream = 'opportunities' and coalesce(r.is_required, true) as is_busy, -- an ERP beside the CRM may have few deals, or none
        coalesce(sum(l.received), 0) as received,
        coalesce(bool_or(l.state = 'finished' and l.window_to = $cutoff), false) as is_walked,
        count(distinct l.window_to) filter (where l.window_from is not null and l.window_to > $cutoff - $silent * interval '1 day')
            as recent_nights,
        coalesce(sum(l.received) filter (where l.window_from is not null and l.window_to > $cutoff - $silent * interval '1 day'), 0)
            as recent_received
    from (
        select system, stream from ops.loads where window_to <= $cutoff union select system, stream from ops.streams
    ) as u
    left join $reached as r on r.system = u.system and r.stream = u.stream
    left join ops.loads as l on l.system = u.system and l.stream = u.stream and l.window_to <= $cutoff
    group by u.system, u.stream, r.is_required, r.watermark, r.may_be_missing
) as s
where exists (select from ops.loads where window_to <= $cutoff)
"""


def streams_suite(as_of: date, accepted_empty: list[str]) -> Suite:
    """Of each stream: when it was read last, and whether it is alive."""
    query = fill(_STREAMS, as_of, accepted=_literals(accepted_empty), silent=str(SILENT_NIGHTS))
    return Suite(
        "landing.streams",
        "ops.loads",
        query,
        f"run `python -m connectors extract --as-of {as_of}`, then rerun the gate",
        (
            has_rows("a night that read nothing at all has not run"),
            holds("is_required_stream_young", "without these streams, or with older ones, there is no forecast"),
            holds(
                "is_walked",
                "a stream that was not read makes the build stale; the rerun of its system mends it",
                level="warning",
            ),
            holds(
                "has_ever_had_rows",
                "a required stream that never brought a record is not connected, whatever it answers",
            ),
            holds("is_alive", f"{SILENT_NIGHTS} nights without a deal are no holiday; a permission or filter changed"),
        ),
    )


def walks_suite(as_of: date, accepted_empty: list[str], walked: list[Stream]) -> Suite:
    """Of each walk of the night: its end, its volume, its quarantine."""
    counts = "".join(
        f"when '{stream.system}.{stream.name}' then (select count(*) from {stream.table} as t where t.load_id = l.load_id) "  # noqa: S608 - ours
        for stream in walked
    )
    query = fill(
        _WALKS,
        as_of,
        handful=str(HANDFUL),
        share=str(FAULTY_SHARE),
        usual=str(USUAL_RECEIVED),
        compared=str(COMPARED_NIGHTS),
        compared_days=str(COMPARED_DAYS),
        is_free=_is_free(as_of, "l"),
        was_free=_is_free(as_of, "e"),
        accepted=_literals(accepted_empty),
        rows_found=f"case l.system || '.' || l.stream {counts or 'when null then 0 '}end",
    )
    action = (
        "an empty answer is not no data: look at the source, then rerun extract and gate; if it really had nothing, "
        "rerun the gate with --accept-empty system.stream; why records could not be read stands in ops.quarantine"
    )
    return Suite(
        "landing.walks",
        "ops.loads",
        query,
        action,
        (
            holds(
                "is_volume_plausible",
                "nothing came where earlier nights of the same kind (working or free day) brought records",
            ),
            holds("is_volume_usual", "a tenth or ten times the usual number is worth a look", level="warning"),
            holds("is_finished", "an unfinished walk would lose what it has not read; run extract again"),
            holds(
                "is_read_to_its_end",
                "its system failed on the way; the next night or a rerun goes on there",
                level="warning",
            ),
            holds(
                "is_every_landed_row_there",
                "rows in the table and the ledger's count are two witnesses of the same page",
            ),
            holds(
                "is_quarantine_small",
                f"more than {FAULTY_SHARE:.1%} (and {HANDFUL}) unreadable records of a required stream mean that the format changed",
            ),
            holds(
                "is_quarantine_without_news",
                "each unreadable record is kept and should be looked at, once",
                level="warning",
            ),
        ),
    )


def _is_free(as_of: date, load: str) -> str:
    """SQL: nobody worked on the day of a load, by the week and by what was known on `as_of` of public holidays and make-up days."""
    with connect("checker") as connection:
        held = holding(connection, as_of, as_of)
    day = f"({load}.window_to at time zone $zone - interval '1 microsecond')::date"
    exceptions = {"holiday": "", "make_up": ""}
    for (kind, key), value in held.items():
        if kind == "working_day":
            exceptions[value["day_kind"]] += f",{key}"
    holidays, made_up = (f"{day} = any('{{{days[1:]}}}'::date[])" for days in exceptions.values())
    return fill(f"({holidays} or extract(isodow from {day}) >= {SATURDAY} and not {made_up})", as_of)


def _literals(names: list[str]) -> str:
    return ", ".join(f"'{name}'" for name in names) or "null"
