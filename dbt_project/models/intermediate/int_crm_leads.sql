-- The leads that the CRMs hold at the end of the day; what they deleted or laid in their bin is not there.
with fxiaoke as (
    select
        lead_id, account_id, opportunity_id, owner_id, channel_lead_id, company_name, lead_source, biz_status, lead_stage, phone_token,
        created_at, assigned_at, converted_at
    from {{ ref('stg_fxiaoke__leads') }} as versions
    where {{ known('versions', as_of_cutoff()) }} and not is_late and not is_deleted and coalesce(life_status, 'normal') = 'normal'
),

salesforce as (
    select
        lead_id, account_id, opportunity_id, owner_id, cast(null as text) as channel_lead_id, company_name, lead_source,
        status_value as biz_status, cast(null as text) as lead_stage, phone_token,
        created_at, cast(null as timestamptz) as assigned_at, {{ instant_of_local_midnight('converted_on') }} as converted_at
    from {{ ref('stg_salesforce__leads') }} as versions
    where {{ known('versions', as_of_cutoff()) }} and not is_late and not is_deleted
),

final as (
    select * from fxiaoke
    union all
    select * from salesforce
)

select * from final
