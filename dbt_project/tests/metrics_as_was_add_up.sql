{%- set figures = (additive_amounts() + additive_counts()) | reject('equalto', 'weighted_realised_gross_amount') | list %}
-- In the organisation as it was a node's figure is the sum of its children's; the company's is that of today's organisation, and so is every node's in
-- the present period.
with children as (
    select
        parent_node_id as node_id,
        {% for figure in figures -%}
        sum({{ figure }}) as {{ figure }},
        {% endfor -%}
        period_id
    from {{ ref('mart_metrics_as_was') }}
    where parent_node_id is not null
    group by parent_node_id, period_id
),

today as (
    select
        metrics.node_id,
        {% for figure in figures -%}
        metrics.{{ figure }},
        {% endfor -%}
        metrics.period_id
    from {{ ref('mart_metrics') }} as metrics
    where metrics.slice_kind = 'all' and (metrics.period_kind = 'current' or metrics.period_kind = 'past' and metrics.node_level = 'company')
),

owed as (
    select * from children
    union all
    select * from today
)

select
    owed.node_id,
    owed.period_id
from owed
left join {{ ref('mart_metrics_as_was') }} as told on owed.node_id = told.node_id and owed.period_id = told.period_id
where
    told.node_id is null
    {% for figure in figures -%}
    or told.{{ figure }} <> owed.{{ figure }}
    {% endfor %}
