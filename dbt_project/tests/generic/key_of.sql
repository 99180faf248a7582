{#- The columns together are the key of the model: none is null and no combination repeats. -#}
{% test key_of(model, columns) %}
select {{ columns | join(', ') }}, count(*) as row_count
from {{ model }}
where {{ untested('key_of ' ~ columns | join(','), model, columns) }}
group by {{ columns | join(', ') }}
having count(*) > 1{% for column in columns %} or bool_or({{ column }} is null){% endfor %}
{% endtest %}
