-- At any instant an opportunity has at most one header and one place in the funnel.
{% for model in ['int_opportunity_versions', 'int_stage_path_versions', 'int_closing_versions'] -%}
select opportunity_id, valid_from, '{{ model }}' as model
from (
    select opportunity_id, valid_from, valid_to, lead(valid_from) over (partition by opportunity_id order by valid_from) as next_from
    from {{ ref(model) }}
) as versions
where valid_from >= valid_to or next_from < valid_to
{{ 'union all' if not loop.last }}
{% endfor %}
