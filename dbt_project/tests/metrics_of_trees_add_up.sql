{%- set figures = (additive_amounts() + additive_counts()) | reject('equalto', 'weighted_realised_gross_amount') | list %}
-- In each tree beside the organisation a value's figure is that of its own deals and of the values below it, at every node and in every period;
-- the values at the top make the whole.
with trees as (
    select metrics.*, dims.slice_kind as tree_kind, dims.parent_value
    from {{ ref('mart_metrics') }} as metrics
    inner join {{ ref('dim_slice') }} as dims on metrics.slice_value = dims.slice_value
    where
        false
        {% for name, kind in tree_kinds().items() -%}
        or metrics.slice_kind = '{{ name }}' and dims.slice_kind = '{{ kind }}'
        {% endfor %}
),

parts as (
    select
        slice_kind as tree_kind, node_id, period_id, slice_value
        {%- for figure in figures %}, {{ figure }}{% endfor %}
    from {{ ref('mart_metrics') }}
    where slice_kind in ('{{ tree_kinds().values() | join("', '") }}')
    union all
    select
        tree_kind, node_id, period_id, coalesce(parent_value, '') as slice_value
        {%- for figure in figures %}, {{ figure }}{% endfor %}
    from trees
),

made as (
    select
        tree_kind, node_id, period_id, slice_value
        {%- for figure in figures %}, sum({{ figure }}) as {{ figure }}{% endfor %}
    from parts
    group by tree_kind, node_id, period_id, slice_value
),

cells as (
    select distinct tree_kind, node_id, period_id from made
),

told as (
    select
        tree_kind, node_id, period_id, slice_value
        {%- for figure in figures %}, {{ figure }}{% endfor %}
    from trees
    union all
    select
        cells.tree_kind, cells.node_id, cells.period_id, '' as slice_value
        {%- for figure in figures %}, metrics.{{ figure }}{% endfor %}
    from {{ ref('mart_metrics') }} as metrics
    inner join cells on metrics.slice_kind = 'all' and metrics.node_id = cells.node_id and metrics.period_id = cells.period_id
)

select
    told.tree_kind,
    told.node_id,
    told.period_id,
    told.slice_value
from told
full join made
    on
        told.tree_kind = made.tree_kind and told.node_id = made.node_id and told.period_id = made.period_id
        and told.slice_value = made.slice_value
where
    told.node_id is null or made.node_id is null
    {% for figure in figures -%}
    or told.{{ figure }} <> made.{{ figure }}
    {% endfor %}
