-- Contacts of all systems with the opportunity they concern, as versions.
with fxiaoke as (
    select 'fxiaoke' as system, interaction_id, opportunity_id, kind_value, direction, occurred_at, valid_from, valid_to
    from {{ ref('stg_fxiaoke__activity_records') }}
    where
        opportunity_id is not null and valid_from < valid_to and occurred_at is not null
        and {{ among_changed('stg_fxiaoke__activity_records', 'interaction_id') }}
),

files as (
    select 'files' as system, interaction_id, opportunity_id, kind_value, direction, occurred_at, valid_from, valid_to
    from {{ ref('stg_files__interactions') }}
    where
        not is_deleted and not is_late and valid_from < valid_to and occurred_at is not null
        and {{ among_changed('stg_files__interactions', 'interaction_id') }}
),

salesforce as (
    select 'salesforce' as system, interaction_id, opportunity_id, kind_value, direction, occurred_at, valid_from, valid_to
    from {{ ref('stg_salesforce__tasks') }}
    where
        opportunity_id is not null and not is_deleted and not is_late and valid_from < valid_to and occurred_at is not null
        and {{ among_changed('stg_salesforce__tasks', 'interaction_id') }}
),

messaging as (
    select system, interaction_id, opportunity_id, kind_value, direction, occurred_at, valid_from, valid_to
    from {{ ref('int_messages_matched') }}
    where opportunity_id is not null and {{ among_changed('int_messages_matched', 'interaction_id') }}
),

versions as (
    select * from fxiaoke
    union all
    select * from files
    union all
    select * from salesforce
    union all
    select * from messaging
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
        versions.system,
        versions.interaction_id,
        versions.opportunity_id,
        coalesce(kinds.channel, 'other') as channel,
        versions.direction,
        {{ business_day('versions.occurred_at') }} as occurred_on,
        versions.occurred_at,
        versions.valid_from,
        versions.valid_to
    from versions
    left join kinds
        on
            versions.system = kinds.system and versions.kind_value = kinds.kind_value
            -- read by the setting of the night that brought the contact
            and {{ known('kinds', 'versions.valid_from') }}
)

select * from final
