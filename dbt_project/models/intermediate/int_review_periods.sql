-- The periods that pages show: the present one, the eight before it and the two after it, and the day of each that lies as today does.
with steps as (
    {{ number_series(10) }}
),

starts as (
    select cast({{ period_start(as_of()) }} + interval '3 months' * (steps.n - 8) as date) as starts_on
    from steps
),

cuts as (
    select period_id, window_cut_on from (
        select period_id, cut_on as window_cut_on from {{ ref('int_forecast_windows') }}
        where as_of_date = {{ as_of() }} and window_kind = 'period'
    ) as windows
),

final as (
    select
        {{ period_id('starts.starts_on') }} as period_id,
        case
            when {{ as_of() }} between starts.starts_on and {{ period_end('starts.starts_on') }} then 'current'
            when starts.starts_on > {{ as_of() }} then 'future'
            else 'past'
        end as period_kind,
        starts.starts_on,
        {{ period_end('starts.starts_on') }} as ends_on,
        -- the same share of working days; none where our data do not reach that far back
        case
            when {{ as_of() }} between starts.starts_on and {{ period_end('starts.starts_on') }} then {{ as_of() }}
            else cuts.window_cut_on
        end as same_day_on
    from starts
    left join cuts on {{ period_id('starts.starts_on') }} = cuts.period_id
)

select * from final
