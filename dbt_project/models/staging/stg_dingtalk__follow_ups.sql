-- Follow-ups of customers in DingTalk as versions; what they say is not read.
with records as (
    select
        record_id,
        load_id,
        {{ json_text('record', 'followTargetDataId') }} as customer_id,
        {{ json_text('record', 'creatorUserId') }} as creator_id,
        {{ instant_of_ms(json_text('record', 'gmtCreateMilliseconds')) }} as occurred_at,
        coalesce({{ flag_of(json_text('record', 'is_deleted')) }}, false) as is_deleted,
        changed_at,
        known_at
    from {{ source('landing', 'dingtalk__follow_ups') }}
    where known_at <= {{ as_of_cutoff() }} and {{ among_changed('dingtalk__follow_ups', 'record_id') }}
),

versions as (
    {{ versions_of('records') }}
),

final as (
    select
        record_id as follow_up_id,
        load_id,
        customer_id,
        creator_id,
        is_deleted,
        is_late,
        occurred_at,
        changed_at,
        valid_from,
        valid_to
    from versions
)

select * from final
