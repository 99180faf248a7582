-- Versions of models that scored this build or one of the 13 weeks before that people were shown, each with the newest build that it scored.
-- Of the win model and the lead model.
with builds as (
    select
        *,
        build_id = {{ build_id() }} as is_own
    from {{ ref('stg_landfall__builds') }}
    where
        build_id = {{ build_id() }}
        or (as_of between {{ as_of() }} - 91 and {{ as_of() }} and {{ before_this_build('first_publication_id') }})
),

uses as (
    select model_version, build_id, as_of, first_publication_id, is_own from builds
    union all
    select lead_model_version, build_id, as_of, first_publication_id, is_own from builds
),

ranked as (
    select
        *,
        row_number() over (partition by model_version order by is_own desc, as_of desc, first_publication_id desc) as age
    from uses
    where model_version is not null
),

-- Days, not builds: how often a day was made again leaves no trace.
scored as (
    select model_version, count(distinct as_of) as days_count from uses
    group by model_version
),

final as (
    select
        ranked.model_version,
        ranked.build_id as last_build_id,
        scored.days_count,
        ranked.is_own as is_champion,
        ranked.as_of as last_scored_on
    from ranked
    inner join scored on ranked.model_version = scored.model_version
    where ranked.age = 1
)

select * from final
