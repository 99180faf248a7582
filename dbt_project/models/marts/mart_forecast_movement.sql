-- Why the company's forecast moved since the build before: components that add up to the change, to the cent.
with previous_build as (
    select * from {{ ref('int_previous_build') }}
),

company as (
    select node_id from {{ ref('int_org_nodes') }}
    where as_of_date = {{ as_of() }} and node_level = 'company'
),

forecast as (
    select forecasts.* from {{ ref('stg_landfall__period_forecasts') }} as forecasts
    inner join company on forecasts.node_id = company.node_id
    where forecasts.build_id = {{ build_id() }} and forecasts.measure = 'signed_gross_amount'
),

-- The same period in the build before; none on a first night or on a period's first night.
previous_forecast as (
    select forecasts.* from {{ ref('stg_landfall__period_forecasts') }} as forecasts
    inner join previous_build on forecasts.build_id = previous_build.build_id
    inner join forecast
        on
            forecasts.node_id = forecast.node_id
            and forecasts.period_id = forecast.period_id
            and forecasts.measure = forecast.measure
),

deals as (
    select opportunity_id, p_win_by_period_end as p, coalesce(final_gross_amount, 0) as amount, expected_gross_amount as expected
    from {{ ref('mart_open_opportunities') }}
    where p_win_by_period_end is not null
),

previous_features as (
    {{ recorded_features('(select previous_build.as_of from previous_build)') }}
),

previous_deals as (
    select
        scores.opportunity_id, coalesce(scores.final_gross_amount, features.open_gross_amount, 0) as amount,
        {{ expected_amount('scores.p_win_by_period_end', 'coalesce(scores.final_gross_amount, features.open_gross_amount)') }} as expected
    from {{ ref('stg_landfall__opportunity_scores') }} as scores
    inner join previous_build on scores.build_id = previous_build.build_id
    left join previous_features as features on scores.opportunity_id = features.opportunity_id
),

outcomes as (
    select opportunity_id from {{ ref('opportunity_outcomes') }}
    where outcome = 'won'
),

moved as (
    select
        coalesce(deals.opportunity_id, previous_deals.opportunity_id) as opportunity_id,
        case
            when deals.opportunity_id is null and outcomes.opportunity_id is not null then 'newly_won'
            when deals.opportunity_id is null then 'lost_or_withdrawn'
            when previous_deals.opportunity_id is null then 'new_deals'
            else 'still_open'
        end as fate,
        coalesce(deals.expected, 0) as expected,
        coalesce(previous_deals.expected, 0) as previous_expected,
        -- today's chance on yesterday's amount: what remains to the new value is the amount's part
        {{ expected_amount('deals.p', 'previous_deals.amount') }} as expected_at_previous_amount
    from deals
    full join previous_deals on deals.opportunity_id = previous_deals.opportunity_id
    left join outcomes on previous_deals.opportunity_id = outcomes.opportunity_id
),

sums as (
    select
        coalesce(sum(case when fate = 'newly_won' then -previous_expected end), 0) as newly_won,
        coalesce(sum(case when fate = 'lost_or_withdrawn' then -previous_expected end), 0) as lost_or_withdrawn,
        coalesce(sum(case when fate = 'new_deals' then expected end), 0) as new_deals,
        coalesce(sum(case when fate = 'still_open' then expected_at_previous_amount - previous_expected end), 0) as probability_moved,
        coalesce(sum(case when fate = 'still_open' then expected - expected_at_previous_amount end), 0) as amount_moved
    from moved
),

components as (
    select
        forecast.node_id, forecast.period_id, forecast.mean, previous_forecast.mean as previous_mean,
        forecast.won - previous_forecast.won + sums.newly_won as newly_won,
        sums.lost_or_withdrawn, sums.new_deals, sums.probability_moved, sums.amount_moved,
        forecast.from_new - previous_forecast.from_new as new_business_reestimated,
        -- cents lost where the forecast rounds sums and we round deals
        forecast.from_open - previous_forecast.from_open - sums.newly_won - sums.lost_or_withdrawn - sums.new_deals
        - sums.probability_moved - sums.amount_moved as rounding
    from forecast
    left join previous_forecast on forecast.node_id = previous_forecast.node_id
    cross join sums
),

final as (
    {% for component in [
        'newly_won', 'lost_or_withdrawn', 'new_deals', 'probability_moved', 'amount_moved', 'new_business_reestimated', 'rounding'
    ] -%}
    select
        {{ build_id() }} as build_id,
        node_id,
        period_id,
        '{{ component }}' as component,
        {{ loop.index }} as component_order,
        cast(case when previous_mean is not null then {{ component }} end as numeric(18, 2)) as amount,
        previous_mean,
        mean,
        mean - previous_mean as mean_change,
        {{ as_of() }} as as_of
    from components
    {{ 'union all' if not loop.last }}
    {% endfor %}
)

select * from final
