{#- Each value of the column is one of those named; null may be. -#}
{% test one_of(model, column_name, values) %}
select {{ column_name }} from {{ model }}
where {{ column_name }} not in ('{{ values | join("', '") }}') and {{ untested('one_of ' ~ column_name ~ ' ' ~ values | join(','), model) }}
{% endtest %}
