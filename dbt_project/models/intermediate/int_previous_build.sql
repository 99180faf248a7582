-- The build that readers saw last before this day: the newest publication of an earlier business day; no row on the first night.
with published as (
    select
        build_id,
        as_of,
        row_number() over (order by as_of desc, last_publication_id desc) as age
    from {{ ref('stg_landfall__builds') }}
    where first_publication_id is not null and as_of < {{ as_of() }}
),

final as (
    select build_id, as_of from published
    where age = 1
)

select * from final
