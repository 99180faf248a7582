-- Every open lead of the day with its chance to be converted before it is 90 days old, why, and its place on its owner's list.
with spine as (
    select * from {{ ref('int_open_leads_as_of') }}
    where as_of_date = {{ as_of() }}
),

scores as (
    select * from {{ ref('stg_landfall__lead_scores') }}
    where build_id = {{ build_id() }}
),

people as (
    select person_id, name from {{ ref('int_person_versions') }} as versions
    where {{ known('versions', as_of_cutoff()) }} and not is_late and not is_deleted
),

ranked as (
    select
        spine.lead_id,
        cast(
            row_number() over (partition by spine.owner_id order by scores.p_convert_90d desc nulls last, spine.lead_id asc) as integer
        ) as owner_rank
    from spine
    left join scores on spine.lead_id = scores.lead_id
),

final as (
    select
        {{ build_id() }} as build_id,
        spine.lead_id,
        spine.system,
        spine.owner_id,
        people.name as owner_name,
        spine.company_name,
        spine.lead_source,
        spine.industry,
        spine.biz_status,
        spine.lead_stage,
        {{ band_of('scores.p_convert_90d', 'lead_band') }} as band,
        scores.tier,
        scores.model_version,
        scores.reason_text,
        scores.reason_keys,
        scores.reasons,
        scores.p_convert_90d,
        spine.age_days,
        case when scores.p_convert_90d is not null then ranked.owner_rank end as owner_rank,
        spine.as_of_date as as_of,
        spine.created_at
    from spine
    left join scores on spine.lead_id = scores.lead_id
    left join people on spine.owner_id = people.person_id
    left join ranked on spine.lead_id = ranked.lead_id
)

select * from final
