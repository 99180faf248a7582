-- What became of each part (file) of a walk that has finished, up to this day.
with loads as (
    select load_id from {{ source('ops', 'loads') }}
    where state = 'finished' and as_of <= {{ as_of() }}
),

final as (
    select
        parts.load_id,
        parts.part as part_name,
        parts.received as received_count,
        parts.landed as landed_count,
        parts.unchanged as unchanged_count,
        parts.quarantined as quarantined_count
    from {{ source('ops', 'load_parts') }} as parts
    inner join loads on parts.load_id = loads.load_id
)

select * from final
