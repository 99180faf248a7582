-- What the sides of all controls count, as known on the day of the run, by the review period of its day; a target has its period instead.
with entries as (
    {% for part in ['sales', 'receipts', 'ledger'] -%}
    select
        control, side, entry_id, pair_id, node_id, item_name, reason, currency, original_gross_amount, gross_amount, dated_on, standing_since_on
    from {{ ref('int_control_' ~ part) }}
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

final as (
    select
        entries.control, entries.side, entries.entry_id, entries.pair_id, periods.period_id, entries.node_id, entries.item_name,
        entries.reason, coalesce(entries.currency, {{ base_currency() }}) as currency, entries.original_gross_amount,
        coalesce(entries.gross_amount, 0) as gross_amount, entries.dated_on, entries.standing_since_on
    from entries
    left join {{ ref('int_review_periods') }} as periods on entries.dated_on between periods.starts_on and periods.ends_on
    union all
    select
        control, side, entry_id, pair_id, period_id, node_id, item_name, reason, currency, original_gross_amount, gross_amount,
        dated_on, standing_since_on
    from {{ ref('int_control_targets') }}
)

select * from final
