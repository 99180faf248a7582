{#-
    A company's name without what clerks write differently: width, capital letters, blanks and marks; with `is_short` also without the legal form
    at its end. Two names with one key may be one company; it takes more (an amount, a date, that no other has the name) to say so.
-#}
{% macro company_key(name, is_short=false) -%} {{ return(adapter.dispatch('company_key')(name, is_short)) }} {%- endmacro %}
{% macro postgres__company_key(name, is_short) -%}
    nullif(
        regexp_replace(
            regexp_replace(lower(normalize({{ name }}, nfkc)), '[[:space:][:punct:]（）【】《》“”‘’·、，。]+', '', 'g'),
            '{{ "(股份|集团|科技|有限责任|有限|公司)+$" if is_short else "^$" }}', ''
        ),
        ''
    )
{%- endmacro %}

{#- A company_key without the endings that a rule of identity names; null where nothing is left, or the rule is of another kind. -#}
{% macro company_stem(key, suffixes) -%} {{ return(adapter.dispatch('company_stem')(key, suffixes)) }} {%- endmacro %}
{% macro postgres__company_stem(key, suffixes) -%} nullif(regexp_replace({{ key }}, coalesce({{ suffixes }}, '^$'), ''), '') {%- endmacro %}
