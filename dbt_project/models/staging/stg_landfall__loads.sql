-- Finished walks up to this day, one row per load.
with final as (
    select
        load_id,
        system,
        stream,
        requests,
        received,
        landed,
        unchanged,
        quarantined,
        is_reconstructed,
        as_of,
        window_from,
        window_to,
        started_at
    from {{ source('ops', 'loads') }}
    where state = 'finished' and as_of <= {{ as_of() }}
)

select * from final
