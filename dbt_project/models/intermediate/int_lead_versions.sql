-- Leads of all CRMs as versions, in one vocabulary: what each says of itself and whether it is still open.
with fxiaoke as (
    select
        'fxiaoke' as system,
        lead_id, account_id, opportunity_id, owner_id, channel_lead_id, company_name, lead_source, industry, form_kind, biz_status,
        lead_stage, phone_token, web_visits_count, is_duplicated,
        is_deleted or coalesce(life_status, 'normal') <> 'normal' as is_withdrawn,
        created_at, assigned_at, converted_at, valid_from, valid_to
    from {{ ref('stg_fxiaoke__leads') }}
    where not is_late and {{ among_changed('stg_fxiaoke__leads', 'lead_id') }}
),

salesforce as (
    select
        'salesforce' as system,
        lead_id, account_id, opportunity_id, owner_id, cast(null as text) as channel_lead_id, company_name, lead_source, industry,
        cast(null as text) as form_kind, status_value as biz_status, cast(null as text) as lead_stage, phone_token,
        cast(null as integer) as web_visits_count, cast(null as boolean) as is_duplicated,
        is_deleted as is_withdrawn,
        created_at, cast(null as timestamptz) as assigned_at, {{ instant_of_local_midnight('converted_on') }} as converted_at,
        valid_from, valid_to
    from {{ ref('stg_salesforce__leads') }}
    where not is_late and {{ among_changed('stg_salesforce__leads', 'lead_id') }}
),

versions as (
    select * from fxiaoke
    union all
    select * from salesforce
),

final as (
    select
        system,
        lead_id,
        account_id,
        opportunity_id,
        owner_id,
        channel_lead_id,
        company_name,
        lead_source,
        industry,
        form_kind,
        biz_status,
        lead_stage,
        phone_token,
        web_visits_count,
        is_duplicated,
        is_withdrawn,
        converted_at is not null or opportunity_id is not null as is_converted,
        -- the CRMs' own words for a lead that nobody follows any more
        lower(coalesce(biz_status, '')) like 'closed%' or lower(coalesce(biz_status, '')) = 'unqualified' as is_closed,
        {{ business_day('created_at') }} as created_on,
        created_at,
        assigned_at,
        converted_at,
        valid_from,
        valid_to
    from versions
    where valid_from < valid_to
)

select * from final
