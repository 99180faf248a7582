-- Open deals whose owner typed another win rate than the stage's: listed, with the difference, and used by no figure.
with final as (
    select
        {{ build_id() }} as build_id,
        opportunity_id,
        owner_id,
        opportunity_name,
        stage_code,
        gross_amount,
        stage_set_rate as set_rate,
        round(rep_probability_percent / 100, 6) as rep_rate,
        round(rep_probability_percent / 100 - stage_set_rate, 6) as rate_difference,
        cast(round(gross_amount * (rep_probability_percent / 100 - stage_set_rate), 2) as numeric(18, 2)) as weighted_gross_difference,
        {{ as_of() }} as as_of
    from {{ ref('int_deals_as_of') }}
    where outcome = 'open' and rep_probability_percent / 100 <> stage_set_rate
)

select * from final
