-- Does what we show tie to the systems of record? Each control's two sides in each period, what lies between them, and how old that is.
with periods as (
    select periods.period_id, periods.starts_on, periods.ends_on, nodes.node_id
    from {{ ref('int_review_periods') }} as periods
    inner join {{ ref('int_org_nodes') }} as nodes on nodes.as_of_date = {{ as_of() }} and nodes.node_level = 'company'
    where periods.period_kind in ('past', 'current')
),

entries as (
    select * from {{ ref('int_control_entries') }}
),

present as (
    select control, bool_or(side = 'here') as is_here, bool_or(side = 'there') as is_there from entries
    group by control
),

-- Amounts as the facts have them where there is a fact, not as the entries of the differences do.
dated as (
    select controls.control, 'here' as side, deals.closed_on as dated_on, deals.gross_amount from {{ ref('fct_opportunity') }} as deals
    inner join {{ ref('controls') }} as controls on controls.control in ('won_contracts', 'won_orders')
    where deals.outcome = 'won'
    union all
    select controls.control, 'there' as side, lines.ordered_on as dated_on, lines.gross_amount from {{ ref('fct_order_line') }} as lines
    inner join {{ ref('controls') }} as controls on controls.control in ('contracts_orders', 'won_orders')
    where lines.is_approved
    union all
    select 'receipts' as control, 'there' as side, paid_on as dated_on, gross_amount from {{ ref('fct_receipt') }}
    where is_approved and kind = 'receipt'
    union all
    select control, side, dated_on, gross_amount from entries
    where control = 'receivables' or control || ' ' || side in ('receipts here', 'won_contracts there', 'contracts_orders here')
),

sums as (
    select dated.control, periods.period_id, periods.node_id, dated.side, sum(gross_amount) as gross_amount, max(dated_on) as last_on
    from dated
    inner join periods on dated.dated_on between periods.starts_on and periods.ends_on
    group by dated.control, periods.period_id, periods.node_id, dated.side
    union all
    select control, period_id, pair_id as node_id, side, sum(gross_amount) as gross_amount, max(dated_on) as last_on from entries
    where control = 'targets'
    group by control, period_id, pair_id, side
),

-- Every control has its row in every period; targets also one for each node that has a target.
asked as (
    select controls.control, periods.period_id, periods.node_id
    from {{ ref('controls') }} as controls
    cross join periods
    union
    select control, period_id, node_id from sums
),

differences as (
    select
        control, period_id, case when control = 'targets' then pair_id end as node_id,
        count(*) as differences_count, max(age_days) as oldest_age_days
    from {{ ref('rpt_control_difference') }}
    group by control, period_id, case when control = 'targets' then pair_id end
),

joined as (
    select
        asked.*, coalesce(present.is_here, false) as is_here, coalesce(present.is_there, false) as is_there,
        max(sums.gross_amount) filter (where sums.side = 'here') as here_amount,
        max(sums.gross_amount) filter (where sums.side = 'there') as there_amount,
        max(sums.last_on) filter (where asked.control = 'receivables') as balance_on
    from asked
    left join present on asked.control = present.control
    left join sums on asked.control = sums.control and asked.period_id = sums.period_id and asked.node_id = sums.node_id
    group by asked.control, asked.period_id, asked.node_id, present.is_here, present.is_there
),

judged as (
    select
        joined.*, coalesce(here_amount, 0) - coalesce(there_amount, 0) as difference,
        case
            when not is_here and not is_there then 'both_absent'
            when not is_here then 'here_absent'
            when not is_there or (control = 'receivables' and there_amount is null) then 'there_absent'
            when coalesce(here_amount, 0) = coalesce(there_amount, 0) then 'ties'
            else 'differs'
        end as state
    from joined
    where control not in ('receivables', 'targets') or here_amount is not null or there_amount is not null or not (is_here or is_there)
),

final as (
    select
        {{ build_id() }} as build_id,
        judged.control,
        judged.period_id,
        judged.node_id,
        controls.name_zh,
        controls.name_en,
        controls.here as here_system,
        controls.there as there_system,
        judged.state,
        cast(case when judged.is_here then coalesce(judged.here_amount, 0) end as numeric(18, 2)) as here_gross_amount,
        cast(case when judged.state <> 'there_absent' and judged.is_there then coalesce(judged.there_amount, 0) end as numeric(18, 2))
            as there_gross_amount,
        cast(case when judged.state in ('ties', 'differs') then judged.difference end as numeric(18, 2)) as difference_gross_amount,
        controls.place as control_place,
        cast(coalesce(differences.differences_count, 0) as integer) as differences_count,
        differences.oldest_age_days,
        judged.balance_on,
        {{ as_of() }} as as_of
    from judged
    inner join {{ ref('controls') }} as controls on judged.control = controls.control
    left join differences
        on
            judged.control = differences.control and judged.period_id = differences.period_id
            and coalesce(differences.node_id, judged.node_id) = judged.node_id
)

select * from final
