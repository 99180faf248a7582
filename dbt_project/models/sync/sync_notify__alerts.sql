-- What opens and what is over: candidates that were not open since an earlier build, and open alerts whose cause is gone.
with builds as (
    select * from {{ ref('stg_landfall__builds') }}
),

candidates as (
    select * from {{ ref('mart_alerts') }}
),

-- Open as every earlier build left them; what this very build opened or cleared never changes what it owes.
open_alerts as (
    select alerts.* from {{ ref('stg_landfall__alerts') }} as alerts
    inner join builds as opened on alerts.opened_build_id = opened.build_id and {{ before_this_build('opened.first_publication_id') }}
    left join builds as cleared
        on alerts.cleared_build_id = cleared.build_id and {{ before_this_build('cleared.first_publication_id') }}
    where cleared.build_id is null and alerts.opened_build_id <> {{ build_id() }}
),

opening as (
    select
        candidates.alert_key, 'open' as action, candidates.rule, candidates.subject_id, candidates.owner_id, candidates.manager_id,
        candidates.sentence_zh, candidates.sentence_en
    from candidates
    left join open_alerts on candidates.alert_key = open_alerts.alert_key
    where open_alerts.alert_key is null
),

clearing as (
    select
        open_alerts.alert_key, 'clear' as action, open_alerts.rule, open_alerts.subject_id, open_alerts.owner_id, open_alerts.manager_id,
        open_alerts.sentence_zh, open_alerts.sentence_en
    from open_alerts
    left join candidates on open_alerts.alert_key = candidates.alert_key
    where candidates.alert_key is null
),

changes as (
    select * from opening
    union all
    select * from clearing
),

final as (
    select
        {{ build_id() }} as build_id,
        alert_key,
        action,
        rule,
        subject_id,
        owner_id,
        manager_id,
        sentence_zh,
        sentence_en,
        {{ as_of() }} as as_of
    from changes
)

select * from final
