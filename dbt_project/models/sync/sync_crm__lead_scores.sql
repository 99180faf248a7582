-- What the CRM is owed about leads: scores that differ from what it last acknowledged for an earlier build, and scores to be cleared.
with leads as (
    select
        lead_id, system, band, reason_text as reasons, tier, model_version, reason_keys,
        cast(round(cast(p_convert_90d as numeric), 4) as numeric(6, 4)) as p_convert_90d,
        {{ as_of_cutoff() }} as scored_at
    from {{ ref('score_lead') }}
    where p_convert_90d is not null
),

last_acknowledged as (
    {{ last_acknowledged('lead') }}
),

owed as (
    select leads.lead_id, leads.system, 'send' as action, {{ payload_columns('leads', of='lead') }}
    from leads
    left join last_acknowledged as last on leads.lead_id = last.record_id
    where {{ is_owed('leads', 'last', of='lead') }}
),

withdrawn as (
    select last.record_id as lead_id, last.system, 'withdraw' as action, {{ cleared_score(of='lead') }}
    from last_acknowledged as last
    left join leads on last.record_id = leads.lead_id
    where last.p_convert_90d is not null and leads.lead_id is null
),

messages as (
    select lead_id, system, action, {{ payload_columns(of='lead') }} from owed
    union all
    select lead_id, system, action, {{ payload_columns(of='lead') }} from withdrawn
),

packed as (
    select lead_id, system, action, {{ payload_of(of='lead') }} as payload
    from messages
),

final as (
    select
        {{ build_id() }} as build_id,
        lead_id,
        system,
        action,
        payload,
        {{ digest_of(['payload']) }} as payload_hash
    from packed
)

select * from final
