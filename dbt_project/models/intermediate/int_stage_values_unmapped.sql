-- CRM stage values that no setting maps: someone should add a row to the stage map.
with latest as (
    select paths.stage_value, versions.system, versions.sales_process, paths.opportunity_id
    from {{ ref('int_stage_path_versions') }} as paths
    inner join {{ ref('int_opportunity_versions') }} as versions
        on paths.opportunity_id = versions.opportunity_id and {{ known('versions', as_of_cutoff()) }}
    where paths.stage_code is null
),

final as (
    select
        system,
        coalesce(sales_process, '*') as sales_process,
        stage_value,
        count(distinct opportunity_id) as opportunities_count
    from latest
    group by system, coalesce(sales_process, '*'), stage_value
)

select * from final
