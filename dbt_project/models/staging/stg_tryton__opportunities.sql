-- Opportunities of Tryton as versions.
with records as (
    select
        record_id,
        load_id,
        {{ json_text('record', 'party') }} as account_id,
        {{ json_text('record', 'employee') }} as owner_id,
        {{ json_text('record', 'company') }} as company_id,
        {{ json_text('record', 'number') }} as number,
        {{ json_name('record', 'description') }} as name,
        {{ json_text('record', 'state') }} as stage_value,
        {{ json_text('record', 'currency.code') }} as currency,
        {{ number_of(json_text('record', 'amount')) }} as original_net_amount,
        coalesce({{ flag_of(json_text('record', 'is_deleted')) }}, false) as is_deleted,
        {{ date_of_iso(json_text('record', 'start_date')) }} as started_on,
        {{ date_of_iso(json_text('record', 'end_date')) }} as expected_close_on,
        {{ instant_of_iso(json_text('record', 'create_date')) }} as created_at,
        changed_at,
        known_at
    from {{ source('landing', 'tryton__opportunities') }}
    where known_at <= {{ as_of_cutoff() }} and {{ among_changed('tryton__opportunities', 'record_id') }}
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
        company_id,
        number,
        name,
        stage_value,
        currency,
        original_net_amount,
        is_deleted,
        is_late,
        started_on,
        expected_close_on,
        created_at,
        changed_at,
        valid_from,
        valid_to
    from versions
)

select * from final
