-- From when to when movement of the present period's pipeline is told: since the period began, for a week, for a day.
with period as (
    select * from {{ ref('int_review_periods') }}
    where period_kind = 'current'
),

spans as (
    select 'period' as span_kind, starts_on - 1 as from_on from period
    union all
    select 'week' as span_kind, {{ as_of() }} - 7 as from_on
    union all
    select 'day' as span_kind, {{ as_of() }} - 1 as from_on
),

final as (
    select
        spans.span_kind,
        period.period_id,
        spans.from_on,
        period.starts_on as period_starts_on,
        period.ends_on as period_ends_on,
        {{ cutoff('spans.from_on') }} as from_cutoff_at
    from spans
    cross join period
)

select * from final
