-- The slowest models of each run of a layer of SQL, as the step noted them.
with final as (
    select
        runs.run_id,
        runs.step,
        {{ json_text('list.element', 'model') }} as sql_model,
        {{ number_of(json_text('list.element', 'seconds'), 'numeric(12, 1)') }} as seconds,
        runs.as_of
    from {{ source('ops', 'step_runs') }} as runs
    {{ cross_join_json_list('runs.detail', 'slowest') }}
    where runs.finished_at is not null
)

select * from final
