-- What history proposes as the set rate of a stage: shown beside what holds, never applied; a person decides through the settings door.
with rates as (
    select * from {{ ref('mart_stage_conversion') }}
),

final as (
    select
        build_id,
        node_id,
        slice_kind,
        slice_value,
        stage_code,
        case
            when entered_count < {{ var('rate_least_count') }} then 'too_few'
            when set_rate between realised_ever_rate_low and realised_ever_rate_high then 'agrees' -- no set rate agrees with nothing
            else 'proposed'
        end as verdict,
        entered_count,
        won_count,
        set_rate,
        realised_ever_rate,
        realised_ever_rate_low,
        realised_ever_rate_high,
        in_period_count,
        in_period_won_count,
        realised_in_period_rate,
        realised_in_period_rate_low,
        realised_in_period_rate_high,
        case
            when
                entered_count >= {{ var('rate_least_count') }}
                and not coalesce(set_rate between realised_ever_rate_low and realised_ever_rate_high, false)
                then round(realised_ever_rate, 2)
        end as proposed_set_rate,
        as_of
    from rates
)

select * from final
