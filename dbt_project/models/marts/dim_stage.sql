-- The dictionary of stages with every span in which a definition held: a change is a new dated row.
with final as (
    select
        {{ build_id() }} as build_id,
        key as stage_code,
        name_zh,
        name_en,
        outcome,
        stage_order,
        cast(set_rate as numeric(9, 6)) as set_rate,
        {{ known('stages', as_of_cutoff()) }} as is_current,
        {{ as_of() }} as as_of,
        valid_from,
        valid_to
    from {{ ref('int_setting_versions') }} as stages
    where kind = 'stage'
)

select * from final
