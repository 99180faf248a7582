-- What became of every deal, as versions: what each night knew of it. Its open and its closed spans are all of its life but where it is withdrawn.
with opened as (
    select * from {{ ref('int_open_versions') }}
),

closings as (
    select * from {{ ref('int_closing_versions') }}
),

-- When an outcome was first told; later edits of a closed deal do not make it news.
told as (
    select opportunity_id, outcome, {{ business_day('entered_at') }} as closed_on, min(valid_from) as known_at
    from {{ ref('int_stage_path_versions') }}
    where outcome in ('won', 'lost')
    group by opportunity_id, outcome, {{ business_day('entered_at') }}
),

spans as (
    select
        opportunity_id, 'open' as outcome, cast(null as numeric(18, 2)) as won_gross_amount, false as is_backfilled,
        {{ business_day('created_at') }} as created_on, cast(null as date) as closed_on, cast(null as date) as outcome_known_on,
        valid_from, valid_to
    from opened
    union all
    select
        closings.opportunity_id, closings.outcome, closings.won_gross_amount, coalesce(closings.is_backfilled, false) as is_backfilled,
        closings.created_on, closings.closed_on, {{ business_day("told.known_at - interval '1 second'") }} as outcome_known_on,
        closings.valid_from, closings.valid_to
    from closings
    left join told
        on
            closings.opportunity_id = told.opportunity_id
            and closings.outcome = told.outcome
            and closings.closed_on = told.closed_on
),

-- A record that tells of a creation still to come is of no deal until that day is over.
final as (
    select
        opportunity_id,
        outcome,
        won_gross_amount,
        is_backfilled,
        created_on,
        closed_on,
        outcome_known_on,
        greatest(valid_from, {{ cutoff('created_on') }}) as valid_from,
        valid_to
    from spans
    where {{ cutoff('created_on') }} < valid_to
)

select * from final
