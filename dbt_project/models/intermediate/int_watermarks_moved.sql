-- How far each day moved a stream's watermark: to the end of its walk's window, once the day's landing gate passed. A walk that finished and
-- was not believed moves nothing. The go-live import moves it without a gate. What a gate said after this build's own is left out.
with passed as (
    select distinct as_of from {{ ref('stg_landfall__gate_verdicts') }}
    where
        border = 'landing' and verdict = 'passed'
        and {{ before_own_record('verdict_id', 'verdict_id', 'stg_landfall__gate_verdicts') }}
),

final as (
    select
        loads.system,
        loads.stream,
        loads.as_of,
        max(loads.window_to) as read_until
    from {{ ref('stg_landfall__loads') }} as loads
    inner join {{ ref('stg_landfall__watermarks') }} as watermarks
        on loads.system = watermarks.system and loads.stream = watermarks.stream and loads.window_to <= watermarks.watermark
    left join passed on loads.window_to = {{ cutoff('passed.as_of') }}
    where loads.is_reconstructed or passed.as_of is not null
    group by loads.system, loads.stream, loads.as_of
)

select * from final
