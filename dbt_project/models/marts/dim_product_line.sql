-- The product hierarchy of the day: every line that a deal names or that lies above one, with the line above it, its names, and how deep it
-- lies.
with sold as (
    select ancestor_line from {{ ref('int_product_line_ancestors') }}
    where has_deals
),

depths as (
    select product_line, max(levels_up) as depth from {{ ref('int_product_line_ancestors') }}
    group by product_line
),

final as (
    select
        {{ build_id() }} as build_id,
        lines.product_line,
        lines.parent_product_line,
        coalesce(lines.name_zh, lines.product_line) as name_zh,
        coalesce(lines.name_en, lines.product_line) as name_en,
        depths.depth,
        {{ as_of() }} as as_of
    from {{ ref('int_product_line_ancestors') }} as lines
    inner join depths on lines.product_line = depths.product_line
    where lines.levels_up = 0 and lines.product_line in (select sold.ancestor_line from sold)
)

select * from final
