-- Customers of DingTalk as versions.
with records as (
    select
        record_id,
        load_id,
        case when {{ json_token('record', 'customer_name') }} is null then {{ json_name('record', 'customer_name') }} end as name,
        {{ json_text('record', 'creatorUserId') }} as creator_id,
        {{ json_first('record', 'ownerStaffIds') }} as owner_id,
        coalesce({{ flag_of(json_text('record', 'is_deleted')) }}, false) as is_deleted,
        changed_at,
        known_at
    from {{ source('landing', 'dingtalk__customers') }}
    where known_at <= {{ as_of_cutoff() }} and {{ among_changed('dingtalk__customers', 'record_id') }}
),

versions as (
    {{ versions_of('records') }}
),

final as (
    select
        record_id as customer_id,
        load_id,
        creator_id,
        owner_id,
        name,
        is_deleted,
        is_late,
        changed_at,
        valid_from,
        valid_to
    from versions
)

select * from final
