{{ config(severity='warn') }}
-- The stage that the events lead to is the one that the CRM's newest record names; a CRM that dates stages backwards may differ.
with records as (
    select
        opportunity_id, system, sales_process, stage_value,
        row_number() over (partition by opportunity_id order by valid_from desc, changed_at desc, load_id desc) as age
    from {{ ref('int_stage_records') }}
    where not is_late and system <> 'files'
),

told as (
    select records.opportunity_id, min(stage_map.stage_code) as stage_code
    from records
    left join {{ ref('int_stage_map_versions') }} as stage_map
        on
            records.system = stage_map.system
            and records.stage_value = stage_map.stage_value
            and stage_map.sales_process in (records.sales_process, '*')
            and {{ known('stage_map', as_of_cutoff()) }}
    where records.age = 1
    group by records.opportunity_id
)

select told.opportunity_id
from told
left join {{ ref('fct_stage_event') }} as events on told.opportunity_id = events.opportunity_id and events.is_current
where events.to_stage_code is distinct from told.stage_code
