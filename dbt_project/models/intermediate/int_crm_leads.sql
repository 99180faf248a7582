-- The leads that the CRM holds at the end of the day; what it deleted or laid in its bin is not there.
with final as (
    select
        lead_id,
        account_id,
        opportunity_id,
        owner_id,
        channel_lead_id,
        company_name,
        lead_source,
        biz_status,
        lead_stage,
        phone_token,
        created_at,
        assigned_at,
        converted_at
    from {{ ref('stg_fxiaoke__leads') }} as versions
    where {{ known('versions', as_of_cutoff()) }} and not is_late and not is_deleted and coalesce(life_status, 'normal') = 'normal'
)

select * from final
