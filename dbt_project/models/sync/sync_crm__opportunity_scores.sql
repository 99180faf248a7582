{%- set payload_keys = [
    'p_win_by_period_end', 'p_win_ever', 'expected_close_week', 'band', 'reasons', 'scored_at', 'model_version', 'tier', 'period_id', 'link', 'reason_keys'
] -%}
-- What the CRM is owed: scores that differ from what it last acknowledged for an earlier build, and scores to be cleared.
with this_build as (
    select max(first_publication_id) as first_publication_id from {{ ref('stg_landfall__builds') }}
    where build_id = {{ build_id() }}
),

deals as (
    select
        opportunity_id, system, band, tier, model_version, period_id, reason_text, reason_keys, expected_close_week,
        cast(round(cast(p_win_by_period_end as numeric), 4) as numeric(6, 4)) as p_win_by_period_end,
        cast(round(cast(p_win_ever as numeric), 4) as numeric(6, 4)) as p_win_ever
    from {{ ref('mart_open_opportunities') }}
    where p_win_by_period_end is not null
),

-- Acknowledged for builds that were first published before this one: what this very build got acknowledged never changes what it owes.
acknowledged as (
    select
        receipts.*,
        row_number() over (
            partition by receipts.opportunity_id order by builds.first_publication_id desc, receipts.receipt_id desc
        ) as age
    from {{ ref('stg_landfall__writeback_receipts') }} as receipts
    inner join {{ ref('stg_landfall__builds') }} as builds on receipts.build_id = builds.build_id
    cross join this_build
    where
        receipts.build_id <> {{ build_id() }}
        and builds.first_publication_id < coalesce(this_build.first_publication_id, {{ last_number() }})
),

last_acknowledged as (
    select * from acknowledged
    where age = 1
),

owed as (
    select
        deals.opportunity_id, deals.system, 'send' as action, deals.p_win_by_period_end, deals.p_win_ever, deals.expected_close_week,
        deals.band, deals.reason_text as reasons, {{ as_of_cutoff() }} as scored_at, deals.model_version, deals.tier, deals.period_id,
        {% if var('public_url') %}'{{ var("public_url") }}/opportunities/' || deals.opportunity_id{% else %}cast(null as text){% endif %} as link,
        deals.reason_keys
    from deals
    left join last_acknowledged as last on deals.opportunity_id = last.opportunity_id
    where
        last.p_win_by_period_end is null
        or abs(deals.p_win_by_period_end - last.p_win_by_period_end) >= 0.02
        or deals.band is distinct from last.band
        -- other facts, not the same facts a day older: each sentence says its figure as of scored_at
        or deals.reason_keys is distinct from last.reason_keys
        or deals.tier is distinct from last.tier
        or deals.period_id is distinct from last.period_id
),

withdrawn as (
    select
        last.opportunity_id, last.system, 'withdraw' as action,
        cast(null as numeric(6, 4)) as p_win_by_period_end, cast(null as numeric(6, 4)) as p_win_ever,
        cast(null as date) as expected_close_week, cast(null as text) as band, cast(null as text) as reasons,
        cast(null as timestamptz) as scored_at, cast(null as text) as model_version, cast(null as text) as tier,
        cast(null as text) as period_id, cast(null as text) as link, cast(null as text) as reason_keys
    from last_acknowledged as last
    left join deals on last.opportunity_id = deals.opportunity_id
    where last.p_win_by_period_end is not null and deals.opportunity_id is null
),

messages as (
    select * from owed
    union all
    select * from withdrawn
),

packed as (
    select
        opportunity_id, system, action,
        {% set pairs = [] -%}
        {% for key in payload_keys %}{% do pairs.append([key, key]) %}{% endfor -%}
        {{ json_object(pairs) }} as payload
    from messages
),

final as (
    select
        {{ build_id() }} as build_id,
        opportunity_id,
        system,
        action,
        payload,
        {{ digest_of(['payload']) }} as payload_hash
    from packed
)

select * from final
