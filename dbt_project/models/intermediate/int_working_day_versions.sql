-- Days that are no ordinary weekday or weekend: public holidays, and weekends that are worked to make up for them (调休).
with final as (
    select
        cast(key as date) as day,
        day_kind,
        name,
        valid_from,
        valid_to
    from {{ ref('int_setting_versions') }}
    where kind = 'working_day'
)

select * from final
