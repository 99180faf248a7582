{#-
    What a score's message says, by the names that the tenant's mapping gives fields of the other side, with the type of each. `of`: deal or
    lead; the first key is the chance whose moves are told.
-#}
{% macro payload_types(of='deal') -%}
    {% set chances = {
        'deal': {'p_win_by_period_end': 'numeric(6, 4)', 'p_win_ever': 'numeric(6, 4)', 'expected_close_week': 'date'},
        'lead': {'p_convert_90d': 'numeric(6, 4)'},
    } -%}
    {% set found = chances[of] -%}
    {% do found.update({'band': 'text', 'reasons': 'text', 'scored_at': 'timestamptz', 'model_version': 'text', 'tier': 'text'}) -%}
    {% if of == 'deal' %}{% do found.update({'period_id': 'text', 'link': 'text'}) %}{% endif -%}
    {% do found.update({'reason_keys': 'text'}) -%}
    {{ return(found) }}
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
{% macro is_owed(score, last, of='deal') -%}
    {% set chance = payload_types(of) | first -%}
    (
        {{ last }}.{{ chance }} is null
        or abs({{ score }}.{{ chance }} - {{ last }}.{{ chance }}) >= 0.02
        or {{ score }}.band is distinct from {{ last }}.band
        -- other facts, not the same facts a day older: each sentence says its figure as of scored_at
        or {{ score }}.reason_keys is distinct from {{ last }}.reason_keys
        or {{ score }}.tier is distinct from {{ last }}.tier
        {% if of == 'deal' -%}
        or {{ score }}.period_id is distinct from {{ last }}.period_id
        {% endif -%}
    )
{%- endmacro %}

{#- The columns of a message that clears a record's score. -#}
{% macro cleared_score(of='deal') -%}
    {% for key, type in payload_types(of).items() %}cast(null as {{ type }}) as {{ key }}{{ ', ' if not loop.last }}{% endfor %}
{%- endmacro %}

{#- The columns of a message, of one table where its alias is given. -#}
{% macro payload_columns(alias='', of='deal') -%}
    {% for key in payload_types(of) %}{{ alias ~ '.' if alias }}{{ key }}{{ ', ' if not loop.last }}{% endfor %}
{%- endmacro %}

{#- A message's values as JSON; `first`: a key of its own before the others. -#}
{% macro payload_of(first='', of='deal') -%}
    {% set pairs = [] -%}
    {% for key in ([first] if first else []) + payload_types(of) | list %}{% do pairs.append([key, key]) %}{% endfor -%}
    {{ json_object(pairs) }}
{%- endmacro %}

{#- The order in which deals of one customer stand for it: the likeliest of the period, then the likeliest at all. -#}
{% macro likeliest_first() -%} p_win_by_period_end desc nulls last, p_win_ever desc nulls last, opportunity_id asc {%- endmacro %}
