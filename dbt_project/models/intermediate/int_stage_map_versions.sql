-- The whole map from CRM values to stages, stated anew at every instant at which a stage or the map changed.
with settings as (
    select * from {{ ref('int_setting_versions') }}
    where kind in ('stage', 'stage_map')
),

changes as (
    select distinct valid_from from settings
),

spans as (
    select
        valid_from,
        coalesce(lead(valid_from) over (order by valid_from), {{ end_of_time() }}) as valid_to
    from changes
),

stages as (
    select
        spans.valid_from,
        spans.valid_to,
        settings.key as stage_code,
        settings.stage_order,
        settings.set_rate,
        settings.outcome
    from spans
    inner join settings on settings.kind = 'stage' and {{ known('settings', 'spans.valid_from') }}
),

mapped as (
    select
        split_part(settings.key, '|', 1) as system,
        split_part(settings.key, '|', 2) as sales_process,
        split_part(settings.key, '|', 3) as stage_value,
        stages.stage_code,
        stages.outcome,
        stages.stage_order,
        stages.set_rate,
        stages.valid_from,
        stages.valid_to
    from stages
    inner join settings
        on settings.kind = 'stage_map' and settings.stage_code = stages.stage_code and {{ known('settings', 'stages.valid_from') }}
),

final as (
    select
        system,
        sales_process,
        stage_value,
        stage_code,
        outcome,
        stage_order,
        -- place among the process's own open stages, so that a process without S1 skips nothing by starting at S2
        case
            when outcome = 'open'
                then dense_rank() over (partition by valid_from, system, sales_process, outcome order by stage_order)
        end as stage_place,
        set_rate,
        valid_from,
        valid_to
    from mapped
)

select * from final
