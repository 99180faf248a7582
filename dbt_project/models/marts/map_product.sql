-- Every material of the ERP with the product line that its group is, and why; or that none or several fit, as for what is only bought.
with materials as (
    select material_number, material_name, material_group, material_kind from {{ ref('stg_kingdee__materials') }} as versions
    where {{ known('versions', as_of_cutoff()) }} and not is_late and not is_deleted
),

lines as (
    select
        slice_value as product_line, {{ company_key('slice_value') }} as code_key, {{ company_key('name_zh') }} as zh_key, {{ company_key('name_en') }} as en_key
    from {{ ref('int_slice_ancestors') }}
    where slice_kind = 'product_line' and levels_up = 0 and slice_value <> 'none'
),

settings as (
    select key, text_value as product_line from {{ ref('int_setting_versions') }} as versions
    where kind = 'product_map' and {{ known('versions', as_of_cutoff()) }}
),

groups as (
    select distinct material_group, {{ company_key('material_group') }} as group_key from materials
    where material_group is not null
),

fitting as (
    select
        groups.material_group, rules.rule, rules.priority, min(lines.product_line) as product_line, count(*) as candidates_count
    from groups
    cross join {{ ref('product_rules') }} as rules
    left join settings on settings.key = 'kingdee|' || groups.material_group
    inner join lines
        on
            case rules.compares
                when 'setting' then settings.product_line = lines.product_line
                when 'code' then groups.material_group = lines.product_line
                when 'code_key' then groups.group_key = lines.code_key
                when 'name' then groups.group_key in (lines.zh_key, lines.en_key)
            end
    group by groups.material_group, rules.rule, rules.priority
),

-- the strictest rule by which any line fits decides
best as (
    select *, row_number() over (partition by material_group order by priority) as place from fitting
),

final as (
    select
        {{ build_id() }} as build_id,
        'kingdee' as system,
        materials.material_number as product_id,
        case when best.candidates_count = 1 then best.product_line end as product_line,
        materials.material_name as product_name,
        materials.material_group as group_code,
        case when best.candidates_count > 1 then 'ambiguous' else coalesce(best.rule, 'none') end as evidence,
        cast(coalesce(best.candidates_count, 0) as integer) as candidates_count,
        coalesce(best.candidates_count = 1, false) as is_matched,
        -- 1 is bought, 2 is made
        coalesce(materials.material_kind = '1', false) as is_bought,
        {{ as_of() }} as as_of
    from materials
    left join best on materials.material_group = best.material_group and best.place = 1
)

select * from final
