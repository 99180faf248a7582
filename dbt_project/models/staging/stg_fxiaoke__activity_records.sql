-- Contacts logged in the CRM as versions, one row for each opportunity that they name.
with records as (
    select
        record_id,
        load_id,
        record,
        changed_at,
        known_at
    from {{ source('landing', 'fxiaoke__activity_records') }}
    where known_at <= {{ as_of_cutoff() }}
),

versions as (
    {{ versions_of('records') }}
),

related as (
    select
        versions.record_id as interaction_id,
        {{ json_text('list.element', 'id') }} as opportunity_id,
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
        and {{ json_text('list.element', 'describe_api_name') }} = 'NewOpportunityObj'
),

final as (
    select distinct * from related
)

select * from final
