-- Whether a lead was converted before it was 90 days old, as known on the day of this run; null while that is not decided for all of its age.
with told as (
    select lead_id, min(valid_from) as known_at from {{ ref('int_lead_versions') }}
    where is_converted and valid_from <= {{ as_of_cutoff() }}
    group by lead_id
),

leads as (
    select
        versions.lead_id, versions.created_on,
        -- a CRM that keeps no time of conversion tells its day by the night that brought it
        case
            when versions.is_converted
                then coalesce({{ business_day('versions.converted_at') }}, {{ business_day("told.known_at - interval '1 second'") }})
        end as converted_on
    from {{ ref('int_lead_versions') }} as versions
    left join told on versions.lead_id = told.lead_id
    where {{ known('versions', as_of_cutoff()) }} and not versions.is_withdrawn and versions.created_at < {{ as_of_cutoff() }}
),

answered as (
    select *, converted_on is not null and converted_on < created_on + 90 as is_within from leads
),

final as (
    select
        lead_id,
        case when created_on + 90 <= {{ as_of() }} then is_within end as is_converted,
        created_on,
        converted_on,
        case when is_within then converted_on else created_on + 90 end as closed_on,
        -- a quick conversion says nothing of the others created that day: the answer is known when it is due for all of them
        created_on + 90 as answer_known_on
    from answered
)

select * from final
