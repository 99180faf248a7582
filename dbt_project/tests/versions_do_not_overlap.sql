-- At any instant an opportunity has at most one header and one place in the funnel.
{% set test = name_of_test(model) %}
{% for name in ['int_opportunity_versions', 'int_stage_path_versions', 'int_closing_versions'] -%}
select opportunity_id, valid_from, '{{ name }}' as model
from (
    select opportunity_id, valid_from, valid_to, lead(valid_from) over (partition by opportunity_id order by valid_from) as next_from
    from {{ ref(name) }}
    where {{ untested(test, ref(name), ['opportunity_id']) }}
) as versions
where valid_from >= valid_to or next_from < valid_to
{{ 'union all' if not loop.last }}
{% endfor %}
