-- What was acknowledged, one row per build and record, as the payload that was sent.
with final as (
    select
        receipt_id,
        build_id,
        system,
        entity,
        record_id,
        {{ json_text('payload', 'opportunity_id') }} as opportunity_id,
        {{ json_text('payload', 'band') }} as band,
        {{ json_text('payload', 'reason_keys') }} as reason_keys,
        {{ json_text('payload', 'tier') }} as tier,
        {{ json_text('payload', 'period_id') }} as period_id,
        {{ number_of(json_text('payload', 'p_win_by_period_end'), 'numeric(6, 4)') }} as p_win_by_period_end,
        {{ number_of(json_text('payload', 'p_convert_90d'), 'numeric(6, 4)') }} as p_convert_90d
    from {{ source('ops', 'writeback_receipts') }}
    where state = 'acked'
)

select * from final
