-- Rows of the history of Salesforce's opportunities as versions.
with records as (
    select
        record_id,
        load_id,
        {{ json_text('record', 'OpportunityId') }} as opportunity_id,
        {{ json_text('record', 'StageName') }} as stage_value,
        {{ json_text('record', 'CurrencyIsoCode') }} as currency,
        {{ json_text('record', 'CreatedById') }} as changed_by,
        {{ number_of(json_text('record', 'Amount')) }} as original_amount,
        coalesce({{ flag_of(json_text('record', 'is_deleted')) }}, false) as is_deleted,
        {{ date_of_iso(json_text('record', 'CloseDate')) }} as expected_close_on,
        {{ instant_of_iso(json_text('record', 'CreatedDate')) }} as occurred_at,
        changed_at,
        known_at
    from {{ source('landing', 'salesforce__stage_changes') }}
    where known_at <= {{ as_of_cutoff() }} and {{ among_changed('salesforce__stage_changes', 'record_id') }}
),

versions as (
    {{ versions_of('records') }}
),

final as (
    select
        record_id as stage_change_id,
        load_id,
        opportunity_id,
        stage_value,
        currency,
        changed_by,
        original_amount,
        is_deleted,
        is_late,
        expected_close_on,
        occurred_at,
        changed_at,
        valid_from,
        valid_to
    from versions
)

select * from final
