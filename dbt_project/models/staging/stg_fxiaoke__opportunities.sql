-- Opportunities of the CRM as versions: one line a field.
with records as (
    select
        record_id as opportunity_id,
        load_id,
        {{ json_first('record', 'account_id') }} as account_id,
        {{ json_first('record', 'owner') }} as owner_id,
        {{ json_name('record', 'name') }} as name,
        {{ json_text('record', 'sales_process_id') }} as sales_process,
        {{ json_text('record', 'sales_stage') }} as stage_value,
        {{ json_text('record', 'currency__c') }} as currency,
        {{ json_text('record', 'product_line__c') }} as product_line,
        {{ json_text('record', 'lead_source__c') }} as lead_source,
        {{ json_text('record', 'life_status') }} as life_status,
        {{ json_text('record', 'contract_no__c') }} as contract_number,
        {{ json_text('record', 'lost_reason__c') }} as lost_reason,
        {{ json_text('record', 'forecast_category__c') }} as forecast_category,
        {{ json_text('record', 'dealer_id__c') }} as dealer_id,
        {{ json_first('record', 'last_modified_by') }} as changed_by,
        {{ number_of(json_text('record', 'amount')) }} as original_amount,
        {{ number_of(json_text('record', 'probability')) }} as rep_probability_percent,
        {{ flag_of(json_text('record', 'is_renewal__c')) }} as is_renewal,
        coalesce({{ flag_of(json_text('record', 'is_deleted')) }}, false) as is_deleted,
        {{ business_day(instant_of_ms(json_text('record', 'close_date'))) }} as expected_close_on,
        {{ business_day(instant_of_ms(json_text('record', 'bid_date__c'))) }} as bid_on,
        {{ business_day(instant_of_ms(json_text('record', 'signed_date__c'))) }} as signed_on,
        {{ instant_of_ms(json_text('record', 'stg_changed_time')) }} as stage_changed_at,
        {{ instant_of_ms(json_text('record', 'create_time')) }} as created_at,
        changed_at,
        known_at
    from {{ source('landing', 'fxiaoke__opportunities') }}
    where known_at <= {{ as_of_cutoff() }} and {{ among_changed('fxiaoke__opportunities', 'record_id') }}
),

versions as (
    {{ versions_of('records', key='opportunity_id') }}
)

select * from versions
