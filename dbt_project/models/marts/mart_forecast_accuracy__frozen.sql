{%- set weeks = {'day_1': 0, 'week_2': 2, 'week_4': 4, 'week_8': 8, 'last_week': 12} %}
-- The build that stood published on each day on which a closed period's forecast is frozen.
with periods as (
    select period_id, starts_on, ends_on, ends_on + {{ var('actuals_after_days') }} as final_on
    from {{ ref('int_review_periods') }}
    where ends_on + {{ var('actuals_after_days') }} <= {{ as_of() }}
),

shares as (
    select
        periods.*, days.day,
        sum({{ when('days.is_working_day') }}) over (partition by periods.period_id order by days.day) as elapsed_count,
        sum({{ when('days.is_working_day') }}) over (partition by periods.period_id) as working_days_count
    from periods
    inner join {{ ref('int_days_as_of') }} as days on days.day between periods.starts_on and periods.ends_on
),

-- Week n of 13: the day by whose end n thirteenths of the period's working days have passed, so that holidays do not shift a horizon.
freezes as (
    {% for horizon, week in weeks.items() -%}
    select period_id, starts_on, ends_on, final_on, '{{ horizon }}' as horizon, min(day) as frozen_on from shares
    where elapsed_count * 13 >= working_days_count * {{ week }}
    group by period_id, starts_on, ends_on, final_on
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

-- The official build of a day is the one published last for it, before this build; one that was made in hindsight forecast nothing.
published as (
    select build_id, model_version, as_of, row_number() over (partition by as_of order by first_publication_id desc) as age
    from {{ ref('stg_landfall__builds') }}
    where {{ before_this_build('first_publication_id') }} and not coalesce(is_hindsight, false)
),

-- A night may be missing: up to a week back, never into the period before.
frozen as (
    select
        freezes.period_id, freezes.horizon, published.build_id as frozen_build_id, published.model_version, published.as_of as frozen_as_of,
        freezes.starts_on, freezes.ends_on, freezes.final_on, freezes.frozen_on,
        row_number() over (partition by freezes.period_id, freezes.horizon order by published.as_of desc) as age
    from freezes
    inner join published
        on published.age = 1 and published.as_of between greatest(freezes.frozen_on - 6, freezes.starts_on) and freezes.frozen_on
),

final as (
    select period_id, horizon, frozen_build_id, model_version, starts_on, ends_on, final_on, frozen_as_of, frozen_on from frozen
    where age = 1
)

select * from final
