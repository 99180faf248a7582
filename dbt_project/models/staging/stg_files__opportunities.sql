-- Opportunities from mapped files as versions.
with records as (
    select
        record_id,
        load_id,
        {{ json_text('record', 'account_id') }} as account_id,
        {{ json_text('record', 'owner_id') }} as owner_id,
        {{ json_name('record', 'name') }} as name,
        {{ json_name('record', 'account_name') }} as account_name,
        {{ json_text('record', 'sales_process') }} as sales_process,
        {{ json_text('record', 'stage') }} as stage_value,
        {{ json_text('record', 'currency') }} as currency,
        {{ json_text('record', 'product_line') }} as product_line,
        {{ json_text('record', 'lead_source') }} as lead_source,
        {{ number_of(json_text('record', 'amount')) }} as original_amount,
        {{ flag_of(json_text('record', 'is_renewal')) }} as is_renewal,
        coalesce({{ flag_of(json_text('record', 'is_deleted')) }}, false) as is_deleted,
        {{ date_of_iso(json_text('record', 'expected_close_on')) }} as expected_close_on,
        {{ instant_of_iso(json_text('record', 'closed_at')) }} as closed_at,
        {{ instant_of_iso(json_text('record', 'created_at')) }} as created_at,
        changed_at,
        known_at
    from {{ source('landing', 'files__opportunities') }}
    where known_at <= {{ as_of_cutoff() }} and {{ among_changed('files__opportunities', 'record_id') }}
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
        account_name,
        sales_process,
        stage_value,
        currency,
        product_line,
        lead_source,
        original_amount,
        is_renewal,
        is_deleted,
        is_late,
        expected_close_on,
        closed_at,
        created_at,
        changed_at,
        valid_from,
        valid_to
    from versions
)

select * from final
