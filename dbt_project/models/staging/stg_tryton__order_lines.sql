-- Lines of Tryton's orders as versions.
with records as (
    select
        record_id,
        load_id,
        {{ json_text('record', 'sale') }} as order_id,
        {{ json_text('record', 'product') }} as product_id,
        {{ json_text('record', 'type') }} as line_type,
        {{ number_of(json_text('record', 'quantity'), 'numeric(18, 4)') }} as quantity,
        {{ number_of(json_text('record', 'unit_price'), 'numeric(18, 4)') }} as original_unit_net_amount,
        {{ number_of(json_text('record', 'amount')) }} as original_net_amount,
        coalesce({{ flag_of(json_text('record', 'is_deleted')) }}, false) as is_deleted,
        changed_at,
        known_at
    from {{ source('landing', 'tryton__order_lines') }}
    where known_at <= {{ as_of_cutoff() }} and {{ among_changed('tryton__order_lines', 'record_id') }}
),

versions as (
    {{ versions_of('records') }}
),

final as (
    select
        record_id as order_line_id,
        load_id,
        order_id,
        product_id,
        line_type,
        quantity,
        original_unit_net_amount,
        original_net_amount,
        is_deleted,
        is_late,
        changed_at,
        valid_from,
        valid_to
    from versions
)

select * from final
