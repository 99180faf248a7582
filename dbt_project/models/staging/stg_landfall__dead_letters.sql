-- Records that the CRM refused night after night, with the build of the last refusal and the newest publication when they were released.
with final as (
    select
        dead_letter_id,
        entity,
        record_id,
        build_id,
        error_code,
        nights_count,
        released_behind_publication
    from {{ source('ops', 'dead_letters') }}
)

select * from final
