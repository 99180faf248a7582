-- How long each step of the nights of two weeks ran, and what extractions asked of each system for it. What ran for this build itself, or after
-- it was opened first, is left out, so that the build made again says the same.
with runs as (
    select * from {{ ref('stg_landfall__step_runs') }}
    where as_of between {{ as_of() }} - 13 and {{ as_of() }} - 1
        and {{ before_own_record('run_id', 'run_id', 'stg_landfall__step_runs') }}
),

-- A walk belongs to the run in which it began.
walks as (
    select
        runs.run_id,
        sum(loads.requests) as requests,
        sum(loads.received) as received
    from runs
    inner join {{ ref('stg_landfall__loads') }} as loads
        on runs.system = loads.system and loads.started_at between runs.started_at and runs.finished_at
    group by runs.run_id
),

final as (
    select
        {{ build_id() }} as build_id,
        runs.step,
        coalesce(runs.system, '') as system,
        cast(count(*) as integer) as runs_count,
        cast(sum({{ when("runs.state <> 'done'") }}) as integer) as failed_count,
        cast(sum(runs.seconds) as numeric(12, 1)) as run_seconds,
        max(runs.peak_rss_bytes) as peak_rss_bytes,
        cast(sum(walks.requests) as integer) as requests_count,
        cast(sum(walks.received) as integer) as received_count,
        runs.as_of as night_of,
        {{ as_of() }} as as_of
    from runs
    left join walks on runs.run_id = walks.run_id
    group by runs.as_of, runs.step, coalesce(runs.system, '')
)

select * from final
