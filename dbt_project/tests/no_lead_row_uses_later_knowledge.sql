-- No time travel (O8) for leads: what a row counted happened before its cutoff and was known by then, and no answer is told before it is due.
select
    lead_id,
    as_of_date
from {{ ref('lead_features') }}
where
    (latest_event_at >= cutoff_at or latest_known_at > cutoff_at or cutoff_at <> {{ cutoff('as_of_date') }})
    and as_of_date between {{ feature_from() }} and {{ feature_to() }}
union all
select
    lead_id,
    created_on as as_of_date
from {{ ref('lead_outcomes') }}
where is_converted is not null and created_on > {{ as_of() }} - 90
