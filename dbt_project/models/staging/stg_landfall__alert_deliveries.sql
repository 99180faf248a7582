-- Who was told of which alert, by which build; what failed is left out.
with final as (
    select
        delivery_id,
        build_id,
        alert_key,
        channel,
        recipient_id,
        state
    from {{ source('ops', 'alert_deliveries') }}
    where state in ('sent', 'summed', 'undeliverable')
)

select * from final
