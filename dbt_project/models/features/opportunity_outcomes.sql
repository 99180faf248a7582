-- What became of every deal, as known on the day of this run.
select
    opportunity_id,
    outcome,
    won_gross_amount,
    is_backfilled,
    created_on,
    closed_on,
    outcome_known_on
from {{ ref('opportunity_outcome_versions') }} as versions
where {{ known('versions', as_of_cutoff()) }}
