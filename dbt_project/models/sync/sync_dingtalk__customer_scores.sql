-- What DingTalk is owed: for each of its customers the score of their best open deal, where it differs from what was last acknowledged.
with deals as (
    {{ scored_deals() }}
),

best as (
    select
        customers.customer_id, deals.*,
        row_number() over (
            partition by customers.customer_id
            order by {{ likeliest_first() }}
        ) as place
    from {{ ref('int_dingtalk_customers_matched') }} as customers
    inner join deals on customers.account_id = deals.account_id
),

scores as (
    select * from best
    where place = 1
),

last_acknowledged as (
    {{ last_acknowledged('customer') }}
),

owed as (
    select scores.customer_id, 'send' as action, scores.opportunity_id, {{ payload_columns('scores') }}
    from scores
    left join last_acknowledged as last on scores.customer_id = last.record_id
    where {{ is_owed('scores', 'last') }} or scores.opportunity_id is distinct from last.opportunity_id
),

withdrawn as (
    select last.record_id as customer_id, 'withdraw' as action, cast(null as text) as opportunity_id, {{ cleared_score() }}
    from last_acknowledged as last
    left join scores on last.record_id = scores.customer_id
    where last.p_win_by_period_end is not null and scores.customer_id is null
),

messages as (
    select customer_id, action, opportunity_id, {{ payload_columns() }} from owed
    union all
    select customer_id, action, opportunity_id, {{ payload_columns() }} from withdrawn
),

packed as (
    select customer_id, action, {{ payload_of('opportunity_id') }} as payload
    from messages
),

final as (
    select
        {{ build_id() }} as build_id,
        customer_id,
        'dingtalk' as system,
        action,
        payload,
        {{ digest_of(['payload']) }} as payload_hash
    from packed
)

select * from final
