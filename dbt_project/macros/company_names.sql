{#-
    A company's name without what clerks write differently: blanks, brackets, the legal form at its end, capital letters. Two names with
    one key may be one company; it takes more (an amount, a date) to say so.
-#}
{% macro company_key(name) -%} {{ return(adapter.dispatch('company_key')(name)) }} {%- endmacro %}
{% macro postgres__company_key(name) -%}
    regexp_replace(
        regexp_replace(lower({{ name }}), '[[:space:]　()（）.,，·]', '', 'g'), '(股份|集团|科技|有限责任|有限|公司)+$', ''
    )
{%- endmacro %}
