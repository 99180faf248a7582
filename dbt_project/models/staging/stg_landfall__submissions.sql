-- What people said the period will bring, up to this day: each person's newest number of a node or deal and week; of these, the newest of all.
with numbered as (
    select
        submission_id,
        build_id as seen_build_id,
        node_id,
        opportunity_id,
        period_id,
        said_by,
        door,
        reason,
        gross_amount,
        baseline as seen_baseline_gross_amount,
        gross_amount - baseline as adjustment_gross_amount,
        is_late,
        as_of,
        cast(date_trunc('week', as_of) as date) as week_starts_on,
        row_number() over (
            partition by period_id, node_id, opportunity_id, date_trunc('week', as_of)
            order by submission_id desc
        ) as newness,
        row_number() over (
            partition by period_id, node_id, opportunity_id, date_trunc('week', as_of), said_by
            order by submission_id desc
        ) as own_newness
    from {{ source('ops', 'submissions') }}
    where as_of <= {{ as_of() }}
),

final as (
    select
        submission_id, seen_build_id, node_id, opportunity_id, period_id, said_by, door, reason, gross_amount,
        seen_baseline_gross_amount, adjustment_gross_amount, newness = 1 as is_newest, is_late, as_of, week_starts_on
    from numbered
    where own_newness = 1
)

select * from final
