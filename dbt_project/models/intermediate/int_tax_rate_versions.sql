-- The rate of value-added tax of each product line on the clock; until a setting first names a line it has that of all (`*`).
with named as (
    select key as product_line, cast(fx_rate as numeric(9, 6)) as tax_rate, valid_from, valid_to
    from {{ ref('int_setting_versions') }}
    where kind = 'tax_rate'
),

firsts as (
    select product_line, min(valid_from) as named_from from named
    group by product_line
),

lines as (
    select told.product_line, coalesce(firsts.named_from, {{ end_of_time() }}) as named_from
    from ({{ values_of(ref('int_opportunity_versions'), 'product_line') }}) as told
    left join firsts on told.product_line = firsts.product_line
    where told.product_line <> '*'
),

others as (
    select lines.product_line, named.tax_rate, named.valid_from, least(named.valid_to, lines.named_from) as valid_to
    from lines
    inner join named on named.product_line = '*' and named.valid_from < lines.named_from
),

final as (
    select * from named
    union all
    select * from others
)

select * from final
