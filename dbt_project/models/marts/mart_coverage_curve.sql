{%- set measures = ['gross', 'remaining'] %}
-- Coverage of the present period on each of its days at every node, beside that of past periods on the day that lies in them as that day does.
with covered as (
    select
        *,
        {{ ratio('open_gross_amount', 'target_gross_amount') }} as gross,
        {{ ratio('open_gross_amount', 'greatest(target_gross_amount - won_gross_amount, 0)') }} as remaining
    from {{ ref('mart_coverage_curve__stood') }}
    where is_known
),

beside as (
    select
        node_id, day,
        {% for measure in measures -%}
        max(case when steps_back = 0 then {{ measure }} end) as {{ measure }},
        max(case when steps_back = 1 then {{ measure }} end) as last_{{ measure }},
        max(case when steps_back = 4 then {{ measure }} end) as year_before_{{ measure }},
        count(case when steps_back > 0 then {{ measure }} end) as {{ measure }}_count,
        {{ percentile_of('case when steps_back > 0 then ' ~ measure ~ ' end', 0.25) }} as low_{{ measure }},
        {{ percentile_of('case when steps_back > 0 then ' ~ measure ~ ' end', 0.5) }} as median_{{ measure }},
        {{ percentile_of('case when steps_back > 0 then ' ~ measure ~ ' end', 0.75) }} as high_{{ measure }},
        {% endfor -%}
        max(case when steps_back = 0 then target_gross_amount end) as target_gross_amount,
        max(case when steps_back = 0 then open_gross_amount end) as open_gross_amount,
        max(case when steps_back = 0 then won_gross_amount end) as won_gross_amount
    from covered
    group by node_id, day
),

final as (
    select
        {{ build_id() }} as build_id,
        beside.node_id,
        periods.period_id,
        cast(beside.target_gross_amount as numeric(18, 2)) as target_gross_amount,
        cast(beside.open_gross_amount as numeric(18, 2)) as open_gross_amount,
        cast(beside.won_gross_amount as numeric(18, 2)) as won_gross_amount,
        {% for measure in measures -%}
        beside.{{ measure }} as coverage_{{ measure }}_rate,
        beside.last_{{ measure }} as coverage_{{ measure }}_rate_last_period,
        beside.year_before_{{ measure }} as coverage_{{ measure }}_rate_year_before,
        {% for name in ['low', 'median', 'high'] -%}
        case when beside.{{ measure }}_count >= {{ var('yield_least_periods') }} then round(cast(beside.{{ name }}_{{ measure }} as numeric), 6) end
            as coverage_{{ measure }}_rate_past_{{ name }},
        {% endfor -%}
        {% endfor -%}
        cast(beside.gross_count as integer) as past_periods_count,
        beside.day,
        {{ as_of() }} as as_of
    from beside
    cross join {{ ref('int_review_periods') }} as periods
    where periods.period_kind = 'current'
)

select * from final
