{%- set own = [
    'created', 'reopened', 'pulled_in', 'rolled_in', 'amount_up', 'amount_down', 'won', 'lost', 'pushed_out', 'dated_earlier', 'removed',
] -%}
{%- set components = ['opening', 'moved_in'] + own + ['moved_out', 'closing'] %}
-- Why the pipeline of the present period moved, at every node: opening and parts that add up to closing, to the cent.
with movements as (
    select * from {{ ref('int_pipeline_movements') }}
),

-- Where a deal counted at the start, in the organisation of that day, and where it counts now.
before as (
    select movements.span_kind, movements.opportunity_id, ancestors.ancestor_id as node_id
    from movements
    inner join {{ ref('int_org_ancestors') }} as ancestors
        on movements.from_on = ancestors.as_of_date and movements.from_node_id = ancestors.node_id
    where movements.was_in
),

present as (
    select node_id from {{ ref('int_org_nodes') }}
    where as_of_date = {{ as_of() }}
),

company as (
    select node_id from {{ ref('int_org_nodes') }}
    where as_of_date = {{ as_of() }} and node_level = 'company'
),

after as (
    select movements.span_kind, movements.opportunity_id, ancestors.ancestor_id as node_id
    from movements
    cross join company
    left join present on movements.to_node_id = present.node_id
    inner join {{ ref('int_org_ancestors') }} as ancestors
        on ancestors.as_of_date = {{ as_of() }} and coalesce(present.node_id, company.node_id) = ancestors.node_id
),

places as (
    select
        coalesce(before.span_kind, after.span_kind) as span_kind,
        coalesce(before.opportunity_id, after.opportunity_id) as opportunity_id,
        coalesce(before.node_id, after.node_id) as node_id,
        before.node_id is not null as was_here,
        after.node_id is not null as is_here
    from before
    full join after
        on before.span_kind = after.span_kind and before.opportunity_id = after.opportunity_id and before.node_id = after.node_id
),

placed as (
    select
        places.node_id, movements.span_kind, movements.period_id, movements.from_on,
        {{ when('places.was_here', 'movements.opening') }} as opening,
        {{ when('places.is_here and not places.was_here', 'movements.opening') }} as moved_in,
        {% for component in own + ['closing'] -%}
        {{ when('places.is_here', 'movements.' ~ component) }} as {{ component }},
        {% endfor -%}
        -({{ when('places.was_here and not places.is_here', 'movements.opening') }}) as moved_out
    from places
    inner join movements on places.span_kind = movements.span_kind and places.opportunity_id = movements.opportunity_id
),

final as (
    {% for component in components -%}
    select
        {{ build_id() }} as build_id,
        node_id,
        period_id,
        span_kind,
        '{{ component }}' as component,
        {{ loop.index }} as component_order,
        cast(sum({{ component }}) as numeric(18, 2)) as gross_amount,
        cast(sum(case when {{ component }} <> 0 then 1 else 0 end) as integer) as deals_count,
        from_on,
        {{ as_of() }} as as_of
    from placed
    group by node_id, period_id, span_kind, from_on
    {{ 'union all' if not loop.last }}
    {% endfor %}
)

select * from final
