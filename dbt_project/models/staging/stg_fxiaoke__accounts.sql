-- Accounts of the CRM as versions.
with records as (
    select
        record_id,
        load_id,
        {{ json_text('record', 'merged_into_id__c') }} as merged_into_id,
        {{ json_name('record', 'name') }} as name,
        {{ json_text('record', 'industry') }} as industry,
        {{ json_text('record', 'uniform_social_credit_code__c') }} as credit_code,
        coalesce({{ flag_of(json_text('record', 'is_deleted')) }}, false) as is_deleted,
        changed_at,
        known_at
    from {{ source('landing', 'fxiaoke__accounts') }}
    where known_at <= {{ as_of_cutoff() }} and {{ among_changed('fxiaoke__accounts', 'record_id') }}
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
        credit_code,
        is_deleted,
        is_late,
        changed_at,
        valid_from,
        valid_to
    from versions
)

select * from final
