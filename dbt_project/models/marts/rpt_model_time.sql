-- The slowest models of SQL of the nights of two weeks. What ran for this build itself, or after it was opened first, is left out.
with times as (
    select * from {{ ref('stg_landfall__model_times') }}
    where as_of between {{ as_of() }} - 13 and {{ as_of() }} - 1
        and {{ before_own_record('run_id', 'run_id', 'stg_landfall__step_runs') }}
),

final as (
    select
        {{ build_id() }} as build_id,
        step,
        sql_model,
        cast(count(*) as integer) as runs_count,
        cast(sum(seconds) as numeric(12, 1)) as run_seconds,
        as_of as night_of,
        {{ as_of() }} as as_of
    from times
    group by as_of, step, sql_model
)

select * from final
