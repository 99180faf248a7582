-- Every contact with a customer that any system knows, with the deal that it concerns where that can be told.
with activities as (
    select
        'fxiaoke' as system,
        interaction_id,
        min(account_id) as account_id,
        min(opportunity_id) as opportunity_id,
        min(owner_id) as owner_id,
        min(kind_value) as kind_value,
        min(direction) as direction,
        case when min(account_id) is null and min(opportunity_id) is null then 'none' else 'record' end as evidence,
        min(occurred_at) as occurred_at,
        valid_from
    from {{ ref('stg_fxiaoke__activity_records') }} as activities
    where {{ known('activities', as_of_cutoff()) }} and occurred_at is not null
    group by interaction_id, valid_from
),

files as (
    select
        'files' as system, interaction_id, cast(null as text) as account_id, opportunity_id, cast(null as text) as owner_id,
        kind_value, direction, 'record' as evidence, occurred_at, valid_from
    from {{ ref('stg_files__interactions') }} as files
    where {{ known('files', as_of_cutoff()) }} and not is_late and not is_deleted and occurred_at is not null
),

tasks as (
    select
        'salesforce' as system, interaction_id, account_id, opportunity_id, owner_id, kind_value, direction,
        case when account_id is null and opportunity_id is null then 'none' else 'record' end as evidence, occurred_at, valid_from
    from {{ ref('stg_salesforce__tasks') }} as tasks
    where {{ known('tasks', as_of_cutoff()) }} and not is_late and not is_deleted and occurred_at is not null
),

messages as (
    select
        system, interaction_id, account_id, opportunity_id, owner_id, kind_value, direction, evidence, occurred_at, valid_from
    from {{ ref('int_messages_matched') }} as messages
    where {{ known('messages', as_of_cutoff()) }}
),

contacts as (
    select * from activities
    union all
    select * from files
    union all
    select * from tasks
    union all
    select * from messages
),

deals as (
    select opportunity_id, account_id, owner_id from {{ ref('int_opportunity_versions') }} as deals
    where {{ known('deals', as_of_cutoff()) }}
),

kinds as (
    select
        split_part(key, '|', 1) as system,
        split_part(key, '|', 2) as kind_value,
        channel,
        valid_from,
        valid_to
    from {{ ref('int_setting_versions') }}
    where kind = 'interaction_kind'
),

final as (
    select
        {{ build_id() }} as build_id,
        contacts.system,
        contacts.interaction_id,
        coalesce(contacts.account_id, deals.account_id) as account_id,
        contacts.opportunity_id,
        coalesce(contacts.owner_id, deals.owner_id) as owner_id,
        coalesce(kinds.channel, 'other') as channel,
        contacts.direction,
        contacts.evidence,
        {{ business_day('contacts.occurred_at') }} as occurred_on,
        contacts.occurred_at,
        contacts.valid_from as known_at
    from contacts
    left join deals on contacts.opportunity_id = deals.opportunity_id
    left join kinds
        on
            contacts.system = kinds.system and contacts.kind_value = kinds.kind_value
            and {{ known('kinds', 'contacts.valid_from') }}
)

select * from final
