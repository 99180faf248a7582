-- No time travel (O8): what a row counted happened before its cutoff and was known by then, and no row lies beyond the day of the run.
select
    opportunity_id,
    as_of_date,
    revision
from {{ ref('opportunity_features') }}
where
    (latest_event_at >= cutoff_at or latest_known_at > cutoff_at or cutoff_at <> {{ cutoff('as_of_date') }})
    and as_of_date between {{ feature_from() }} and {{ feature_to() }}
