-- Quotes of the CRM as versions; a voided one counts as deleted.
with records as (
    select
        record_id as quote_id,
        load_id,
        {{ json_text('record', 'new_opportunity_id') }} as opportunity_id,
        coalesce({{ flag_of(json_text('record', 'is_deleted')) }}, false)
        or coalesce({{ json_text('record', 'life_status') }}, 'normal') <> 'normal' as is_deleted,
        changed_at,
        known_at
    from {{ source('landing', 'fxiaoke__quotes') }}
    where known_at <= {{ as_of_cutoff() }} and {{ among_changed('fxiaoke__quotes', 'record_id') }}
),

versions as (
    {{ versions_of('records', key='quote_id') }}
)

select * from versions
