-- Deals while they count as won or lost, as versions: who owned them, for whom, when and for how much they closed.
with closings as (
    select
        paths.opportunity_id, versions.account_id, versions.owner_id, paths.outcome,
        versions.currency, versions.original_amount, versions.created_at, versions.signed_on, paths.entered_at as closed_at,
        {{ business_day('paths.entered_at') }} as closed_on,
        {{ business_day('versions.created_at') }} as created_on,
        greatest(paths.valid_from, versions.valid_from) as valid_from,
        least(paths.valid_to, versions.valid_to) as valid_to
    from {{ ref('int_stage_path_versions') }} as paths
    inner join {{ ref('int_opportunity_versions') }} as versions
        on
            paths.opportunity_id = versions.opportunity_id
            and paths.valid_from < versions.valid_to
            and versions.valid_from < paths.valid_to
    where
        paths.outcome in ('won', 'lost') and not versions.is_withdrawn
        and {{ among_changed('int_stage_path_versions', 'paths.opportunity_id') }}
        and {{ among_changed('int_opportunity_versions', 'versions.opportunity_id') }}
),

final as (
    select
        closings.opportunity_id,
        closings.account_id,
        closings.owner_id,
        closings.outcome,
        case
            when closings.outcome = 'won' then cast(round(closings.original_amount * rates.fx_rate, 2) as numeric(18, 2))
        end as won_gross_amount,
        closings.outcome = 'won' and (
            closings.closed_at < closings.created_at + interval '168 hours'
            or coalesce(closings.created_on > closings.signed_on, false)
        ) as is_backfilled,
        closings.created_on,
        closings.closed_on,
        closings.valid_from,
        closings.valid_to
    from closings
    left join {{ ref('int_fx_rate_versions') }} as rates
        on
            coalesce(closings.currency, {{ base_currency() }}) = rates.currency
            and {{ known('rates', cutoff('closings.closed_on')) }}
)

select * from final
