-- Who was told of which alert, by which build; whom no channel reached is left out, since a contact may be mended.
with final as (
    select
        delivery_id,
        build_id,
        alert_key,
        channel,
        recipient_id,
        state
    from {{ source('ops', 'alert_deliveries') }}
    where state in ('sent', 'summed')
)

select * from final
