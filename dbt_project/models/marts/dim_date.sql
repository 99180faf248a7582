-- Each day with its month, quarter and year, whether it is worked, and where it lies to the Spring Festival.
with final as (
    select
        {{ build_id() }} as build_id,
        day,
        month_id,
        quarter_id,
        year_id,
        day_kind,
        holiday_name,
        cast(working_day_number as integer) as working_day_number,
        days_to_spring_festival,
        is_working_day,
        is_announced,
        spring_festival_day_before,
        {{ as_of() }} as as_of
    from {{ ref('int_days_as_of') }}
)

select * from final
