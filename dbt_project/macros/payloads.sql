{#- What a score's message says, by the names that the tenant's mapping gives fields of the other side. -#}
{% macro payload_keys() -%}
    {{ return([
        'p_win_by_period_end', 'p_win_ever', 'expected_close_week', 'band', 'reasons', 'scored_at', 'model_version', 'tier', 'period_id',
        'link', 'reason_keys',
    ]) }}
{%- endmacro %}

{#-
    What was last acknowledged about each record of one kind, for builds that were first published before this one: what this very build got
    acknowledged never changes what it owes.
-#}
{% macro last_acknowledged(entity) -%}
    select * from (
        select
            receipts.*,
            row_number() over (
                partition by receipts.record_id order by builds.first_publication_id desc, receipts.receipt_id desc
            ) as age
        from {{ ref('stg_landfall__writeback_receipts') }} as receipts
        inner join {{ ref('stg_landfall__builds') }} as builds on receipts.build_id = builds.build_id
        where
            receipts.entity = '{{ entity }}' and receipts.build_id <> {{ build_id() }}
            and {{ before_this_build('builds.first_publication_id') }}
    ) as acknowledged
    where age = 1
{%- endmacro %}

{#- Deals with a score as messages say them. -#}
{% macro scored_deals() -%}
    select
        opportunity_id, account_id, system, band, tier, model_version, period_id, reason_text as reasons, reason_keys, expected_close_week,
        cast(round(cast(p_win_by_period_end as numeric), 4) as numeric(6, 4)) as p_win_by_period_end,
        cast(round(cast(p_win_ever as numeric), 4) as numeric(6, 4)) as p_win_ever,
        {{ as_of_cutoff() }} as scored_at,
        {% if var('public_url') %}'{{ var("public_url") }}/opportunities/' || opportunity_id{% else %}cast(null as text){% endif %} as link
    from {{ ref('mart_open_opportunities') }}
    where p_win_by_period_end is not null
{%- endmacro %}

{#- True where a score differs from the one that was last acknowledged by as much as is told. -#}
{% macro is_owed(score, last) -%}
    (
        {{ last }}.p_win_by_period_end is null
        or abs({{ score }}.p_win_by_period_end - {{ last }}.p_win_by_period_end) >= 0.02
        or {{ score }}.band is distinct from {{ last }}.band
        -- other facts, not the same facts a day older: each sentence says its figure as of scored_at
        or {{ score }}.reason_keys is distinct from {{ last }}.reason_keys
        or {{ score }}.tier is distinct from {{ last }}.tier
        or {{ score }}.period_id is distinct from {{ last }}.period_id
    )
{%- endmacro %}

{#- The columns of a message that clears a record's score. -#}
{% macro cleared_score() -%}
    cast(null as numeric(6, 4)) as p_win_by_period_end, cast(null as numeric(6, 4)) as p_win_ever,
    cast(null as date) as expected_close_week, cast(null as text) as band, cast(null as text) as reasons,
    cast(null as timestamptz) as scored_at, cast(null as text) as model_version, cast(null as text) as tier,
    cast(null as text) as period_id, cast(null as text) as link, cast(null as text) as reason_keys
{%- endmacro %}

{#- The columns of a message, of one table where its alias is given. -#}
{% macro payload_columns(alias='') -%}
    {% for key in payload_keys() %}{{ alias ~ '.' if alias }}{{ key }}{{ ', ' if not loop.last }}{% endfor %}
{%- endmacro %}

{#- A message's values as JSON; `first`: a key of its own before the others. -#}
{% macro payload_of(first='') -%}
    {% set pairs = [] -%}
    {% for key in ([first] if first else []) + payload_keys() %}{% do pairs.append([key, key]) %}{% endfor -%}
    {{ json_object(pairs) }}
{%- endmacro %}

{#- The order in which deals of one customer stand for it: the likeliest of the period, then the likeliest at all. -#}
{% macro likeliest_first() -%} p_win_by_period_end desc nulls last, p_win_ever desc nulls last, opportunity_id asc {%- endmacro %}
