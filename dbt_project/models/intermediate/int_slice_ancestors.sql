-- For each product line, channel, sales process and lead source that a deal names or a setting knows: itself and every one above it (up to five
-- levels), as known on the day of the run.
{%- set kinds = tree_kinds().values() %}
with settings as (
    select kind as slice_kind, key as slice_value, parent_value, name_zh, name_en from {{ ref('int_setting_versions') }} as versions
    where kind in ('{{ kinds | join("', '") }}') and {{ known('versions', as_of_cutoff()) }}
),

deals as {{ read_once() }} (
    select distinct {{ kinds | join(', ') }} from {{ ref('int_deals_as_of') }}
),

told as (
    {% for kind in kinds -%}
    select distinct '{{ kind }}' as slice_kind, coalesce({{ kind }}, 'none') as slice_value, 1 as is_named from deals
    union all
    {% endfor -%}
    select slice_kind, slice_value, 0 as is_named from settings
    union all
    select slice_kind, parent_value as slice_value, 0 as is_named from settings
    where parent_value is not null
),

named as (
    select slice_kind, slice_value, max(is_named) = 1 as has_deals from told
    group by slice_kind, slice_value
),

nodes as (
    select named.slice_kind, named.slice_value, named.has_deals, settings.parent_value, settings.name_zh, settings.name_en
    from named
    left join settings on named.slice_kind = settings.slice_kind and named.slice_value = settings.slice_value
),

{% for level in range(5) %}
level_{{ level }} as (
    {% if level == 0 -%}
    select slice_kind, slice_value, slice_value as ancestor_value, parent_value, name_zh, name_en, has_deals from nodes
    {%- else -%}
    select
        below.slice_kind, below.slice_value, nodes.slice_value as ancestor_value, nodes.parent_value, nodes.name_zh, nodes.name_en, below.has_deals
    from level_{{ level - 1 }} as below
    inner join nodes on below.slice_kind = nodes.slice_kind and below.parent_value = nodes.slice_value
    {%- endif %}
),
{% endfor %}

final as (
    {% for level in range(5) -%}
    select slice_kind, slice_value, ancestor_value, parent_value, name_zh, name_en, {{ level }} as levels_up, has_deals from level_{{ level }}
    {{ 'union all' if not loop.last }}
    {% endfor %}
)

select * from final
