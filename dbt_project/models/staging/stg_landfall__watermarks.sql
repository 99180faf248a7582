-- How far each stream was read, checked and believed: the landing gate moves it, and the go-live import once.
with final as (
    select
        system,
        stream,
        watermark
    from {{ source('ops', 'watermarks') }}
)

select * from final
