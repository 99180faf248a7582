-- Streams that a build lacks the end of its day of.
with builds as (
    select build_id, {{ json_object([['list', 'stale_inputs']]) }} as held from {{ source('ops', 'builds') }}
),

final as (
    select
        builds.build_id,
        {{ json_text('list.element', 'system') }} as system,
        {{ json_text('list.element', 'stream') }} as stream,
        {{ instant_of_iso(json_text('list.element', 'read_until')) }} as read_until
    from builds
    {{ cross_join_json_list('builds.held', 'list') }}
)

select * from final
