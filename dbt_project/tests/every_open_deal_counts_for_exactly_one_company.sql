-- Every open deal of a forecast day reaches the company, once.
select
    spine.as_of_date,
    spine.opportunity_id
from {{ ref('int_open_opportunities_as_of') }} as spine
inner join {{ ref('int_as_of_days') }} as days on spine.as_of_date = days.as_of_date and days.is_forecast_day
left join {{ ref('opportunity_nodes') }} as nodes
    on spine.as_of_date = nodes.as_of_date and spine.opportunity_id = nodes.opportunity_id
left join {{ ref('int_org_nodes') }} as org
    on nodes.as_of_date = org.as_of_date and nodes.node_id = org.node_id and org.node_level = 'company'
group by spine.as_of_date, spine.opportunity_id
having count(org.node_id) <> 1
