-- Follow-ups of DingTalk and messages of WeCom's archive with the company that the platform names, as known the night that brought them.
with follow_ups as (
    select
        'dingtalk' as system, 'follow_up' as kind_value, cast(null as text) as direction,
        follow_ups.follow_up_id as interaction_id, customers.name as company_name,
        follow_ups.occurred_at, follow_ups.valid_from, follow_ups.valid_to
    from {{ ref('stg_dingtalk__follow_ups') }} as follow_ups
    left join {{ ref('stg_dingtalk__customers') }} as customers
        on
            follow_ups.customer_id = customers.customer_id and {{ known('customers', 'follow_ups.valid_from') }}
            and not customers.is_late and not customers.is_deleted
    where
        not follow_ups.is_late and not follow_ups.is_deleted and follow_ups.valid_from < follow_ups.valid_to
        and follow_ups.occurred_at is not null
),

messages as (
    select
        'wecom' as system, 'archive_message' as kind_value, messages.direction,
        messages.message_id as interaction_id, coalesce(contacts.company_name, relations.company_name) as company_name,
        messages.occurred_at, messages.valid_from, messages.valid_to
    from {{ ref('stg_wecom__archive_messages') }} as messages
    left join {{ ref('stg_wecom__contacts') }} as contacts
        on
            messages.contact_id = contacts.contact_id and {{ known('contacts', 'messages.valid_from') }}
            and not contacts.is_late and not contacts.is_deleted
    left join {{ ref('stg_wecom__follow_relations') }} as relations
        on
            messages.member_id = relations.member_id and messages.contact_id = relations.contact_id
            and {{ known('relations', 'messages.valid_from') }} and not relations.is_late and not relations.is_deleted
    where
        not messages.is_late and not messages.is_deleted and messages.valid_from < messages.valid_to
        and messages.occurred_at is not null
),

both_platforms as (
    select * from follow_ups
    union all
    select * from messages
),

final as (
    select
        *,
        {{ company_key('company_name') }} as full_key,
        {{ company_key('company_name', is_short=true) }} as short_key
    from both_platforms
)

select * from final
