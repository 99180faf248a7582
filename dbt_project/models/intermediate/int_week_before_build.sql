-- The build that readers saw a week ago, or on the nearest day to it at most two days off, within the present period; no row where none was
-- published then. Neither what was made in hindsight nor what was published after this build.
with published as (
    select
        builds.build_id,
        builds.as_of,
        row_number() over (
            order by abs(builds.as_of - ({{ as_of() }} - 7)), builds.as_of, builds.first_publication_id desc
        ) as age
    from {{ ref('stg_landfall__builds') }} as builds
    inner join {{ ref('int_review_periods') }} as periods on periods.period_kind = 'current' and builds.as_of >= periods.starts_on
    where
        builds.as_of between {{ as_of() }} - 9 and {{ as_of() }} - 5
        and {{ before_this_build('builds.first_publication_id') }} and not coalesce(builds.is_hindsight, false)
),

final as (
    select build_id, as_of from published
    where age = 1
)

select * from final
