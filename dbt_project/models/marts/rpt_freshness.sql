-- How fresh each stream is, and was over the last thirty nights: hours from its watermark until the end of the business day.
with streams as (
    select * from {{ ref('stg_landfall__streams') }}
),

moves as (
    select * from {{ ref('int_watermarks_moved') }}
),

days as (
    {{ number_series(29) }}
),

nights as (
    select
        moves.system,
        moves.stream,
        days.n,
        extract(epoch from {{ cutoff(as_of() ~ ' - days.n') }} - max(moves.read_until)) / 3600 as lag_hours
    from days
    inner join moves on moves.as_of <= {{ as_of() }} - days.n
    group by moves.system, moves.stream, days.n
),

usual as (
    select
        system,
        stream,
        {{ percentile_of('lag_hours', 0.5) }} as lag_p50_hours,
        {{ percentile_of('lag_hours', 0.95) }} as lag_p95_hours,
        count(*) as nights_count
    from nights
    group by system, stream
),

read_so_far as (
    select
        system,
        stream,
        max(read_until) as read_until
    from moves
    group by system, stream
),

final as (
    select
        {{ build_id() }} as build_id,
        streams.system,
        streams.stream,
        case
            when read_so_far.read_until is null then 'never'
            when read_so_far.read_until >= {{ as_of_cutoff() }} then 'fresh'
            when nights.lag_hours <= streams.max_age_hours then 'late'
            else 'stale'
        end as state,
        streams.max_age_hours,
        cast(nights.lag_hours as numeric(10, 1)) as lag_hours,
        cast(usual.lag_p50_hours as numeric(10, 1)) as lag_p50_hours,
        cast(usual.lag_p95_hours as numeric(10, 1)) as lag_p95_hours,
        cast(coalesce(usual.nights_count, 0) as integer) as nights_count,
        streams.is_required,
        read_so_far.read_until
    from streams
    left join read_so_far on streams.system = read_so_far.system and streams.stream = read_so_far.stream
    left join nights on streams.system = nights.system and streams.stream = nights.stream and nights.n = 0
    left join usual on streams.system = usual.system and streams.stream = usual.stream
)

select * from final
