{#- A seed is loaded when its file or its columns' types changed, and on a rebuild of a day; else it stays as it is. -#}
{% materialization seed, adapter='postgres' %}
    {%- set target = this.incorporate(type='table') -%}
    {%- set before = recall([target.schema ~ '.' ~ target.identifier]).tables.values() | first -%}
    {%- if not should_full_refresh() and before and before.is_there and before.code == seed_code() and before.as_of < var('as_of') -%}
        {%- set plan = {'inputs': {}} -%}
        {%- do store_result('agate_table', response='OK', agate_table=load_agate_table()) -%} {#- dbt tells of it -#}
        {% call statement('main') -%} {{ remember_as_it_was(target, plan) }} {%- endcall %}
        {{ adapter.commit() }}
        {{ return({'relations': [target]}) }}
    {%- endif -%}
    {{ return(dbt.materialization_seed_default()) }}
{% endmaterialization %}

{% macro seed_code() -%} {{ return(local_md5(model.checksum.checksum ~ config.get('column_types'))) }} {%- endmacro %}

{#- Keeps, in the transaction that loaded a seed, what was loaded. -#}
{% macro remember_seed() -%}
    {%- if execute -%} {{ remember(this, {'kind': 'whole', 'code': seed_code(), 'inputs': {}, 'why': 'loaded'}, 'true', 'true') }} {%- endif -%}
{%- endmacro %}
