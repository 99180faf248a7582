-- Accounts of Salesforce as versions.
with records as (
    select
        record_id,
        load_id,
        {{ json_text('record', 'MasterRecordId') }} as merged_into_id,
        {{ json_name('record', 'Name') }} as name,
        {{ json_text('record', 'Industry') }} as industry,
        coalesce({{ flag_of(json_text('record', 'is_deleted')) }}, false) as is_deleted,
        changed_at,
        known_at
    from {{ source('landing', 'salesforce__accounts') }}
    where known_at <= {{ as_of_cutoff() }} and {{ among_changed('salesforce__accounts', 'record_id') }}
),

versions as (
    {{ versions_of('records') }}
),

final as (
    select
        record_id as account_id,
        load_id,
        merged_into_id,
        name,
        industry,
        is_deleted,
        is_late,
        changed_at,
        valid_from,
        valid_to
    from versions
)

select * from final
