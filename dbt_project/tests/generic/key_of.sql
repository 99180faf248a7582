{#-
    The columns together are the key of the model: none is null and no combination repeats. `rows_of`: the table whose rows, of the same key, a
    view shows; keys that did not change there need not be asked here.
-#}
{% test key_of(model, columns, rows_of=none) %}
select {{ columns | join(', ') }}, count(*) as row_count
from {{ model }}
where {{ untested('key_of ' ~ columns | join(','), rows_of or model, columns) }}
group by {{ columns | join(', ') }}
having count(*) > 1{% for column in columns %} or bool_or({{ column }} is null){% endfor %}
{% endtest %}
