-- The leads' spine: every lead that was open and less than 90 days old, as known that day, on the last day of the run and at the ages that
-- train; on every day of a run that takes every day.
with versions as (
    select * from {{ ref('int_lead_versions') }}
    where not is_withdrawn and not is_converted and not is_closed and created_at is not null
),

at_ages as (
    {% for age in var('lead_ages') -%}
    select versions.*, versions.created_on + {{ age }} as as_of_date from versions
    where versions.created_on + {{ age }} between {{ feature_from() }} and {{ feature_to() }}
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

on_days as (
    select versions.*, days.as_of_date
    from versions
    inner join {{ ref('int_as_of_days') }} as days
        on days.as_of_date between versions.created_on and versions.created_on + 89 and {{ known('versions', 'days.cutoff_at') }}
    where {{ var('feature_every_days') }} = 1 or days.as_of_date = {{ feature_to() }}
),

lead_days as (
    select * from at_ages
    where {{ known('at_ages', cutoff('at_ages.as_of_date')) }}
    union
    select * from on_days
),

final as (
    select
        -- one whole number for (lead, day): the features join by it several times
        row_number() over (order by as_of_date, lead_id) as lead_day_id,
        lead_id,
        as_of_date,
        system,
        owner_id,
        channel_lead_id,
        company_name,
        lead_source,
        industry,
        form_kind,
        biz_status,
        lead_stage,
        phone_token,
        web_visits_count,
        as_of_date - created_on as age_days,
        is_duplicated,
        created_at,
        assigned_at,
        valid_from as known_at,
        {{ cutoff('as_of_date') }} as cutoff_at
    from lead_days
    where created_at < {{ cutoff('as_of_date') }}
)

select * from final
