-- Deals while they are open, as versions: header and place in the funnel together. A deal whose stage nothing tells yet is open. An amount below
-- zero is a slip, which the landing gate names: an open deal has none then.
with headers as (
    select * from {{ ref('int_opportunity_versions') }}
    where not is_withdrawn and {{ among_changed('int_opportunity_versions', 'opportunity_id') }}
),

paths as (
    select * from {{ ref('int_stage_path_versions') }}
    where {{ among_changed('int_stage_path_versions', 'opportunity_id') }}
),

-- From its first stage on a deal always has one.
firsts as (
    select headers.opportunity_id, coalesce(min(paths.valid_from), {{ end_of_time() }}) as staged_from
    from headers
    left join paths on headers.opportunity_id = paths.opportunity_id
    group by headers.opportunity_id
),

places as (
    select
        opportunity_id, stage_value, stage_code, stage_set_rate, stage_moves_count, stage_regressions_count, stage_skips_count, entered_at,
        valid_from, valid_to
    from paths
    where outcome = 'open'
    union all
    select
        opportunity_id, cast(null as text) as stage_value, cast(null as text) as stage_code, cast(null as double precision) as stage_set_rate,
        cast(null as integer) as stage_moves_count, cast(null as integer) as stage_regressions_count, cast(null as integer) as stage_skips_count,
        cast(null as timestamptz) as entered_at, timestamptz '-infinity' as valid_from, staged_from as valid_to
    from firsts
),

final as (
    select
        headers.opportunity_id,
        headers.system,
        headers.account_id,
        headers.owner_id,
        headers.name,
        headers.account_name,
        headers.sales_process,
        headers.currency,
        headers.product_line,
        headers.lead_source,
        places.stage_value,
        places.stage_code,
        case when headers.original_amount >= 0 then headers.original_amount end as original_amount,
        case when headers.first_original_amount >= 0 then headers.first_original_amount end as first_original_amount,
        places.stage_set_rate,
        places.stage_moves_count,
        places.stage_regressions_count,
        places.stage_skips_count,
        headers.close_date_pushes_count,
        headers.close_date_push_days,
        headers.is_renewal,
        headers.expected_close_on,
        headers.created_at,
        places.entered_at,
        greatest(headers.valid_from, places.valid_from) as valid_from,
        least(headers.valid_to, places.valid_to) as valid_to
    from headers
    inner join places
        on
            headers.opportunity_id = places.opportunity_id
            and headers.valid_from < places.valid_to
            and places.valid_from < headers.valid_to
)

select * from final
