-- Every landed statement "this deal stands at this stage", in the order in which it became known.
with fxiaoke as (
    select
        'fxiaoke' as system, opportunity_id, sales_process, stage_value, changed_by, load_id, is_late,
        -- a stage time later than the change that carried it is not believed
        case when stage_changed_at <= changed_at then stage_changed_at end as stage_changed_at,
        created_at, changed_at, valid_from
    from {{ ref('stg_fxiaoke__opportunities') }}
    where not is_deleted and stage_value is not null and {{ among_changed('stg_fxiaoke__opportunities', 'opportunity_id') }}
),

files as (
    select
        'files' as system, opportunity_id, sales_process, stage_value, cast(null as text) as changed_by, load_id, is_late,
        case when closed_at <= changed_at then closed_at end as stage_changed_at,
        created_at, changed_at, valid_from
    from {{ ref('stg_files__opportunities') }}
    where not is_deleted and stage_value is not null and {{ among_changed('stg_files__opportunities', 'opportunity_id') }}
),

final as (
    select * from fxiaoke
    union all
    select * from files
)

select * from final
