-- The periods that pages show: the present one, the eight before it and the two after it, and the day of each that lies as today does.
with quarters as (
    select * from {{ ref('int_period_versions') }} as periods
    where period_kind = 'quarter' and {{ known('periods', as_of_cutoff()) }}
),

placed as (
    select
        quarters.*,
        row_number() over (order by starts_on) - sum(case when starts_on <= {{ as_of() }} then 1 else 0 end) over () as steps_ahead
    from quarters
),

cuts as (
    select period_id, window_cut_on from (
        select period_id, cut_on as window_cut_on from {{ ref('int_forecast_windows') }}
        where as_of_date = {{ as_of() }} and window_kind = 'period'
    ) as windows
),

final as (
    select
        placed.period_id,
        case when placed.steps_ahead = 0 then 'current' when placed.steps_ahead > 0 then 'future' else 'past' end as period_kind,
        placed.starts_on,
        placed.ends_on,
        -- the same share of working days; none where our data do not reach that far back
        case when placed.steps_ahead = 0 then {{ as_of() }} else cuts.window_cut_on end as same_day_on
    from placed
    left join cuts on placed.period_id = cuts.period_id
    where placed.steps_ahead between -8 and 2
)

select * from final
