-- Whether alerts reached people, by channel, on the days of two weeks. What was told after this build was opened first is left out, so that
-- the build made again says the same.
with runs as (
    select
        *,
        row_number() over (partition by as_of, channel order by run_id desc) as age
    from {{ ref('stg_landfall__notifications') }}
    where as_of between {{ as_of() }} - 13 and {{ as_of() }} - 1
        and {{ before_own_record('run_id', 'run_id', 'stg_landfall__step_runs') }}
),

final as (
    select
        {{ build_id() }} as build_id,
        channel,
        cast(sum(sent) as integer) as sent_count,
        cast(sum(summed) as integer) as summed_count,
        cast(sum(undeliverable) as integer) as undeliverable_count,
        cast(sum(failed) as integer) as failed_count,
        cast(sum({{ when('age = 1', 'failed') }}) as integer) as waiting_count,
        as_of as told_on,
        {{ as_of() }} as as_of
    from runs
    group by as_of, channel
)

select * from final
