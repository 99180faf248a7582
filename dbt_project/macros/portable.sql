{#- What only one dialect has. Models call these; a second warehouse adds its own `<adapter>__` twins. -#}

{% macro json_text(column, key) -%} {{ return(adapter.dispatch('json_text')(column, key)) }} {%- endmacro %}
{% macro postgres__json_text(column, key) -%} ({{ column }} ->> '{{ key }}') {%- endmacro %}

{#- What people call something, at most 500 characters for people to read; landing keeps the whole. No index could hold 13 kB. -#}
{% macro json_name(column, key) -%} left({{ json_text(column, key) }}, 500) {%- endmacro %}

{#- A personal field is landed as {token, mask}: its token. -#}
{% macro json_token(column, key) -%} {{ return(adapter.dispatch('json_token')(column, key)) }} {%- endmacro %}
{% macro postgres__json_token(column, key) -%} ({{ column }} -> '{{ key }}' ->> 'token') {%- endmacro %}

{#- The CRM sends people and departments as lists of one id; an export may send the bare id. -#}
{% macro json_first(column, key) -%} {{ return(adapter.dispatch('json_first')(column, key)) }} {%- endmacro %}
{% macro postgres__json_first(column, key) -%}
    case
        when jsonb_typeof({{ column }} -> '{{ key }}') = 'array' then {{ column }} -> '{{ key }}' ->> 0
        else {{ column }} ->> '{{ key }}'
    end
{%- endmacro %}

{#- One row per element of a JSON list, named `element`; no row where there is no list. -#}
{% macro cross_join_json_list(column, key) -%} {{ return(adapter.dispatch('cross_join_json_list')(column, key)) }} {%- endmacro %}
{% macro postgres__cross_join_json_list(column, key) -%}
    cross join lateral jsonb_array_elements(
        case when jsonb_typeof({{ column }} -> '{{ key }}') = 'array' then {{ column }} -> '{{ key }}' else '[]'::jsonb end
    ) as list (element)
{%- endmacro %}

{% macro json_of(text) -%} {{ return(adapter.dispatch('json_of')(text)) }} {%- endmacro %}
{% macro postgres__json_of(text) -%} cast({{ text }} as jsonb) {%- endmacro %}

{#- pairs: list of [key, SQL expression]. -#}
{% macro json_object(pairs) -%} {{ return(adapter.dispatch('json_object')(pairs)) }} {%- endmacro %}
{% macro postgres__json_object(pairs) -%}
    jsonb_build_object({% for key, value in pairs %}'{{ key }}', {{ value }}{{ ', ' if not loop.last }}{% endfor %})
{%- endmacro %}

{#- Key and value of every row of a group, as one object. -#}
{% macro json_object_agg(key, value) -%} {{ return(adapter.dispatch('json_object_agg')(key, value)) }} {%- endmacro %}
{% macro postgres__json_object_agg(key, value) -%} jsonb_object_agg({{ key }}, {{ value }} order by {{ key }}) {%- endmacro %}

{#- The first `limit` sentences of a list of reasons in the language asked for, joined, at most `length` characters. -#}
{% macro reason_text(reasons, lang, limit, length) -%} {{ return(adapter.dispatch('reason_text')(reasons, lang, limit, length)) }} {%- endmacro %}
{% macro postgres__reason_text(reasons, lang, limit, length) -%}
    (
        select left(string_agg(list.element ->> '{{ lang }}', '{{ '；' if lang == 'zh' else '; ' }}' order by list.place), {{ length }})
        from jsonb_array_elements({{ reasons }}) with ordinality as list (element, place)
        where list.place <= {{ limit }}
    )
{%- endmacro %}

{#- Which facts the first `limit` reasons tell, and which way each pulls: it stays the same while only the figures in the sentences move. -#}
{% macro reason_keys(reasons, lang, limit) -%} {{ return(adapter.dispatch('reason_keys')(reasons, lang, limit)) }} {%- endmacro %}
{% macro postgres__reason_keys(reasons, lang, limit) -%}
    (
        select
            '{{ lang }}:' || string_agg(
                coalesce(list.element ->> 'feature', list.element ->> 'theme')
                || case when cast(list.element ->> 'contribution' as numeric) < 0 then '-' else '+' end,
                ',' order by list.place
            )
        from jsonb_array_elements({{ reasons }}) with ordinality as list (element, place)
        where list.place <= {{ limit }}
    )
{%- endmacro %}

{#- Wire values are text; what cannot be read is null here and counted by the landing gate. -#}
{% macro number_of(text, type='numeric(18, 2)') -%} {{ return(adapter.dispatch('number_of')(text, type)) }} {%- endmacro %}
{% macro postgres__number_of(text, type) -%}
    case when {{ text }} ~ '^-?[0-9]{1,15}([.][0-9]+)?$' then cast({{ text }} as {{ type }}) end
{%- endmacro %}

{% macro instant_of_ms(text) -%} {{ return(adapter.dispatch('instant_of_ms')(text)) }} {%- endmacro %}
{% macro postgres__instant_of_ms(text) -%}
    case when {{ text }} ~ '^-?[0-9]{1,14}$' then timestamptz 'epoch' + cast({{ text }} as bigint) * interval '1 millisecond' end
{%- endmacro %}

{% macro instant_of_iso(text) -%} {{ return(adapter.dispatch('instant_of_iso')(text)) }} {%- endmacro %}
{% macro postgres__instant_of_iso(text) -%}
    case when {{ text }} ~ '^\d{4}-\d\d-\d\d[T ]\d\d:\d\d.*(Z|[+-]\d\d(:?\d\d)?)$' then cast({{ text }} as timestamptz) end
{%- endmacro %}

{% macro date_of_iso(text) -%} {{ return(adapter.dispatch('date_of_iso')(text)) }} {%- endmacro %}
{% macro postgres__date_of_iso(text) -%}
    case when {{ text }} ~ '^\d{4}-\d\d-\d\d' then cast(left({{ text }}, 10) as date) end
{%- endmacro %}

{% macro flag_of(text) -%}
    case lower({{ text }}) when 'true' then true when '1' then true when 'false' then false when '0' then false end
{%- endmacro %}

{#- The business day in which an instant lies. -#}
{% macro business_day(instant) -%} {{ return(adapter.dispatch('business_day')(instant)) }} {%- endmacro %}
{% macro postgres__business_day(instant) -%} cast(({{ instant }}) at time zone '{{ var("time_zone") }}' as date) {%- endmacro %}

{#- The instant of 00:00 of a day in the business time zone. -#}
{% macro instant_of_local_midnight(day) -%} {{ return(adapter.dispatch('instant_of_local_midnight')(day)) }} {%- endmacro %}
{% macro postgres__instant_of_local_midnight(day) -%} cast({{ day }} as timestamp) at time zone '{{ var("time_zone") }}' {%- endmacro %}

{#- One row per day from `first` to `last`, column `day`. -#}
{% macro day_series(first, last) -%} {{ return(adapter.dispatch('day_series')(first, last)) }} {%- endmacro %}
{% macro postgres__day_series(first, last) -%}
    select cast(day as date) as day from generate_series(cast({{ first }} as timestamp), cast({{ last }} as timestamp), interval '1 day') as days (day)
{%- endmacro %}

{#- Whole numbers from 0 to `last`, column `n`. -#}
{% macro number_series(last) -%} {{ return(adapter.dispatch('number_series')(last)) }} {%- endmacro %}
{% macro postgres__number_series(last) -%} select n from generate_series(0, {{ last }}) as numbers (n) {%- endmacro %}

{#- A digest of a row's columns: text form, nulls marked, in the order given. -#}
{% macro digest_of(columns) -%} {{ return(adapter.dispatch('digest_of')(columns)) }} {%- endmacro %}
{% macro postgres__digest_of(columns) -%}
    md5(concat_ws('|'{% for column in columns %}, coalesce(cast({{ column }} as text), '~'){% endfor %}))
{%- endmacro %}

{#-
    The values that a column has, without null: few, of an indexed column of many rows. PostgreSQL would read every row for `distinct`; each
    value is found by the index as the least above the one before.
-#}
{% macro values_of(relation, column) -%} {{ return(adapter.dispatch('values_of')(relation, column)) }} {%- endmacro %}
{% macro postgres__values_of(relation, column) -%}
    with recursive found as (
        select min({{ column }}) as {{ column }} from {{ relation }}
        union all
        select (select min(next.{{ column }}) from {{ relation }} as next where next.{{ column }} > found.{{ column }})
        from found
        where found.{{ column }} is not null
    )

    select {{ column }} from found
    where {{ column }} is not null
{%- endmacro %}

{#- Stands before the query of a CTE that is joined several times over: its rows are read once and kept aside. -#}
{% macro read_once() -%} {{ return(adapter.dispatch('read_once')()) }} {%- endmacro %}
{% macro postgres__read_once() -%} materialized {%- endmacro %}
