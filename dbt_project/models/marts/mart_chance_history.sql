{%- set friday %}{{ as_of() }} - (cast(extract(isodow from {{ as_of() }}) as integer) + 1) % 7 - 1{% endset -%}
-- How the chance of each open deal moved: as published on the last 14 days and on the Mondays of the last 13 weeks, and of this build.
with deals as (
    select opportunity_id, owner_id, team_id, region_id from {{ ref('mart_open_opportunities') }}
),

published as (
    select build_id, as_of, row_number() over (partition by as_of order by first_publication_id desc) as age
    from {{ ref('stg_landfall__builds') }}
    where {{ before_this_build('first_publication_id') }} and not coalesce(is_hindsight, false) and as_of < {{ as_of() }}
),

shown as (
    select build_id, as_of <= {{ friday }} and as_of = max(case when as_of <= {{ friday }} then as_of end) over () as is_last_friday
    from published
    where
        age = 1
        and (as_of > {{ as_of() }} - 14 or (as_of > {{ as_of() }} - 91 and cast(date_trunc('week', as_of) as date) = as_of))
    union all
    select {{ build_id() }} as build_id, false as is_last_friday
),

final as (
    select
        {{ build_id() }} as build_id,
        scores.opportunity_id,
        deals.owner_id,
        deals.team_id,
        deals.region_id,
        scores.model_version,
        scores.p_win_by_period_end,
        scores.p_win_ever,
        shown.is_last_friday,
        scores.as_of as day,
        {{ as_of() }} as as_of
    from {{ ref('stg_landfall__opportunity_scores') }} as scores
    inner join shown on scores.build_id = shown.build_id
    inner join deals on scores.opportunity_id = deals.opportunity_id
)

select * from final
