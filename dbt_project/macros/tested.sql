{#-
    A test that asks something of each key alone need not ask it again of rows that are as they were when it held. `untested` is its filter:
    true for rows that came since, all of them where it never held or where their keys are not told. `columns`: the key; none for a test
    that asks something of each row.
-#}
{% macro untested(test, relation, columns=none) -%}
    {%- if not execute or flags.WHICH not in ('build', 'test') or relation is string -%} {{ return('true') }} {%- endif -%}
    {{ return(adapter.dispatch('untested')(test, relation.schema ~ '.' ~ relation.identifier, columns)) }}
{%- endmacro %}

{% macro postgres__untested(test, name, columns) -%}
    {%- set found -%}
        select
            tests.change, tables.change = tests.change as is_as_it_was, tables.whole_change > tests.change as is_made_anew,
            {% if columns is none -%} tables.changes_by[1]
            {%- else -%} (select min(told.name) from unnest(tables.changes_by) as told (name) where told.name in ('{{ columns | join("', '") }}'))
            {%- endif %} as column_name
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

{#- How such a test is called: by what it asks, so that another question is another test; none for a test that is asked of all rows. -#}
{% macro name_of_test(node) -%}
    {%- set given = node.test_metadata -%}
    {%- if given and given.name == 'key_of' -%} {{ return('key_of ' ~ given.kwargs.columns | join(',')) }}
    {%- elif given and given.name == 'one_of' -%} {{ return('one_of ' ~ given.kwargs.column_name ~ ' ' ~ given.kwargs['values'] | join(',')) }}
    {%- elif node.name == 'versions_do_not_overlap' -%} {{ return(node.name ~ ' ' ~ local_md5(node.raw_code)) }}
    {%- endif -%}
    {{ return(none) }}
{%- endmacro %}

{#- Keeps up to which change of their tables the tests of this run held. -#}
{% macro remember_tests(results) -%}
    {%- set held = [] -%}
    {%- for result in results if execute and result.node.resource_type == 'test' and result.status == 'pass' -%}
        {%- set test = name_of_test(result.node) -%}
        {%- if test -%}
            {%- for id in ([result.node.attached_node] if result.node.attached_node else result.node.depends_on.nodes) -%}
                {%- do held.append("('" ~ test ~ "', '" ~ graph.nodes[id].schema ~ '.' ~ graph.nodes[id].alias ~ "')") -%}
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
