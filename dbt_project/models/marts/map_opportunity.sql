-- Every record of a deal in every system with the record that stands for the deal.
with records as (
    select * from {{ ref('int_opportunity_versions') }} as versions
    where {{ known('versions', as_of_cutoff()) }}
),

twins as (
    select * from {{ ref('int_opportunity_twins') }} as stretches
    where {{ known('stretches', as_of_cutoff()) }}
),

final as (
    select
        {{ build_id() }} as build_id,
        records.system,
        records.opportunity_id as source_key,
        coalesce(twins.opportunity_id, records.opportunity_id) as opportunity_id,
        records.name as opportunity_name,
        coalesce(twins.rule, 'itself') as evidence,
        coalesce(records.currency, {{ base_currency() }}) as currency,
        records.original_amount as original_gross_amount,
        twins.twin_id is null as is_leading,
        {{ business_day('twins.valid_from') }} - 1 as matched_on,
        {{ as_of() }} as as_of
    from records
    left join twins on records.opportunity_id = twins.twin_id and records.system = twins.twin_system
    where twins.twin_id is not null or not records.is_withdrawn
)

select * from final
