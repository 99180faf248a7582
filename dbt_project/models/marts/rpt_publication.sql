-- The publish log: what people were shown on which day, by which build and model, and how much was read and set aside for it.
with builds as (
    select * from {{ ref('stg_landfall__builds') }}
    where {{ before_this_build('first_publication_id') }} and as_of between {{ as_of() }} - 91 and {{ as_of() }} - 1
),

walks as (
    select as_of, sum(received) as received, sum(landed) as landed, sum(quarantined) as quarantined from {{ ref('stg_landfall__loads') }}
    group by as_of
),

final as (
    select
        {{ build_id() }} as build_id,
        builds.build_id as published_build_id,
        builds.model_version,
        cast(builds.first_publication_id as integer) as publication_number,
        cast(walks.received as integer) as received_count,
        cast(walks.landed as integer) as landed_count,
        cast(walks.quarantined as integer) as quarantined_count,
        coalesce(builds.is_hindsight, false) as is_hindsight,
        builds.as_of as published_for,
        {{ as_of() }} as as_of
    from builds
    left join walks on builds.as_of = walks.as_of
)

select * from final
