-- Leads of the CRM as versions.
with records as (
    select
        record_id,
        load_id,
        {{ json_first('record', 'account_id') }} as account_id,
        {{ json_first('record', 'new_opportunity_id') }} as opportunity_id,
        {{ json_first('record', 'owner') }} as owner_id,
        {{ json_text('record', 'channel_lead_id__c') }} as channel_lead_id,
        {{ json_name('record', 'company') }} as company_name,
        {{ json_text('record', 'source') }} as lead_source,
        {{ json_text('record', 'industry') }} as industry,
        {{ json_text('record', 'form_kind__c') }} as form_kind,
        {{ json_text('record', 'biz_status') }} as biz_status,
        {{ json_text('record', 'leads_stage') }} as lead_stage,
        {{ json_text('record', 'life_status') }} as life_status,
        {{ json_token('record', 'mobile') }} as phone_token,
        {{ number_of(json_text('record', 'web_visits__c'), 'integer') }} as web_visits_count,
        {{ flag_of(json_text('record', 'is_duplicated')) }} as is_duplicated,
        coalesce({{ flag_of(json_text('record', 'is_deleted')) }}, false) as is_deleted,
        {{ instant_of_ms(json_text('record', 'create_time')) }} as created_at,
        {{ instant_of_ms(json_text('record', 'assigned_time')) }} as assigned_at,
        {{ instant_of_ms(json_text('record', 'transformed_time__c')) }} as converted_at,
        changed_at,
        known_at
    from {{ source('landing', 'fxiaoke__leads') }}
    where known_at <= {{ as_of_cutoff() }} and {{ among_changed('fxiaoke__leads', 'record_id') }}
),

versions as (
    {{ versions_of('records') }}
),

final as (
    select
        record_id as lead_id,
        load_id,
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
        life_status,
        phone_token,
        web_visits_count,
        is_duplicated,
        is_deleted,
        is_late,
        created_at,
        assigned_at,
        converted_at,
        changed_at,
        valid_from,
        valid_to
    from versions
)

select * from final
