-- For each forecast day and node: itself and every node above it (up to ten levels).
with nodes as (
    select * from {{ ref('int_org_nodes') }}
),

{% for level in range(10) %}
level_{{ level }} as (
    {% if level == 0 -%}
    select as_of_date, node_id, node_id as ancestor_id, parent_node_id from nodes
    {%- else -%}
    select below.as_of_date, below.node_id, nodes.node_id as ancestor_id, nodes.parent_node_id
    from level_{{ level - 1 }} as below
    inner join nodes on below.as_of_date = nodes.as_of_date and below.parent_node_id = nodes.node_id
    {%- endif %}
),
{% endfor %}

final as (
    {% for level in range(10) -%}
    select as_of_date, node_id, ancestor_id from level_{{ level }}
    {{ 'union all' if not loop.last }}
    {% endfor %}
)

select * from final
