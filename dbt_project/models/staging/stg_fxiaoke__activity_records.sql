-- Contacts logged in the CRM as versions, one row for each record that they name: opportunity, customer, lead or employee.
with records as (
    select
        record_id,
        load_id,
        record,
        changed_at,
        known_at
    from {{ source('landing', 'fxiaoke__activity_records') }}
    where known_at <= {{ as_of_cutoff() }} and {{ among_changed('fxiaoke__activity_records', 'record_id') }}
),

versions as (
    {{ versions_of('records') }}
),

related as (
    select
        versions.record_id as interaction_id,
        {{ json_text('list.element', 'id') }} as target_id,
        case
            when {{ json_text('list.element', 'describe_api_name') }} = 'NewOpportunityObj' then {{ json_text('list.element', 'id') }}
        end as opportunity_id,
        case
            when {{ json_text('list.element', 'describe_api_name') }} = 'AccountObj' then {{ json_text('list.element', 'id') }}
        end as account_id,
        case
            when {{ json_text('list.element', 'describe_api_name') }} = 'LeadsObj' then {{ json_text('list.element', 'id') }}
        end as lead_id,
        {{ json_first('versions.record', 'owner') }} as owner_id,
        versions.load_id,
        {{ json_text('versions.record', 'active_record_type') }} as kind_value,
        {{ json_text('versions.record', 'direction__c') }} as direction,
        {{ instant_of_ms(json_text('versions.record', 'create_time')) }} as occurred_at,
        versions.changed_at,
        versions.valid_from,
        versions.valid_to
    from versions
    {{ cross_join_json_list('versions.record', 'related_object_data') }}
    where
        not versions.is_late
        and {{ json_text('list.element', 'id') }} is not null
        and coalesce({{ json_text('versions.record', 'life_status') }}, 'normal') = 'normal'
),

final as (
    select distinct * from related
)

select * from final
