-- What the sides of all controls count, as known on the day of the run.
with final as (
    select
        control, side, entry_id, pair_id, period_id, node_id, item_name, reason, currency, original_gross_amount, gross_amount,
        dated_on, standing_since_on
    from {{ ref('int_control_sales') }}
    union all
    select
        control, side, entry_id, pair_id, period_id, node_id, item_name, reason, currency, original_gross_amount, gross_amount,
        dated_on, standing_since_on
    from {{ ref('int_control_money') }}
    union all
    select
        control, side, entry_id, pair_id, period_id, node_id, item_name, reason, currency, original_gross_amount, gross_amount,
        dated_on, standing_since_on
    from {{ ref('int_control_ledger') }}
)

select * from final
