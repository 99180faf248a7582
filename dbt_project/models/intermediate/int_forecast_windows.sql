-- For each forecast day: the current period, earlier quarters cut at the same share of working days, and rolling windows as long as what is left.
with days as (
    select
        as_of_date, cutoff_at, period_id, period_starts_on, period_ends_on,
        period_ends_on - as_of_date as remaining_days,
        cast({{ working_day_number('as_of_date') }} - {{ working_day_number('(period_starts_on - 1)') }} as double precision)
        / ({{ working_day_number('period_ends_on') }} - {{ working_day_number('(period_starts_on - 1)') }}) as elapsed_share
    from {{ ref('int_as_of_days') }}
    where is_forecast_day
),

-- From which day on our data tell of deals, by what was known on each forecast day.
tidings as (
    select valid_from, min({{ business_day('created_at') }}) as first_on from {{ ref('int_opportunity_versions') }}
    group by valid_from
),

first_deals as (
    select days.as_of_date, min(tidings.first_on) as first_on
    from days
    inner join tidings on tidings.valid_from <= days.cutoff_at
    group by days.as_of_date
),

steps as (
    {{ number_series(26) }}
),

quarters as (
    select
        days.as_of_date, days.cutoff_at, days.remaining_days, days.elapsed_share,
        cast(days.period_starts_on - interval '3 months' * steps.n as date) as starts_on,
        cast(days.period_starts_on - interval '3 months' * (steps.n - 1) as date) - 1 as ends_on
    from days
    inner join steps on steps.n between 1 and 12
),

-- The day of an earlier quarter at which the same share of its working days had passed: the first of the days that round to it.
cuts as (
    select
        *,
        {{ working_day_number('(starts_on - 1)') }} as working_days_before,
        cast(round(elapsed_share * ({{ working_day_number('ends_on') }} - {{ working_day_number('(starts_on - 1)') }})) as integer)
            as elapsed_working_days
    from quarters
),

same_share as (
    select
        as_of_date, cutoff_at, starts_on, ends_on,
        -- the date that has the wanted number of working days: whole weeks, then Monday to Friday
        case
            when remaining_days = 0 then ends_on
            else date '1970-01-05' + 7 * ((working_days_before + elapsed_working_days - 1) / 5)
                + (working_days_before + elapsed_working_days - 1) % 5
        end as cut_on
    from cuts
),

windows as (
    select
        as_of_date, cutoff_at, period_id as window_id, 'current' as window_kind, period_id,
        period_starts_on as starts_on, as_of_date as cut_on, period_ends_on as ends_on, remaining_days, false as rest_is_known
    from days
    union all
    select
        as_of_date, cutoff_at, 'period:' || {{ period_id('starts_on') }} as window_id, 'period' as window_kind,
        {{ period_id('starts_on') }} as period_id, starts_on, greatest(cut_on, starts_on - 1) as cut_on, ends_on,
        ends_on - greatest(cut_on, starts_on - 1) as remaining_days, true as rest_is_known
    from same_share
    union all
    select
        days.as_of_date, days.cutoff_at, 'rolling:' || (days.as_of_date - steps.n * days.remaining_days) as window_id,
        'rolling' as window_kind, {{ period_id('(days.as_of_date - steps.n * days.remaining_days)') }} as period_id,
        days.as_of_date - (steps.n + 1) * days.remaining_days + 1 as starts_on,
        days.as_of_date - (steps.n + 1) * days.remaining_days as cut_on,
        days.as_of_date - steps.n * days.remaining_days as ends_on, days.remaining_days, true as rest_is_known
    from days
    inner join steps on steps.n < 26
    where days.remaining_days > 0
),

-- A window is of use only if its cut lies in the time that our data tell of.
final as (
    select windows.* from windows
    left join first_deals on windows.as_of_date = first_deals.as_of_date
    where windows.window_kind = 'current' or windows.cut_on >= first_deals.first_on
)

select * from final
