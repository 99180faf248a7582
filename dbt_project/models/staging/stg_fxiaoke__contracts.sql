-- Contracts of the CRM as versions; a voided one counts as deleted.
with records as (
    select
        record_id as contract_id,
        load_id,
        {{ json_text('record', 'new_opportunity_id') }} as opportunity_id,
        {{ json_first('record', 'owner') }} as owner_id,
        {{ json_text('record', 'name') }} as contract_number,
        {{ json_text('record', 'currency__c') }} as currency,
        {{ number_of(json_text('record', 'contract_amount')) }} as original_gross_amount,
        coalesce({{ flag_of(json_text('record', 'is_deleted')) }}, false)
        or coalesce({{ json_text('record', 'life_status') }}, 'normal') <> 'normal' as is_deleted,
        {{ business_day(instant_of_ms(json_text('record', 'confirm_time'))) }} as signed_on,
        changed_at,
        known_at
    from {{ source('landing', 'fxiaoke__contracts') }}
    where known_at <= {{ as_of_cutoff() }} and {{ among_changed('fxiaoke__contracts', 'record_id') }}
),

versions as (
    {{ versions_of('records', key='contract_id') }}
)

select * from versions
