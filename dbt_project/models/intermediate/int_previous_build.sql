-- The build that readers saw last before this day: the newest publication of an earlier business day; no row on the first night. What was
-- published after this build is left out, so that the build made again finds the same.
with published as (
    select
        build_id,
        as_of,
        row_number() over (order by as_of desc, first_publication_id desc) as age
    from {{ ref('stg_landfall__builds') }}
    where as_of < {{ as_of() }} and {{ before_this_build('first_publication_id') }}
),

final as (
    select build_id, as_of from published
    where age = 1
)

select * from final
