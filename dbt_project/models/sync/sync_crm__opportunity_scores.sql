-- What the CRM is owed: scores that differ from what it last acknowledged for an earlier build, and scores to be cleared.
with deals as (
    {{ scored_deals() }}
),

last_acknowledged as (
    {{ last_acknowledged('opportunity') }}
),

owed as (
    select deals.opportunity_id, deals.system, 'send' as action, {{ payload_columns('deals') }}
    from deals
    left join last_acknowledged as last on deals.opportunity_id = last.record_id
    where {{ is_owed('deals', 'last') }}
),

withdrawn as (
    select last.record_id as opportunity_id, last.system, 'withdraw' as action, {{ cleared_score() }}
    from last_acknowledged as last
    left join deals on last.record_id = deals.opportunity_id
    where last.p_win_by_period_end is not null and deals.opportunity_id is null
),

messages as (
    select opportunity_id, system, action, {{ payload_columns() }} from owed
    union all
    select opportunity_id, system, action, {{ payload_columns() }} from withdrawn
),

packed as (
    select opportunity_id, system, action, {{ payload_of() }} as payload
    from messages
),

final as (
    select
        {{ build_id() }} as build_id,
        opportunity_id,
        system,
        action,
        payload,
        {{ digest_of(['payload']) }} as payload_hash
    from packed
)

select * from final
