-- What became of every deal, as known on the day of this run.
with deals as (
    select
        opportunity_id, valid_from, {{ business_day('created_at') }} as created_on
    from {{ ref('int_opportunity_versions') }} as versions
    where {{ known('versions', as_of_cutoff()) }} and not is_withdrawn and created_at < {{ as_of_cutoff() }}
),

closings as (
    select * from {{ ref('int_closing_versions') }} as versions
    where {{ known('versions', as_of_cutoff()) }}
),

-- The night that first told the present outcome; later edits of a closed deal do not make it news.
told as (
    select
        paths.opportunity_id,
        min(paths.valid_from) as known_at
    from {{ ref('int_stage_path_versions') }} as paths
    inner join closings
        on
            paths.opportunity_id = closings.opportunity_id
            and paths.outcome = closings.outcome
            and {{ business_day('paths.entered_at') }} = closings.closed_on
    group by paths.opportunity_id
),

final as (
    select
        deals.opportunity_id,
        coalesce(closings.outcome, 'open') as outcome,
        closings.won_gross_amount,
        coalesce(closings.is_backfilled, false) as is_backfilled,
        deals.created_on,
        closings.closed_on,
        {{ business_day("told.known_at - interval '1 second'") }} as outcome_known_on
    from deals
    left join closings on deals.opportunity_id = closings.opportunity_id
    left join told on deals.opportunity_id = told.opportunity_id
)

select * from final
