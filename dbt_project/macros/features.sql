{#- The features that a model's contract names, as (name, the relation it comes from), in its order. -#}
{% macro features_of(model) -%}
    {%- set found = [] -%}
    {%- for column in model.columns.values() if column.config.meta.from -%}
        {%- do found.append((column.name, column.config.meta.from)) -%}
    {%- endfor -%}
    {{ return(found) }}
{%- endmacro %}
