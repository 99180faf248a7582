-- Runs of steps that ended, as every attempt left them; one that was killed has no end and is left out. The clock serves durations alone:
-- runs are ordered by their number. A publication waits for the steps that are named here (a test compares them with the DAG).
with final as (
    select
        run_id,
        step,
        {{ json_text('detail', 'system') }} as system,
        {{ json_text('detail', 'build_id') }} as build_id,
        state,
        extract(epoch from finished_at - started_at) as seconds,
        peak_rss_bytes,
        step in (
            'history', 'extract', 'gate_landing', 'features', 'gate_features', 'train', 'open_build', 'score', 'forecast', 'marts',
            'gate_marts', 'publish'
        ) as is_before_publication,
        as_of,
        started_at,
        finished_at
    from {{ source('ops', 'step_runs') }}
    where finished_at is not null
)

select * from final
