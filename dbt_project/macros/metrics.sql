{#- Figures of a deal in a period that add up over deals, over nodes and over slices: amounts first, then counts. -#}
{% macro additive_amounts() -%} {{ return([
    'won_gross_amount', 'lost_gross_amount', 'create_and_close_gross_amount', 'backfilled_gross_amount', 'created_gross_amount',
    'open_gross_amount', 'qualified_open_gross_amount', 'past_due_gross_amount', 'weighted_set_gross_amount',
    'weighted_realised_gross_amount', 'weighted_model_gross_amount', 'expected_open_gross_amount', 'same_day_open_gross_amount',
    'frozen_gross_amount', 'frozen_lost_gross_amount', 'slipped_gross_amount'
]) }} {%- endmacro %}
{% macro additive_counts() -%} {{ return([
    'won_count', 'lost_count', 'create_and_close_count', 'backfilled_count', 'created_count', 'cohort_won_count',
    'cohort_decided_count', 'open_count', 'open_without_amount_count', 'qualified_open_count', 'past_due_count',
    'qualified_now_count', 'unrated_open_count', 'frozen_count', 'frozen_lost_count', 'slipped_count', 'pushes_count', 'push_days', 'pull_ins_count'
]) }} {%- endmacro %}

{#- A figure where a condition holds, else nothing: 0. -#}
{% macro when(condition, figure='1') -%} case when {{ condition }} then {{ figure }} else 0 end {%- endmacro %}

{#- What the figures of the deals in `relation` are together, for each of its `keys`. -#}
{% macro summed_metrics(relation, keys) -%}
    select
        {{ keys | join(', ') }},
        {% for figure in additive_amounts() + additive_counts() %}sum({{ figure }}) as {{ figure }},
        {% endfor %}max(open_gross_amount) as largest_open_gross_amount,
        {{ percentile_of('cycle_days', 0.5) }} as cycle_days_median,
        {{ percentile_of('cycle_days', 0.9) }} as cycle_days_p90,
        {{ percentile_of('lost_cycle_days', 0.5) }} as lost_cycle_days_median
    from {{ relation }}
    group by {{ keys | join(', ') }}
{%- endmacro %}

{#- The columns of mart_metrics from the CTE `metrics`: sums as they are, ratios of them beside. -#}
{% macro metric_columns() -%}
    select
        {{ build_id() }} as build_id,
        node_id,
        slice_kind,
        slice_value,
        period_id,
        parent_node_id,
        node_level,
        node_name,
        period_kind,
        target_gross_amount,
        {% for amount in additive_amounts() if amount != 'weighted_realised_gross_amount' %}cast({{ amount }} as numeric(18, 2)) as {{ amount }},
        {% endfor %}{% for figure in additive_counts() %}cast({{ figure }} as integer) as {{ figure }},
        {% endfor -%}
        -- a sum that leaves deals out for want of a rate is not shown
        cast(case when unrated_open_count = 0 and period_kind = 'current' then weighted_realised_gross_amount end as numeric(18, 2))
            as weighted_realised_gross_amount,
        cast(case when period_kind = 'past' then won_gross_amount else forecast_gross_amount end as numeric(18, 2)) as expected_gross_amount,
        cast(
            target_gross_amount - case when period_kind = 'past' then won_gross_amount else forecast_gross_amount end as numeric(18, 2)
        ) as gap_gross_amount,
        cast(greatest(target_gross_amount - won_gross_amount, 0) as numeric(18, 2)) as remaining_target_gross_amount,
        {{ ratio('won_gross_amount', 'target_gross_amount') }} as attainment_rate,
        {{ ratio('open_gross_amount', 'target_gross_amount') }} as coverage_gross_rate,
        {{ ratio('open_gross_amount', 'greatest(target_gross_amount - won_gross_amount, 0)') }} as coverage_remaining_rate,
        {{ ratio('qualified_open_gross_amount', 'target_gross_amount') }} as coverage_qualified_rate,
        {{ ratio('open_gross_amount - coalesce(largest_open_gross_amount, 0)', 'target_gross_amount') }} as coverage_without_largest_rate,
        {{ ratio('1', 'yield_rate') }} as coverage_required_rate,
        round(yield_rate, 6) as yield_rate,
        {{ ratio('won_count', 'won_count + lost_count') }} as close_date_win_rate,
        {{ ratio('won_gross_amount', 'won_gross_amount + lost_gross_amount') }} as close_date_win_value_rate,
        {{ ratio('won_count', 'won_count + lost_count + past_due_count') }} as broad_close_rate,
        {{ ratio('cohort_won_count', 'created_count') }} as cohort_win_rate,
        {{ ratio('cohort_decided_count', 'created_count') }} as cohort_decided_rate,
        cast(velocity as numeric(18, 2)) as velocity_gross_amount_per_day,
        cast(cycle_days_median as numeric(9, 1)) as cycle_days_median,
        cast(cycle_days_p90 as numeric(9, 1)) as cycle_days_p90,
        cast(lost_cycle_days_median as numeric(9, 1)) as lost_cycle_days_median,
        {{ ratio('slipped_count', 'frozen_count') }} as slip_rate,
        {{ ratio('slipped_gross_amount', 'frozen_gross_amount') }} as slip_value_rate,
        {{ ratio('frozen_lost_count', 'frozen_count') }} as frozen_lost_rate,
        {{ ratio('create_and_close_gross_amount', 'won_gross_amount') }} as create_and_close_rate,
        {{ ratio('backfilled_count', 'won_count') }} as backfilled_rate,
        won_gross_amount >= target_gross_amount as is_target_met,
        {{ as_of() }} as as_of
{%- endmacro %}
