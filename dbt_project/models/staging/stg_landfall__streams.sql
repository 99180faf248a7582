-- The streams that the tenant's systems have, and how old what was read of each may grow.
with final as (
    select
        system,
        stream,
        is_required,
        cast(extract(epoch from max_age) / 3600 as integer) as max_age_hours
    from {{ source('ops', 'streams') }}
)

select * from final
