{#-
    The Wilson score interval of a share at 95 % (Wilson 1927), lower (`sign` '-') or upper ('+') end; null where nothing was counted.
    It stays inside 0 to 1 and is honest for few cases, where the normal interval is not.
-#}
{% macro wilson(wins, n, sign) -%}
    case
        when {{ n }} > 0 then round(cast((
            ({{ wins }} + 1.920729) / ({{ n }} + 3.841459)
            {{ sign }} 1.959964 * sqrt(cast({{ wins }} * (1.0 - {{ wins }} / cast({{ n }} as numeric)) + 0.960365 as numeric)) / ({{ n }} + 3.841459)
        ) as numeric), 6)
    end
{%- endmacro %}

{#- One number over another to six digits; null where the denominator is nothing. -#}
{% macro ratio(numerator, denominator) -%}
    round(cast({{ numerator }} as numeric) / nullif(cast({{ denominator }} as numeric), 0), 6)
{%- endmacro %}

{#- The value below which the share lies, between the two nearest ones; nulls do not count. -#}
{% macro percentile_of(column, share) -%} {{ return(adapter.dispatch('percentile_of')(column, share)) }} {%- endmacro %}
{% macro postgres__percentile_of(column, share) -%} percentile_cont({{ share }}) within group (order by {{ column }}) {%- endmacro %}

{#- The ways in which figures are sliced beside the organisation; `all` is the whole. -#}
{% macro slice_kinds() -%} {{ return(['all', 'pipeline', 'sales_process', 'product_line', 'lead_source', 'channel']) }} {%- endmacro %}

{#- Kinds of slice whose values form a tree, by the name of the slice that counts a deal at its value and at each above it. -#}
{% macro tree_kinds() -%}
    {{ return({'product_node': 'product_line', 'channel_node': 'channel', 'process_node': 'sales_process', 'source_node': 'lead_source'}) }}
{%- endmacro %}

{#- Every row of `relation` once for each kind of slice, with its value there. -#}
{% macro sliced(relation) -%}
    {% for kind in slice_kinds() -%}
    select
        {{ relation }}.*,
        '{{ kind }}' as slice_kind,
        {{ "'all'" if kind == 'all' else "coalesce(" ~ relation ~ "." ~ kind ~ ", 'none')" }} as slice_value
    from {{ relation }}
    {{ 'union all' if not loop.last }}
    {% endfor %}
{%- endmacro %}
