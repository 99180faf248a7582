-- The leads that the CRMs hold at the end of the day; what they deleted or laid in their bin is not there.
with final as (
    select
        lead_id, account_id, opportunity_id, owner_id, channel_lead_id, company_name, lead_source, biz_status, lead_stage, phone_token,
        created_at, assigned_at, converted_at
    from {{ ref('int_lead_versions') }} as versions
    where {{ known('versions', as_of_cutoff()) }} and not is_withdrawn
)

select * from final
