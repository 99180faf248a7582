-- Opportunities of all systems as versions, with what their own earlier versions tell.
with fxiaoke as (
    select
        'fxiaoke' as system, opportunity_id, account_id, owner_id, name, cast(null as text) as account_name, sales_process, currency,
        product_line, lead_source, contract_number, lost_reason, forecast_category, dealer_id, original_amount, rep_probability_percent,
        is_renewal,
        is_deleted or coalesce(life_status, 'normal') <> 'normal' as is_withdrawn,
        expected_close_on, signed_on, created_at, valid_from, valid_to
    from {{ ref('stg_fxiaoke__opportunities') }}
    where not is_late and valid_from < valid_to and {{ among_changed('stg_fxiaoke__opportunities', 'opportunity_id') }}
),

files as (
    select
        'files' as system, opportunity_id, account_id, owner_id, name, account_name, sales_process, currency,
        product_line, lead_source, cast(null as text) as contract_number, cast(null as text) as lost_reason,
        cast(null as text) as forecast_category, cast(null as text) as dealer_id, original_amount,
        cast(null as numeric(18, 2)) as rep_probability_percent, is_renewal,
        is_deleted as is_withdrawn,
        expected_close_on, cast(null as date) as signed_on, created_at, valid_from, valid_to
    from {{ ref('stg_files__opportunities') }}
    where not is_late and valid_from < valid_to and {{ among_changed('stg_files__opportunities', 'opportunity_id') }}
),

salesforce as (
    select
        'salesforce' as system, opportunity_id, account_id, owner_id, name, cast(null as text) as account_name, sales_process, currency,
        cast(null as text) as product_line, lead_source, cast(null as text) as contract_number, cast(null as text) as lost_reason,
        forecast_category, cast(null as text) as dealer_id, original_amount, rep_probability_percent, is_renewal,
        is_deleted as is_withdrawn,
        expected_close_on, cast(null as date) as signed_on, created_at, valid_from, valid_to
    from {{ ref('stg_salesforce__opportunities') }}
    where not is_late and valid_from < valid_to and {{ among_changed('stg_salesforce__opportunities', 'opportunity_id') }}
),

told as (
    select * from fxiaoke
    union all
    select * from files
    union all
    select * from salesforce
),

twins as (
    select twin_id, min(valid_from) as known_from from {{ ref('int_opportunity_twins') }}
    where {{ among_changed('int_opportunity_twins', 'twin_id') }}
    group by twin_id
),

parts as (
    select n = 1 as is_twin from ({{ number_series(1) }}) as numbers
),

-- What a leading system tells of as well is withdrawn from the night that brought the match.
versions as (
    select
        told.system, told.opportunity_id, told.account_id, told.owner_id, told.name, told.account_name, told.sales_process, told.currency,
        told.product_line, told.lead_source, told.contract_number, told.lost_reason, told.forecast_category, told.dealer_id,
        told.original_amount, told.rep_probability_percent, told.is_renewal, told.expected_close_on, told.signed_on, told.created_at,
        told.is_withdrawn or coalesce(parts.is_twin, false) as is_withdrawn,
        case when parts.is_twin then greatest(told.valid_from, twins.known_from) else told.valid_from end as valid_from,
        case when parts.is_twin is false then least(told.valid_to, twins.known_from) else told.valid_to end as valid_to
    from told
    left join twins on told.opportunity_id = twins.twin_id and told.valid_to > twins.known_from
    left join parts on twins.twin_id is not null and (parts.is_twin or told.valid_from < twins.known_from)
),

compared as (
    select
        *,
        -- the earliest amount: read only where this version has one, so never one from the future
        first_value(original_amount) over (
            partition by opportunity_id order by coalesce(original_amount, 0) = 0, valid_from
        ) as first_original_amount,
        lag(expected_close_on) over (partition by opportunity_id order by valid_from) as previous_close_on
    from versions
),

pushes as (
    select
        compared.*,
        case
            when compared.expected_close_on > calendar.quarter_ends_on then compared.expected_close_on - compared.previous_close_on
        end as push_days,
        case
            when compared.expected_close_on < calendar.quarter_starts_on then compared.previous_close_on - compared.expected_close_on
        end as pull_in_days
    from compared
    left join {{ ref('int_calendar_day_versions') }} as calendar
        on compared.previous_close_on = calendar.day and {{ known('calendar', 'compared.valid_from') }}
),

final as (
    select
        system,
        opportunity_id,
        account_id,
        owner_id,
        name,
        account_name,
        sales_process,
        currency,
        product_line,
        lead_source,
        contract_number,
        lost_reason,
        forecast_category,
        dealer_id,
        original_amount,
        first_original_amount,
        rep_probability_percent,
        cast(count(push_days) over so_far as integer) as close_date_pushes_count,
        cast(coalesce(sum(push_days) over so_far, 0) as integer) as close_date_push_days,
        cast(count(pull_in_days) over so_far as integer) as close_date_pull_ins_count,
        is_renewal,
        is_withdrawn,
        expected_close_on,
        signed_on,
        created_at,
        valid_from,
        valid_to
    from pushes
    window so_far as (partition by opportunity_id order by valid_from rows between unbounded preceding and current row)
)

select * from final
