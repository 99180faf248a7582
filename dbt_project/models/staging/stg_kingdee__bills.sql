-- Bills received from customers (应收票据), as versions.
with records as (
    select
        record_id,
        load_id,
        {{ json_text('record', 'FBILLNUMBER') }} as bill_number,
        {{ json_text('record', 'FBILLTYPE') }} as bill_kind,
        {{ json_text('record', 'FBILLSTATUS') }} as bill_status,
        {{ json_text('record', 'FDOCUMENTSTATUS') }} as document_status,
        {{ json_text('record', 'FSOURCEBILLNO') }} as receipt_number,
        {{ json_text('record', 'FCONTACTUNIT.FNumber') }} as customer_number,
        {{ json_text('record', 'FCURRENCYID.FCODE') }} as currency,
        {{ number_of(json_text('record', 'FPARAMOUNTFOR')) }} as original_gross_amount,
        {{ number_of(json_text('record', 'FPARAMOUNT')) }} as gross_amount,
        coalesce({{ flag_of(json_text('record', 'is_deleted')) }}, false) as is_deleted,
        {{ date_of_iso(json_text('record', 'FISSUEDATE')) }} as issued_on,
        {{ date_of_iso(json_text('record', 'FDUEDATE')) }} as matures_on,
        {{ date_of_iso(json_text('record', 'FSTATUSDATE')) }} as status_on,
        changed_at,
        known_at
    from {{ source('landing', 'kingdee__bills') }}
    where known_at <= {{ as_of_cutoff() }} and {{ among_changed('kingdee__bills', 'record_id') }}
),

versions as (
    {{ versions_of('records') }}
),

final as (
    select
        record_id as bill_id,
        load_id,
        bill_number,
        bill_kind,
        bill_status,
        document_status,
        receipt_number,
        customer_number,
        currency,
        original_gross_amount,
        gross_amount,
        is_deleted,
        is_late,
        issued_on,
        matures_on,
        status_on,
        changed_at,
        valid_from,
        valid_to
    from versions
)

select * from final
