-- Contacts that the CRM has noted with a lead, as versions.
with final as (
    select
        interaction_id,
        lead_id,
        direction,
        {{ business_day('occurred_at') }} as occurred_on,
        occurred_at,
        valid_from,
        valid_to
    from {{ ref('stg_fxiaoke__activity_records') }}
    where lead_id is not null and valid_from < valid_to and occurred_at is not null
)

select * from final
