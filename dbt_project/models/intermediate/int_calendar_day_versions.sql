-- The one place that says in which month, quarter and year a day lies: the rules of setting kind calendar, each from its first day on.
with rules as (
    select
        cast(key as date) as applies_from, calendar_kind, coalesce(id_prefix, '') as id_prefix, year_named_by,
        coalesce(first_month, 1) as first_month, closing_day, valid_from, valid_to
    from {{ ref('int_setting_versions') }}
    where kind = 'calendar'
),

-- The instants between which the same rules were known.
instants as (
    select valid_from as known_from from rules
    union
    select valid_to as known_from from rules
    where valid_to < {{ end_of_time() }}
),

spans as (
    select known_from, coalesce(lead(known_from) over (order by known_from), {{ end_of_time() }}) as known_to from instants
),

-- A rule holds until the next one begins.
applied as (
    select
        spans.known_from, spans.known_to, rules.applies_from, rules.calendar_kind, rules.id_prefix, rules.year_named_by, rules.first_month,
        rules.closing_day,
        coalesce(
            lead(rules.applies_from) over (partition by spans.known_from order by rules.applies_from),
            cast('{{ var("calendar_to") }}' as date) + 1
        ) as applies_before
    from spans
    inner join rules on {{ known('rules', 'spans.known_from') }}
),

series as (
    {{ day_series("'" ~ var('calendar_from') ~ "'", "'" ~ var('calendar_to') ~ "'") }}
),

days as (
    select
        applied.*, series.day,
        cast(extract(year from series.day) as integer) as calendar_year,
        cast(extract(month from series.day) as integer) as calendar_month
    from applied
    inner join series on applied.applies_from <= series.day and series.day < applied.applies_before
),

-- Weeks of 4-4-5: a year begins on the Monday nearest to the first day of its first month.
numbers as (
    {{ number_series(120) }}
),

first_days as (
    select distinct
        applied.first_month,
        1980 + numbers.n as week_year,
        cast((1980 + numbers.n) || '-' || applied.first_month || '-01' as date) as first_day
    from applied
    cross join numbers
    where applied.calendar_kind = 'weeks_4_4_5'
),

week_years as (
    select first_month, week_year, first_day + 3 - (first_day + 3 - date '1970-01-05') % 7 as starts_on from first_days
),

weeks as (
    select
        days.*, week_years.week_year, (days.day - week_years.starts_on) / 7 as week,
        least((days.day - week_years.starts_on) / 91, 3) as quarters_before
    from days
    left join week_years
        on
            days.calendar_kind = 'weeks_4_4_5' and days.first_month = week_years.first_month
            and week_years.starts_on <= days.day and days.day < week_years.starts_on + 371
),

-- The last year that has begun: a year of 52 weeks is over when the next begins.
newest as (
    select *, max(week_year) over (partition by known_from, day) as newest_week_year from weeks
),

-- Months counted from the first of year 0; a month that closes on the 25th has the days after it in the next.
months as (
    select
        *,
        case
            when calendar_kind = 'weeks_4_4_5'
                then
                    12 * week_year + 3 * quarters_before
                    + case when week - 13 * quarters_before < 4 then 0 when week - 13 * quarters_before < 8 then 1 else 2 end
            else
                12 * calendar_year + calendar_month - first_month
                + case when extract(day from day) > closing_day then 1 else 0 end
        end as month_number
    from newest
    where newest_week_year is null or week_year = newest_week_year
),

named as (
    select
        *,
        id_prefix || (month_number / 12 + case when year_named_by = 'end' and first_month > 1 then 1 else 0 end) as year_id,
        month_number % 12 as month_index
    from months
),

labelled as (
    select
        *,
        year_id || 'Q' || (month_index / 3 + 1) as quarter_id,
        year_id || 'M' || substr(cast(month_index + 101 as text), 2) as month_id
    from named
),

final as (
    select
        day,
        month_id,
        quarter_id,
        year_id,
        min(day) over (partition by known_from, quarter_id) as quarter_starts_on,
        max(day) over (partition by known_from, quarter_id) as quarter_ends_on,
        known_from as valid_from,
        known_to as valid_to
    from labelled
)

select * from final
