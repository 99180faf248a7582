-- The hierarchies of the day beside the organisation: every product line, channel, sales process and lead source that a deal names or that lies
-- above one, with the one above it and its names.
with named as (
    select distinct slice_kind, ancestor_value as slice_value from {{ ref('int_slice_ancestors') }}
    where has_deals
),

final as (
    select
        {{ build_id() }} as build_id,
        ancestors.slice_kind,
        ancestors.slice_value,
        ancestors.parent_value,
        coalesce(ancestors.name_zh, ancestors.slice_value) as name_zh,
        coalesce(ancestors.name_en, ancestors.slice_value) as name_en,
        {{ as_of() }} as as_of
    from {{ ref('int_slice_ancestors') }} as ancestors
    inner join named on ancestors.slice_kind = named.slice_kind and ancestors.slice_value = named.slice_value
    where ancestors.levels_up = 0
)

select * from final
