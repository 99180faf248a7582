-- The build in one row: what was scored, by which model, from data how fresh, and which build came before. Every reader sees it, so it
-- holds no amount.
with builds as (
    select * from {{ ref('stg_landfall__builds') }}
),

previous as (
    select build_id, as_of from {{ ref('int_previous_build') }}
),

scores as (
    select
        max(tier) as tier,
        max(model_version) as model_version,
        count(*) as scored_count
    from {{ ref('stg_landfall__opportunity_scores') }}
    where build_id = {{ build_id() }}
),

deals as (
    select count(*) as open_count
    from {{ ref('mart_open_opportunities') }}
),

streams as (
    select system, stream, max(read_until) as read_until from {{ ref('int_watermarks_moved') }}
    group by system, stream
),

period as (
    select * from {{ ref('int_review_periods') }}
    where period_kind = 'current'
),

freshness as (
    select {{ json_object_agg("system || '.' || stream", 'read_until') }} as sources from streams
),

final as (
    select
        {{ build_id() }} as build_id,
        previous.build_id as previous_build_id,
        coalesce(scores.model_version, builds.model_version) as model_version,
        scores.tier,
        period.period_id,
        freshness.sources as freshness,
        builds.stale_inputs,
        cast(deals.open_count as integer) as open_count,
        cast(scores.scored_count as integer) as scored_count,
        coalesce(builds.is_hindsight, false) as is_hindsight,
        {{ as_of() }} as as_of,
        previous.as_of as previous_as_of,
        period.starts_on as period_starts_on,
        period.ends_on as period_ends_on,
        {{ as_of_cutoff() }} as cutoff_at
    from deals
    cross join scores
    cross join freshness
    cross join period
    left join builds on builds.build_id = {{ build_id() }}
    left join previous on true
)

select * from final
