-- The publish log: what people were shown on which day, by which build and model, how much was read and set aside for it, and how long it took.
with published as (
    select * from {{ ref('stg_landfall__builds') }}
    where {{ before_this_build('first_publication_id') }} and as_of <= {{ as_of() }} - 1
),

-- A day may be published more than once: what its steps did before belongs to the build that was shown then.
builds as (
    select
        *,
        lag(first_published_at) over (partition by as_of order by first_publication_id) as earlier_published_at
    from published
),

records as (
    select * from {{ ref('stg_landfall__publications') }}
    where {{ before_this_build('publication_id') }}
),

walks as (
    select as_of, sum(received) as received, sum(landed) as landed, sum(quarantined) as quarantined from {{ ref('stg_landfall__loads') }}
    group by as_of
),

-- Systems are read at the same time: a minute in which two steps ran is one.
runs as (
    select
        builds.build_id,
        runs.started_at,
        least(runs.finished_at, builds.first_published_at) as finished_at,
        max(runs.finished_at) over (
            partition by builds.build_id order by runs.started_at, runs.run_id rows between unbounded preceding and 1 preceding
        ) as busy_until
    from builds
    inner join {{ ref('stg_landfall__step_runs') }} as runs
        on
            builds.as_of = runs.as_of and runs.is_before_publication and runs.started_at < builds.first_published_at
            and (builds.earlier_published_at is null or runs.started_at > builds.earlier_published_at)
),

nights as (
    select
        build_id,
        sum(greatest(extract(epoch from finished_at - greatest(started_at, coalesce(busy_until, started_at))), 0)) as seconds
    from runs
    group by build_id
),

taken_back as (
    select
        from_build_id as build_id,
        count(*) as rollbacks
    from records
    where kind = 'rollback'
    group by from_build_id
),

final as (
    select
        {{ build_id() }} as build_id,
        builds.build_id as published_build_id,
        builds.model_version,
        records.content_digest,
        builds.inputs_digest,
        builds.code_version,
        cast(builds.first_publication_id as integer) as publication_number,
        cast(walks.received as integer) as received_count,
        cast(walks.landed as integer) as landed_count,
        cast(walks.quarantined as integer) as quarantined_count,
        cast(nights.seconds as numeric(12, 1)) as night_seconds,
        cast(coalesce(taken_back.rollbacks, 0) as integer) as rollbacks_count,
        coalesce(builds.is_hindsight, false) as is_hindsight,
        builds.as_of as published_for,
        {{ as_of() }} as as_of,
        builds.first_published_at
    from builds
    inner join records on builds.first_publication_id = records.publication_id
    left join walks on builds.as_of = walks.as_of
    left join nights on builds.build_id = nights.build_id
    left join taken_back on builds.build_id = taken_back.build_id
    where builds.as_of >= {{ as_of() }} - 91
)

select * from final
