-- Opportunities of Salesforce as versions.
with records as (
    select
        record_id,
        load_id,
        {{ json_text('record', 'AccountId') }} as account_id,
        {{ json_text('record', 'OwnerId') }} as owner_id,
        {{ json_name('record', 'Name') }} as name,
        {{ json_text('record', 'RecordType.DeveloperName') }} as sales_process,
        {{ json_text('record', 'StageName') }} as stage_value,
        {{ json_text('record', 'CurrencyIsoCode') }} as currency,
        {{ json_text('record', 'LeadSource') }} as lead_source,
        {{ json_text('record', 'ForecastCategoryName') }} as forecast_category,
        {{ json_text('record', 'LastModifiedById') }} as changed_by,
        {{ number_of(json_text('record', 'Amount')) }} as original_amount,
        {{ number_of(json_text('record', 'Probability')) }} as rep_probability_percent,
        {{ json_text('record', 'Type') }} = 'Renewal' as is_renewal,
        coalesce({{ flag_of(json_text('record', 'is_deleted')) }}, false) as is_deleted,
        {{ date_of_iso(json_text('record', 'CloseDate')) }} as expected_close_on,
        {{ instant_of_iso(json_text('record', 'LastStageChangeDate')) }} as stage_changed_at,
        {{ instant_of_iso(json_text('record', 'CreatedDate')) }} as created_at,
        changed_at,
        known_at
    from {{ source('landing', 'salesforce__opportunities') }}
    where known_at <= {{ as_of_cutoff() }} and {{ among_changed('salesforce__opportunities', 'record_id') }}
),

versions as (
    {{ versions_of('records') }}
),

final as (
    select
        record_id as opportunity_id,
        load_id,
        account_id,
        owner_id,
        name,
        sales_process,
        stage_value,
        currency,
        lead_source,
        forecast_category,
        changed_by,
        original_amount,
        rep_probability_percent,
        is_renewal,
        is_deleted,
        is_late,
        expected_close_on,
        stage_changed_at,
        created_at,
        changed_at,
        valid_from,
        valid_to
    from versions
)

select * from final
