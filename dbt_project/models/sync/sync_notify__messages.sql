-- Whom this build still has to tell what: every cause to every recipient who was not told since it came up, the weightiest first; beyond the
-- number of the day the rest is summed up in one message.
with builds as (
    select * from {{ ref('stg_landfall__builds') }}
),

candidates as (
    select * from {{ ref('mart_alerts') }}
),

recipients as (
    select alert_key, owner_id as recipient_id from candidates
    where tells like '%owner%' and owner_id is not null
    union
    select alert_key, manager_id as recipient_id from candidates
    where tells like '%manager%' and manager_id is not null
    union
    -- what nobody answers for is the operators'
    select alert_key, 'operators' as recipient_id from candidates
    where
        tells like '%operators%'
        or coalesce(case when tells like '%owner%' then owner_id end, case when tells like '%manager%' then manager_id end) is null
    union
    select alert_key, 'group' as recipient_id from candidates
),

deliveries as (
    select deliveries.*, builds.first_publication_id, builds.as_of
    from {{ ref('stg_landfall__alert_deliveries') }} as deliveries
    inner join builds on deliveries.build_id = builds.build_id and {{ before_this_build('builds.first_publication_id') }}
    where deliveries.build_id <> {{ build_id() }}
),

came_up as (
    select candidates.alert_key, min(opened.first_publication_id) as first_publication_id
    from candidates
    inner join {{ ref('stg_landfall__alerts') }} as alerts on candidates.alert_key = alerts.alert_key
    inner join builds as opened on alerts.opened_build_id = opened.build_id and {{ before_this_build('opened.first_publication_id') }}
    left join {{ ref('sync_notify__alerts') }} as fresh on candidates.alert_key = fresh.alert_key and fresh.action = 'open'
    left join builds as cleared
        on alerts.cleared_build_id = cleared.build_id and {{ before_this_build('cleared.first_publication_id') }}
    where fresh.alert_key is null and cleared.build_id is null
    group by candidates.alert_key
),

told as (
    select distinct deliveries.alert_key, deliveries.recipient_id
    from deliveries
    inner join came_up
        on deliveries.alert_key = came_up.alert_key and deliveries.first_publication_id >= came_up.first_publication_id
),

-- What a recipient got today by an earlier build of the same day counts.
today as (
    select recipient_id, count(distinct alert_key) as told_count from deliveries
    where as_of = {{ as_of() }} and state = 'sent'
    group by recipient_id
),

ranked as (
    select
        candidates.*, recipients.recipient_id,
        coalesce(today.told_count, 0) + row_number() over (
            partition by recipients.recipient_id order by candidates.priority asc, candidates.weight desc, candidates.alert_key asc
        ) as place
    from recipients
    inner join candidates on recipients.alert_key = candidates.alert_key
    left join told on recipients.alert_key = told.alert_key and recipients.recipient_id = told.recipient_id
    left join today on recipients.recipient_id = today.recipient_id
    where told.alert_key is null
),

final as (
    select
        ranked.build_id,
        ranked.alert_key,
        ranked.recipient_id,
        ranked.rule,
        ranked.subject_id,
        ranked.owner_id,
        ranked.manager_id,
        ranked.title_zh,
        ranked.title_en,
        ranked.sentence_zh,
        ranked.sentence_en,
        '{{ var("public_url") }}'
        || case when ranked.rule in ('silence', 'probability_jump', 'dead_letter') and deals.opportunity_id is not null then '/opportunities/' || ranked.subject_id else '' end as link,
        cast(ranked.place as integer) as place,
        ranked.place > coalesce(rules.threshold, ranked.place) as is_summed,
        ranked.as_of
    from ranked
    left join {{ ref('mart_open_opportunities') }} as deals on ranked.subject_id = deals.opportunity_id
    left join {{ ref('int_setting_versions') }} as rules
        on rules.kind = 'alert_rule' and rules.key = 'most_per_day' and rules.is_enabled and {{ known('rules', as_of_cutoff()) }}
)

select * from final
