-- When readers were taken to another build by hand: from which, to which, and who asked for it.
with rollbacks as (
    select * from {{ ref('stg_landfall__publications') }}
    where kind = 'rollback' and {{ before_this_build('publication_id') }} and as_of between {{ as_of() }} - 91 and {{ as_of() }}
),

final as (
    select
        {{ build_id() }} as build_id,
        cast(rollbacks.publication_id as integer) as publication_number,
        rollbacks.from_build_id,
        rollbacks.build_id as to_build_id,
        rollbacks.done_by,
        left_builds.as_of as from_day,
        rollbacks.as_of as to_day,
        {{ as_of() }} as as_of,
        rollbacks.published_at as rolled_back_at
    from rollbacks
    left join {{ ref('stg_landfall__builds') }} as left_builds on rollbacks.from_build_id = left_builds.build_id
)

select * from final
