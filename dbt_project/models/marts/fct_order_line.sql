-- Every line of every order that the ERP shows on the day, with the won deal that the order follows from.
with lines as (
    select * from {{ ref('stg_kingdee__orders') }} as versions
    where {{ known('versions', as_of_cutoff()) }} and not is_late and not is_deleted
),

matched as (
    select order_id, opportunity_id from {{ ref('int_orders_matched') }}
    where is_matched
),

final as (
    select
        {{ build_id() }} as build_id,
        'kingdee' as system,
        lines.order_line_id,
        lines.order_id,
        matched.opportunity_id,
        lines.order_number,
        lines.contract_number,
        lines.customer_number,
        lines.customer_name,
        lines.salesperson_number,
        lines.material_number,
        lines.material_name,
        lines.document_status,
        lines.close_status,
        lines.currency,
        lines.quantity,
        lines.tax_rate_percent,
        lines.original_gross_amount,
        lines.original_net_amount,
        lines.gross_amount,
        lines.net_amount,
        coalesce(lines.document_status = 'C', false) as is_approved,
        lines.ordered_on,
        lines.approved_on,
        lines.delivery_due_on,
        {{ as_of() }} as as_of
    from lines
    left join matched on lines.order_id = matched.order_id
)

select * from final
