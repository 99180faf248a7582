-- Sides of matches (核销) of receivables with receipts, refunds and each other, as versions.
with records as (
    select
        record_id,
        load_id,
        {{ json_text('record', 'FID') }} as match_id,
        {{ json_text('record', 'FBillNo') }} as match_number,
        {{ json_text('record', 'FSOURCEFROMID') }} as form,
        {{ json_text('record', 'FSRCBILLNO') }} as bill_number,
        {{ number_of(json_text('record', 'FCURWRITTENOFFAMOUNTFOR')) }} as matched_original_gross_amount,
        {{ number_of(json_text('record', 'FCURWRITTENOFFAMOUNT')) }} as matched_gross_amount,
        coalesce({{ flag_of(json_text('record', 'is_deleted')) }}, false) as is_deleted,
        {{ date_of_iso(json_text('record', 'FDATE')) }} as matched_on,
        changed_at,
        known_at
    from {{ source('landing', 'kingdee__matches') }}
    where known_at <= {{ as_of_cutoff() }} and {{ among_changed('kingdee__matches', 'record_id') }}
),

versions as (
    {{ versions_of('records') }}
),

final as (
    select
        record_id as match_side_id,
        load_id,
        match_id,
        match_number,
        form,
        bill_number,
        matched_original_gross_amount,
        matched_gross_amount,
        is_deleted,
        is_late,
        matched_on,
        changed_at,
        valid_from,
        valid_to
    from versions
)

select * from final
