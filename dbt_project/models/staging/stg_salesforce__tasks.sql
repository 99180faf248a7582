-- Tasks of Salesforce as versions.
with records as (
    select
        record_id,
        load_id,
        case when {{ json_text('record', 'WhatId') }} like '006%' then {{ json_text('record', 'WhatId') }} end as opportunity_id,
        case when {{ json_text('record', 'WhatId') }} like '001%' then {{ json_text('record', 'WhatId') }} end as account_id,
        {{ json_text('record', 'OwnerId') }} as owner_id,
        {{ json_text('record', 'TaskSubtype') }} as kind_value,
        case {{ json_text('record', 'CallType') }} when 'Inbound' then 'in' when 'Outbound' then 'out' end as direction,
        coalesce({{ flag_of(json_text('record', 'is_deleted')) }}, false) as is_deleted,
        {{ instant_of_iso(json_text('record', 'CompletedDateTime')) }} as occurred_at,
        {{ instant_of_iso(json_text('record', 'CreatedDate')) }} as created_at,
        changed_at,
        known_at
    from {{ source('landing', 'salesforce__tasks') }}
    where known_at <= {{ as_of_cutoff() }} and {{ among_changed('salesforce__tasks', 'record_id') }}
),

versions as (
    {{ versions_of('records') }}
),

final as (
    select
        record_id as interaction_id,
        load_id,
        opportunity_id,
        account_id,
        owner_id,
        kind_value,
        direction,
        is_deleted,
        is_late,
        occurred_at,
        created_at,
        changed_at,
        valid_from,
        valid_to
    from versions
)

select * from final
