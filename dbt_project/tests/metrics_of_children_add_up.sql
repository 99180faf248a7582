{%- set figures = (additive_amounts() + additive_counts()) | reject('equalto', 'weighted_realised_gross_amount') | list %}
-- What adds up does: a node's figure is the sum of its children's, in every slice and period, and the whole is the sum of each slice.
with children as (
    select
        parent_node_id, slice_kind, slice_value,
        {% for figure in figures -%}
        sum({{ figure }}) as {{ figure }},
        {% endfor -%}
        period_id
    from {{ ref('mart_metrics') }}
    where parent_node_id is not null
    group by parent_node_id, slice_kind, slice_value, period_id
),

slices as (
    select
        node_id, slice_kind,
        {% for figure in figures -%}
        sum({{ figure }}) as {{ figure }},
        {% endfor -%}
        period_id
    from {{ ref('mart_metrics') }}
    where slice_kind not in ('{{ tree_kinds() | join("', '") }}') -- values above others hold them
    group by node_id, slice_kind, period_id
)

select
    parents.node_id,
    parents.slice_kind,
    parents.period_id
from {{ ref('mart_metrics') }} as parents
inner join children
    on
        parents.node_id = children.parent_node_id and parents.slice_kind = children.slice_kind
        and parents.slice_value = children.slice_value and parents.period_id = children.period_id
where
    false
    {% for figure in figures -%}
    or parents.{{ figure }} <> children.{{ figure }}
    {% endfor %}
union all
select
    wholes.node_id,
    slices.slice_kind,
    wholes.period_id
from {{ ref('mart_metrics') }} as wholes
inner join slices on wholes.node_id = slices.node_id and wholes.period_id = slices.period_id
where
    wholes.slice_kind = 'all' and (
        false
        {% for figure in figures -%}
        or wholes.{{ figure }} <> slices.{{ figure }}
        {% endfor %}
    )
