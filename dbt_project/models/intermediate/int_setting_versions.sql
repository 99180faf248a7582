-- Business settings on the clock: of the rows visible on a day, the greatest effective day wins, then the latest decided.
with visible as (
    select
        *,
        greatest({{ cutoff('effective_on') }}, {{ cutoff(business_day('decided_at')) }}) as visible_at
    from {{ ref('stg_landfall__settings') }}
),

ranked as (
    select
        *,
        row_number() over (partition by kind, key order by effective_on, decided_at, setting_id) as precedence
    from visible
),

winners as (
    select
        *,
        precedence < max(precedence) over (
            partition by kind, key order by visible_at, precedence rows between unbounded preceding and 1 preceding
        ) as is_overruled
    from ranked
),

-- A withdrawn setting ends the version before it and holds nothing itself.
versions as (
    select
        kind,
        key,
        name_zh,
        name_en,
        outcome,
        stage_code,
        channel,
        text_value,
        parent_node_id,
        parent_value,
        node_level,
        name,
        day_kind,
        calendar_kind,
        id_prefix,
        year_named_by,
        first_month,
        closing_day,
        stage_order,
        set_rate,
        fx_rate,
        gross_amount,
        threshold,
        days_count,
        is_enabled,
        is_withdrawn,
        visible_at as valid_from,
        coalesce(lead(visible_at) over (partition by kind, key order by visible_at, precedence), {{ end_of_time() }}) as valid_to
    from winners
    where not coalesce(is_overruled, false)
),

final as (
    select
        kind, key, name_zh, name_en, outcome, stage_code, channel, text_value, parent_node_id, parent_value, node_level, name,
        day_kind, calendar_kind, id_prefix, year_named_by, first_month, closing_day,
        stage_order, set_rate, fx_rate, gross_amount, threshold, days_count, is_enabled, valid_from, valid_to
    from versions
    where valid_from < valid_to and not is_withdrawn
)

select * from final
