-- For each product line that a deal names or a setting knows: itself and every line above it (up to five levels), as known on the day of the run.
with settings as (
    select key as product_line, parent_product_line, name_zh, name_en from {{ ref('int_setting_versions') }} as versions
    where kind = 'product_line' and {{ known('versions', as_of_cutoff()) }}
),

told as (
    select distinct coalesce(product_line, 'none') as product_line, 1 as is_sold from {{ ref('int_deals_as_of') }}
    union all
    select product_line, 0 as is_sold from settings
    union all
    select parent_product_line as product_line, 0 as is_sold from settings
    where parent_product_line is not null
),

lines as (
    select product_line, max(is_sold) = 1 as has_deals from told
    group by product_line
),

nodes as (
    select lines.product_line, lines.has_deals, settings.parent_product_line, settings.name_zh, settings.name_en
    from lines
    left join settings on lines.product_line = settings.product_line
),

{% for level in range(5) %}
level_{{ level }} as (
    {% if level == 0 -%}
    select product_line, product_line as ancestor_line, parent_product_line, name_zh, name_en, has_deals from nodes
    {%- else -%}
    select below.product_line, nodes.product_line as ancestor_line, nodes.parent_product_line, nodes.name_zh, nodes.name_en, below.has_deals
    from level_{{ level - 1 }} as below
    inner join nodes on below.parent_product_line = nodes.product_line
    {%- endif %}
),
{% endfor %}

final as (
    {% for level in range(5) -%}
    select product_line, ancestor_line, parent_product_line, name_zh, name_en, {{ level }} as levels_up, has_deals from level_{{ level }}
    {{ 'union all' if not loop.last }}
    {% endfor %}
)

select * from final
