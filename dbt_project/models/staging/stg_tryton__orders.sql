-- Orders of Tryton as versions.
with records as (
    select
        record_id,
        load_id,
        {{ json_text('record', 'party') }} as account_id,
        {{ json_text('record', 'origin') }} as origin,
        {{ json_text('record', 'company') }} as company_id,
        {{ json_text('record', 'number') }} as number,
        {{ json_text('record', 'state') }} as order_state,
        {{ json_text('record', 'invoice_state') }} as invoice_state,
        {{ json_text('record', 'shipment_state') }} as shipment_state,
        {{ json_text('record', 'currency.code') }} as currency,
        {{ number_of(json_text('record', 'untaxed_amount')) }} as original_net_amount,
        {{ number_of(json_text('record', 'tax_amount')) }} as original_tax_amount,
        {{ number_of(json_text('record', 'total_amount')) }} as original_gross_amount,
        coalesce({{ flag_of(json_text('record', 'is_deleted')) }}, false) as is_deleted,
        {{ date_of_iso(json_text('record', 'sale_date')) }} as ordered_on,
        {{ date_of_iso(json_text('record', 'shipping_date')) }} as deliver_on,
        {{ instant_of_iso(json_text('record', 'create_date')) }} as created_at,
        changed_at,
        known_at
    from {{ source('landing', 'tryton__orders') }}
    where known_at <= {{ as_of_cutoff() }} and {{ among_changed('tryton__orders', 'record_id') }}
),

versions as (
    {{ versions_of('records') }}
),

final as (
    select
        record_id as order_id,
        load_id,
        account_id,
        case when origin like 'sale.opportunity,%' then split_part(origin, ',', 2) end as opportunity_id,
        company_id,
        number,
        order_state,
        invoice_state,
        shipment_state,
        currency,
        original_net_amount,
        original_tax_amount,
        original_gross_amount,
        is_deleted,
        is_late,
        ordered_on,
        deliver_on,
        created_at,
        changed_at,
        valid_from,
        valid_to
    from versions
)

select * from final
