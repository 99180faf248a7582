-- Every difference that keeps two systems of record from tying: the business behind it, what each side counts in the period, why they
-- differ, since when, and for how many days.
with entries as (
    -- targets and balances are things of their period; all else is one business whatever period each side counts it in
    select *, case when control in ('targets', 'receivables') then period_id else '' end as scope from {{ ref('int_control_entries') }}
),

controls as (
    select * from {{ ref('controls') }}
),

companies as (
    select node_id from {{ ref('int_org_nodes') }}
    where as_of_date = {{ as_of() }} and node_level = 'company'
),

-- A side that nothing was ever read of is absent, not empty: nothing can differ from it. The ledger is told of some periods only.
present as (
    select control, case when control = 'receivables' then scope end as period_id from entries
    group by control, case when control = 'receivables' then scope end
    having count(distinct side) = 2
),

-- The sides of one business, and why one of them does not count it.
pairs as (
    select
        control, pair_id, scope,
        sum({{ when("side = 'here'") }}) as here_count,
        sum({{ when("side = 'there'") }}) as there_count,
        sum(case when side = 'here' then gross_amount else -gross_amount end) as difference,
        sum(case when side = 'here' then original_gross_amount else -original_gross_amount end) as original_difference,
        sum(case when reason is not null then case when side = 'here' then gross_amount else -gross_amount end end) as reasoned_difference,
        min(reason) as reason,
        min(currency) as currency,
        count(distinct currency) as currencies_count,
        coalesce(min(node_id) filter (where side = 'here'), min(node_id)) as node_id,
        min(item_name) filter (where side = 'here') as here_name,
        min(item_name) filter (where side = 'there') as there_name,
        max(standing_since_on) as standing_since_on
    from entries
    group by control, pair_id, scope
),

placed as (
    select
        control, pair_id, scope, period_id,
        sum(case when side = 'here' then gross_amount else 0 end) as here_gross_amount,
        sum(case when side = 'there' then gross_amount else 0 end) as there_gross_amount
    from entries
    where period_id is not null
    group by control, pair_id, scope, period_id
),

judged as (
    select
        placed.*, pairs.node_id, pairs.here_name, pairs.there_name, pairs.standing_since_on,
        case
            when pairs.difference = 0 then 'counted_in_another_period'
            when pairs.reason is not null and pairs.reasoned_difference in (0, pairs.difference) then pairs.reason
            when pairs.there_count = 0 then coalesce(orders.reason, 'only_in_' || controls.here)
            when pairs.here_count = 0 then 'only_in_' || controls.there
            when pairs.original_difference = 0 and pairs.currencies_count = 1 then 'rate_differs'
            else 'amount_differs'
        end as reason
    from placed
    inner join present on placed.control = present.control and placed.period_id = coalesce(present.period_id, placed.period_id)
    inner join controls on placed.control = controls.control
    inner join pairs on placed.control = pairs.control and placed.pair_id = pairs.pair_id and placed.scope = pairs.scope
    left join {{ ref('map_opportunity_order') }} as orders on placed.control = 'won_orders' and placed.pair_id = orders.opportunity_id
    where placed.here_gross_amount <> placed.there_gross_amount
),

final as (
    select
        {{ build_id() }} as build_id,
        judged.control,
        judged.period_id,
        judged.pair_id,
        coalesce(nodes.node_id, companies.node_id) as node_id,
        judged.here_name,
        judged.there_name,
        judged.reason,
        words.name_zh as reason_zh,
        words.name_en as reason_en,
        cast(judged.here_gross_amount as numeric(18, 2)) as here_gross_amount,
        cast(judged.there_gross_amount as numeric(18, 2)) as there_gross_amount,
        cast(judged.here_gross_amount - judged.there_gross_amount as numeric(18, 2)) as difference_gross_amount,
        {{ as_of() }} - judged.standing_since_on as age_days,
        judged.standing_since_on as first_seen_on,
        {{ as_of() }} as as_of
    from judged
    cross join companies
    left join {{ ref('control_reasons') }} as words on judged.reason = words.reason
    left join {{ ref('int_org_nodes') }} as nodes on judged.node_id = nodes.node_id and nodes.as_of_date = {{ as_of() }}
)

select * from final
