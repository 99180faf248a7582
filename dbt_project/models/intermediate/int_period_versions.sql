-- Months, quarters and years with their first and last day, as the calendar was known.
with days as (
    select * from {{ ref('int_calendar_day_versions') }}
),

final as (
    {% for kind in ['month', 'quarter', 'year'] -%}
    select
        {{ kind }}_id as period_id,
        '{{ kind }}' as period_kind,
        min(day) as starts_on,
        max(day) as ends_on,
        valid_from,
        valid_to
    from days
    group by {{ kind }}_id, valid_from, valid_to
    {{ 'union all' if not loop.last }}
    {% endfor %}
)

select * from final
