-- The spine and the recorded rows of the day name the same deals.
select spine.opportunity_id
from {{ ref('int_open_opportunities_as_of') }} as spine
left join {{ ref('opportunity_features') }} as features
    on spine.opportunity_id = features.opportunity_id and spine.as_of_date = features.as_of_date
where features.opportunity_id is null
