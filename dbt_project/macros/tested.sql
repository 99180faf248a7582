{#-
    A test that asks something of each key alone need not ask it again of rows that are as they were when it held. `untested` is its filter:
    true for rows that came since, all of them where it never held or where their keys are not told.
-#}
{% macro untested(test, relation, columns) -%}
    {%- if not execute or flags.WHICH not in ('build', 'test') or relation is string -%} {{ return('true') }} {%- endif -%}
    {{ return(adapter.dispatch('untested')(test, relation.schema ~ '.' ~ relation.identifier, columns)) }}
{%- endmacro %}

{% macro postgres__untested(test, name, columns) -%}
    {%- set found -%}
        select
            tests.change, tables.change = tests.change as is_as_it_was, tables.whole_change > tests.change as is_made_anew,
            (select min(told.name) from unnest(tables.changes_by) as told (name) where told.name in ('{{ columns | join("', '") }}')) as column_name
        from kept.tests inner join kept.tables on tests.relation = tables.relation and to_regclass(tables.relation) = tables.table_id
        where tests.test = '{{ test }}' and tests.relation = '{{ name }}'
    {%- endset -%}
    {%- set row = run_query(found).rows | first -%}
    {%- if not row -%} {{ return('true') }}
    {%- elif row[1] -%} {{ return('false') }}
    {%- elif row[2] or not row[3] -%} {{ return('true') }}
    {%- endif -%}
    {{ return(row[3] ~ ' in (' ~ keys_since(name, row[3], row[0]) ~ ')') }}
{%- endmacro %}

{#- How such a test is called: by what it asks, so that another question is another test. -#}
{% macro name_of_test(node) -%}
    {{ return('key_of ' ~ node.test_metadata.kwargs.columns | join(',') if node.test_metadata else node.name ~ ' ' ~ local_md5(node.raw_code)) }}
{%- endmacro %}

{#- Keeps up to which change of their tables the tests of this run held. -#}
{% macro remember_tests(results) -%}
    {%- set held = [] -%}
    {%- for result in results if execute and result.node.resource_type == 'test' and result.status == 'pass' -%}
        {%- if result.node.name == 'versions_do_not_overlap' or (result.node.test_metadata and result.node.test_metadata.name == 'key_of') -%}
            {%- for id in result.node.depends_on.nodes -%}
                {%- do held.append("('" ~ name_of_test(result.node) ~ "', '" ~ graph.nodes[id].schema ~ '.' ~ graph.nodes[id].alias ~ "')") -%}
            {%- endfor -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(adapter.dispatch('remember_tests')(held)) }}
{%- endmacro %}

{% macro postgres__remember_tests(held) -%}
    {%- if held -%}
    insert into kept.tests
    select held.test, held.relation, tables.change
    from (values {{ held | join(', ') }}) as held (test, relation) inner join kept.tables on held.relation = tables.relation
    on conflict (test, relation) do update set change = excluded.change where tests.change <> excluded.change
    {%- else -%} select 1
    {%- endif -%}
{%- endmacro %}
