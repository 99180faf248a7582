-- What each side of the control of targets counts, as known on the day of the run: target and signed sheet, by period and node.
with periods as (
    select * from {{ ref('int_review_periods') }}
),

settings as (
    select
        kind, key, gross_amount, {{ business_day('valid_from') }} - 1 as standing_since_on,
        split_part(key, '|', 1) as first_key, split_part(key, '|', 2) as second_key
    from {{ ref('int_setting_versions') }} as versions
    where kind in ('target', 'signed_target') and {{ known('versions', as_of_cutoff()) }}
),

final as (
    select
        'targets' as control, case when kind = 'target' then 'here' else 'there' end as side, key as entry_id, first_key as pair_id,
        second_key as period_id, first_key as node_id, first_key as item_name, null as reason, {{ base_currency() }} as currency,
        cast(null as numeric(18, 2)) as original_gross_amount, gross_amount, cast(null as date) as dated_on,
        -- what was told with the go-live has no day of its own: it matters from its period on
        case when standing_since_on > date '1971-01-01' then standing_since_on else least(periods.starts_on, {{ as_of() }}) end
            as standing_since_on
    from settings
    inner join periods on settings.second_key = periods.period_id
)

select * from final
