{#- Folder = schema: the marts go to the schema of their build, everything else to the schema named by its folder. -#}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {%- if custom_schema_name == 'marts' -%} {{ var('build_schema') }}
    {%- else -%} {{ custom_schema_name or target.schema }}
    {%- endif -%}
{%- endmacro %}

{#- The gate's role reads a build before it is published; schemas that dbt makes are open to nobody else. -#}
{% macro let_checker_into_build(schemas) -%}
    {{ return(adapter.dispatch('let_checker_into_build')(schemas)) }}
{%- endmacro %}

{% macro postgres__let_checker_into_build(schemas) -%}
    {%- if var('build_schema') in schemas -%} grant usage on schema {{ var('build_schema') }} to checker
    {%- else -%} select 1
    {%- endif -%}
{%- endmacro %}

{#-
    Sorting and hashing of a whole history in memory; ends with the model's transaction. Two models run side by side already: parallel
    workers would only sort the same rows several times.
-#}
{% macro more_memory() -%}
    {{ return(adapter.dispatch('more_memory')()) }}
{%- endmacro %}

{% macro postgres__more_memory() -%} set local work_mem = '128MB'; set local max_parallel_workers_per_gather = 0 {%- endmacro %}

{#- A fresh table has no statistics: without them the next model joins blindly. -#}
{% macro gather_statistics() -%}
    {{ return(adapter.dispatch('gather_statistics')()) }}
{%- endmacro %}

{% macro postgres__gather_statistics() -%} analyze {{ this }} {%- endmacro %}
