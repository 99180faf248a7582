-- The product hierarchy of the day: every line that a deal names or that lies above one, with the line above it and its names.
with sold as (
    select ancestor_line from {{ ref('int_product_line_ancestors') }}
    where has_deals
),

final as (
    select
        {{ build_id() }} as build_id,
        lines.product_line,
        lines.parent_product_line,
        coalesce(lines.name_zh, lines.product_line) as name_zh,
        coalesce(lines.name_en, lines.product_line) as name_en,
        {{ as_of() }} as as_of
    from {{ ref('int_product_line_ancestors') }} as lines
    where lines.levels_up = 0 and lines.product_line in (select sold.ancestor_line from sold)
)

select * from final
