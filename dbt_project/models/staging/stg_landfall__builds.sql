-- Builds with the place of their first publication in the order of publications, and its instant; null while unpublished.
with publications as (
    select
        build_id,
        min(publication_id) as first_publication_id,
        min(published_at) as first_published_at
    from {{ source('ops', 'publications') }}
    where kind = 'publish'
    group by build_id
),

final as (
    select
        builds.build_id,
        builds.model_version,
        builds.lead_model_version,
        builds.inputs_digest,
        builds.code_version,
        publications.first_publication_id,
        builds.stale_inputs,
        builds.is_hindsight,
        builds.as_of,
        publications.first_published_at
    from {{ source('ops', 'builds') }} as builds
    left join publications on builds.build_id = publications.build_id
)

select * from final
