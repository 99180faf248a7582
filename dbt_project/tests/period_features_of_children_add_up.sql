-- Won amounts of a node's children sum to its own, for every window (nodes without children aside).
with children as (
    select
        as_of_date, parent_node_id, window_id,
        sum(won_gross_amount) as won, sum(new_gross_amount) as new, sum(open_won_gross_amount) as open_won
    from {{ ref('period_features') }}
    where parent_node_id is not null
    group by as_of_date, parent_node_id, window_id
)

select parents.as_of_date, parents.node_id, parents.window_id
from {{ ref('period_features') }} as parents
inner join children
    on
        parents.as_of_date = children.as_of_date and parents.node_id = children.parent_node_id
        and parents.window_id = children.window_id
where
    parents.won_gross_amount is distinct from children.won
    or parents.new_gross_amount is distinct from children.new
    or parents.open_won_gross_amount is distinct from children.open_won
