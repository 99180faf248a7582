-- Leads of Salesforce as versions.
with records as (
    select
        record_id,
        load_id,
        {{ json_text('record', 'ConvertedAccountId') }} as account_id,
        {{ json_text('record', 'ConvertedOpportunityId') }} as opportunity_id,
        {{ json_text('record', 'OwnerId') }} as owner_id,
        {{ json_text('record', 'MasterRecordId') }} as merged_into_id,
        {{ json_name('record', 'Company') }} as company_name,
        {{ json_text('record', 'LeadSource') }} as lead_source,
        {{ json_text('record', 'Industry') }} as industry,
        {{ json_text('record', 'Status') }} as status_value,
        {{ json_token('record', 'MobilePhone') }} as phone_token,
        {{ flag_of(json_text('record', 'IsConverted')) }} as is_converted,
        coalesce({{ flag_of(json_text('record', 'is_deleted')) }}, false) as is_deleted,
        {{ date_of_iso(json_text('record', 'ConvertedDate')) }} as converted_on,
        {{ instant_of_iso(json_text('record', 'CreatedDate')) }} as created_at,
        changed_at,
        known_at
    from {{ source('landing', 'salesforce__leads') }}
    where known_at <= {{ as_of_cutoff() }} and {{ among_changed('salesforce__leads', 'record_id') }}
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
        merged_into_id,
        company_name,
        lead_source,
        industry,
        status_value,
        phone_token,
        is_converted,
        is_deleted,
        is_late,
        converted_on,
        created_at,
        changed_at,
        valid_from,
        valid_to
    from versions
)

select * from final
