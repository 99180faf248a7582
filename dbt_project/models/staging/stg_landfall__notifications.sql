-- What became of the messages of each run of `notify`, by channel, as the run noted it. No text and no recipient is in it.
with final as (
    select
        runs.run_id,
        {{ json_text('list.element', 'channel') }} as channel,
        {{ number_of(json_text('list.element', 'sent'), 'integer') }} as sent,
        {{ number_of(json_text('list.element', 'summed'), 'integer') }} as summed,
        {{ number_of(json_text('list.element', 'undeliverable'), 'integer') }} as undeliverable,
        {{ number_of(json_text('list.element', 'failed'), 'integer') }} as failed,
        runs.as_of
    from {{ source('ops', 'step_runs') }} as runs
    {{ cross_join_json_list('runs.detail', 'by_channel') }}
    where runs.finished_at is not null
)

select * from final
