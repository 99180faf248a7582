-- Was a chance of 30 % won in three of ten? Published chances of closed periods, in tenths, beside the share that was won in the period.
with frozen as (
    select * from {{ ref('mart_forecast_accuracy__frozen') }}
),

features as (
    select
        opportunity_id, as_of_date, stage_code, sales_process,
        row_number() over (partition by opportunity_id, as_of_date order by revision desc) as age
    from {{ ref('opportunity_features') }}
    where as_of_date in (select frozen_as_of from frozen)
),

deals as (
    select opportunity_id, leaf_node_id from {{ ref('int_deals_as_of') }}
),

-- What was won, as known some days after the period's close.
judged as (
    select
        frozen.horizon, deals.leaf_node_id, scores.p_win_by_period_end as chance, closings.opportunity_id is not null as is_won,
        coalesce(features.stage_code, 'none') as stage_code, coalesce(features.sales_process, 'none') as sales_process
    from frozen
    inner join {{ ref('stg_landfall__opportunity_scores') }} as scores on frozen.frozen_build_id = scores.build_id
    inner join deals on scores.opportunity_id = deals.opportunity_id
    left join features
        on scores.opportunity_id = features.opportunity_id and frozen.frozen_as_of = features.as_of_date and features.age = 1
    left join {{ ref('int_closing_versions') }} as closings
        on
            scores.opportunity_id = closings.opportunity_id and closings.outcome = 'won'
            and closings.closed_on between frozen.starts_on and frozen.ends_on and {{ known('closings', cutoff('frozen.final_on')) }}
),

sliced as (
    select judged.*, 'all' as slice_kind, 'all' as slice_value from judged
    union all
    select judged.*, 'stage' as slice_kind, stage_code as slice_value from judged
    union all
    select judged.*, 'sales_process' as slice_kind, sales_process as slice_value from judged
),

tenths as (
    select
        ancestors.ancestor_id as node_id, sliced.slice_kind, sliced.slice_value, sliced.horizon,
        cast(least(floor(sliced.chance * 10), 9) as integer) + 1 as tenth, count(*) as n, sum({{ when('sliced.is_won') }}) as won,
        avg(sliced.chance) as mean_chance
    from sliced
    inner join {{ ref('int_org_ancestors') }} as ancestors
        on ancestors.as_of_date = {{ as_of() }} and sliced.leaf_node_id = ancestors.node_id
    group by ancestors.ancestor_id, sliced.slice_kind, sliced.slice_value, sliced.horizon, tenth
),

final as (
    select
        {{ build_id() }} as build_id,
        node_id,
        slice_kind,
        slice_value,
        horizon,
        tenth,
        cast(n as integer) as deals_count,
        cast(won as integer) as won_count,
        round(cast(mean_chance as numeric), 6) as mean_chance_rate,
        {{ ratio('won', 'n') }} as won_rate,
        {{ wilson('won', 'n', '-') }} as won_rate_low,
        {{ wilson('won', 'n', '+') }} as won_rate_high,
        {{ ratio('sum(abs(n * mean_chance - won)) over cell', 'sum(n) over cell') }} as calibration_error_rate,
        {{ as_of() }} as as_of
    from tenths
    window cell as (partition by node_id, slice_kind, slice_value, horizon)
)

select * from final
