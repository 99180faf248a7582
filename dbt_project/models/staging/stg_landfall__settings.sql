-- Business settings that a night of this day may see: our defaults and the tenant's own rows.
with defaults as (
    select
        0 as setting_id,
        kind,
        key,
        {{ json_of('value') }} as value,
        valid_from,
        timestamptz '-infinity' as decided_at
    from {{ ref('default_settings') }}
),

own as (
    select
        setting_id,
        kind,
        key,
        value,
        valid_from,
        decided_at
    from {{ source('ops', 'settings') }}
),

visible as (
    select * from defaults
    where valid_from <= {{ as_of() }}
    union all
    select * from own
    where valid_from <= {{ as_of() }} and decided_at < {{ as_of_cutoff() }}
),

final as (
    select
        setting_id,
        kind,
        key,
        {{ json_text('value', 'name_zh') }} as name_zh,
        {{ json_text('value', 'name_en') }} as name_en,
        {{ json_text('value', 'outcome') }} as outcome,
        {{ json_text('value', 'stage_code') }} as stage_code,
        {{ json_text('value', 'channel') }} as channel,
        {{ json_text('value', 'value') }} as text_value,
        {{ json_text('value', 'parent_node_id') }} as parent_node_id,
        coalesce(
            {% for kind in tree_kinds().values() -%}
            {{ json_text('value', 'parent_' ~ kind) }}{{ ',' if not loop.last }}
            {% endfor -%}
        ) as parent_value,
        {{ json_text('value', 'node_level') }} as node_level,
        {{ json_text('value', 'name') }} as name,
        {{ json_text('value', 'day_kind') }} as day_kind,
        {{ json_text('value', 'calendar_kind') }} as calendar_kind,
        {{ json_text('value', 'id_prefix') }} as id_prefix,
        {{ json_text('value', 'year_named_by') }} as year_named_by,
        cast({{ number_of(json_text('value', 'first_month')) }} as integer) as first_month,
        cast({{ number_of(json_text('value', 'closing_day')) }} as integer) as closing_day,
        cast({{ number_of(json_text('value', 'stage_order')) }} as integer) as stage_order,
        {{ number_of(json_text('value', 'set_rate'), 'double precision') }} as set_rate,
        {{ number_of(json_text('value', 'rate'), 'numeric(18, 8)') }} as fx_rate,
        {{ number_of(json_text('value', 'gross_amount')) }} as gross_amount,
        {{ number_of(json_text('value', 'threshold'), 'numeric(18, 4)') }} as threshold,
        cast({{ number_of(json_text('value', 'days')) }} as integer) as days_count,
        coalesce({{ json_text('value', 'is_enabled') }} = 'true', false) as is_enabled,
        coalesce({{ json_text('value', 'is_withdrawn') }} = 'true', false) as is_withdrawn,
        valid_from as effective_on,
        decided_at
    from visible
)

select * from final
