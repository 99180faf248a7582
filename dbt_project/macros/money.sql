{#- The currency in which amounts are compared, for a deal that names none. -#}
{% macro base_currency() -%}
    (
        select base.text_value from {{ ref('int_setting_versions') }} as base
        where base.kind = 'tenant' and base.key = 'base_currency' and {{ stands('base') }}
    )
{%- endmacro %}
