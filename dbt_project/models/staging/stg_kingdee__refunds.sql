-- Refunds to customers, one entry a row, as versions.
with records as (
    select
        record_id,
        load_id,
        {{ json_text('record', 'FID') }} as refund_id,
        {{ json_text('record', 'FBillNo') }} as refund_number,
        {{ json_text('record', 'FCONTACTUNIT.FNumber') }} as customer_number,
        {{ json_name('record', 'FCONTACTUNIT.FName') }} as customer_name,
        {{ json_text('record', 'FCURRENCYID.FCODE') }} as currency,
        {{ json_text('record', 'FSETTLETYPEID.FNumber') }} as settlement_number,
        {{ json_text('record', 'FDOCUMENTSTATUS') }} as document_status,
        {{ number_of(json_text('record', 'FREFUNDAMOUNTFOR_E')) }} as original_gross_amount,
        {{ number_of(json_text('record', 'FREFUNDAMOUNT_E')) }} as gross_amount,
        coalesce({{ flag_of(json_text('record', 'is_deleted')) }}, false) as is_deleted,
        {{ date_of_iso(json_text('record', 'FDATE')) }} as refunded_on,
        {{ date_of_iso(json_text('record', 'FApproveDate')) }} as approved_on,
        changed_at,
        known_at
    from {{ source('landing', 'kingdee__refunds') }}
    where known_at <= {{ as_of_cutoff() }} and {{ among_changed('kingdee__refunds', 'record_id') }}
),

versions as (
    {{ versions_of('records') }}
),

final as (
    select
        record_id as refund_line_id,
        load_id,
        refund_id,
        refund_number,
        customer_number,
        customer_name,
        currency,
        settlement_number,
        document_status,
        original_gross_amount,
        gross_amount,
        is_deleted,
        is_late,
        refunded_on,
        approved_on,
        changed_at,
        valid_from,
        valid_to
    from versions
)

select * from final
