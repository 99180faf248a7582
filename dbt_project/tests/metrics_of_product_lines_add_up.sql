{%- set figures = (additive_amounts() + additive_counts()) | reject('equalto', 'weighted_realised_gross_amount') | list %}
-- A product line's figure is that of its own deals and of the lines below it, at every node and in every period; the lines at the top make the whole.
with lines as (
    select metrics.*, dims.parent_product_line
    from {{ ref('mart_metrics') }} as metrics
    inner join {{ ref('dim_product_line') }} as dims on metrics.slice_value = dims.product_line
    where metrics.slice_kind = 'product_node'
),

parts as (
    select
        node_id, period_id, slice_value as product_line
        {%- for figure in figures %}, {{ figure }}{% endfor %}
    from {{ ref('mart_metrics') }}
    where slice_kind = 'product_line'
    union all
    select
        node_id, period_id, coalesce(parent_product_line, '') as product_line
        {%- for figure in figures %}, {{ figure }}{% endfor %}
    from lines
),

made as (
    select
        node_id, period_id, product_line
        {%- for figure in figures %}, sum({{ figure }}) as {{ figure }}{% endfor %}
    from parts
    group by node_id, period_id, product_line
),

told as (
    select
        node_id, period_id, slice_value as product_line
        {%- for figure in figures %}, {{ figure }}{% endfor %}
    from lines
    union all
    select
        node_id, period_id, '' as product_line
        {%- for figure in figures %}, {{ figure }}{% endfor %}
    from {{ ref('mart_metrics') }}
    where slice_kind = 'all' and node_id || ' ' || period_id in (select made.node_id || ' ' || made.period_id from made)
)

select
    told.node_id,
    told.period_id,
    told.product_line
from told
full join made on told.node_id = made.node_id and told.period_id = made.period_id and told.product_line = made.product_line
where
    told.node_id is null or made.node_id is null
    {% for figure in figures -%}
    or told.{{ figure }} <> made.{{ figure }}
    {% endfor %}
