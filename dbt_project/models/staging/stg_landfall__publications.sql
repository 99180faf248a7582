-- Every time that readers were given another build to see, in order; of a rollback the build that they saw before, and who asked for it.
with final as (
    select
        publication_id,
        build_id,
        from_build_id,
        kind,
        done_by,
        {{ json_text('manifest', 'sha256') }} as content_digest,
        as_of,
        published_at
    from {{ source('ops', 'publications') }}
)

select * from final
