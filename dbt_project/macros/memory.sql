{#-
    What is remembered of a `kept` table: in `kept.tables` how its last build saw its inputs and the number of its newest change, in
    `kept.keys` the keys of each change, both in the transaction that writes the table; in `kept.tests` up to which change a test held.
-#}

{#- Where builds are remembered; a run of dbt begins with it. -#}
{% macro make_memory() -%} {{ return(adapter.dispatch('make_memory')()) }} {%- endmacro %}
{% macro postgres__make_memory() -%}
    create schema if not exists kept;
    create table if not exists kept.tables (
        relation text primary key, table_id bigint not null, change bigint not null, whole_change bigint not null,
        as_of date not null, whole_on date not null, code text not null, server text not null, inputs jsonb not null, built text not null,
        changes_by text[] not null
    );
    create table if not exists kept.tests (test text not null, relation text not null, change bigint not null, primary key (test, relation));
    create table if not exists kept.keys (
        relation text not null, column_name text not null, change bigint not null, keys text[] not null,
        primary key (relation, column_name, change)
    )
{%- endmacro %}

{#- The columns by which a table's changes are told (meta changes_by), its own key first; each has an index. -#}
{% macro columns_of_change() -%} {{ return(config.get('meta', {}).get('changes_by', [])) }} {%- endmacro %}

{#- The columns by which single rows of a table are looked up: those, and what meta looked_up_by names. -#}
{% macro columns_of_lookup() -%} {{ return((columns_of_change() + config.get('meta', {}).get('looked_up_by', [])) | unique | list) }} {%- endmacro %}

{#- An index by each of them, where there is none yet. -#}
{% macro indices_by_key(target) -%} {{ return(adapter.dispatch('indices_by_key')(target)) }} {%- endmacro %}
{% macro postgres__indices_by_key(target) -%}
    {%- for column in columns_of_lookup() %}
    do $index$
    begin
        if not exists (
            select from pg_index inner join pg_attribute on indrelid = attrelid and indkey[0] = attnum
            where indrelid = '{{ target }}'::regclass and attname = '{{ column }}'
        ) then
            create index on {{ target }} ({{ column }});
        end if;
    end
    $index$;
    {% endfor -%}
{%- endmacro %}

{#- Which server has the tables: transactions and tables have other numbers in another one, and another version may order text otherwise. -#}
{% macro this_server() -%} (select system_identifier || ' ' || current_setting('server_version_num') from pg_control_system()) {%- endmacro %}

{#- The keys that leave or come by `pairs`, told under the number of the change that is about to be made; before rows are deleted. -#}
{% macro keep_changed_keys(target, is_told) -%}
    {%- set name = target.schema ~ '.' ~ target.identifier -%}
    if {{ is_told }} and gone_count + new_count > 0 then
        {%- for column in columns_of_change() %}
        insert into kept.keys
        select
            '{{ name }}', '{{ column }}',
            coalesce((select change from kept.tables where relation = '{{ name }}'), 0) + 1,
            coalesce(array_agg(distinct key) filter (where key is not null), '{}')
        from (
            select cast(old.{{ column }} as text) as key from {{ target }} as old inner join pairs on old.ctid = pairs.gone where pairs.made is null
            union all
            select cast(new.{{ column }} as text) from pg_temp.made as new inner join pairs on new.ctid = pairs.made where pairs.gone is null
        ) as told;
        {%- endfor %}
    end if;
{%- endmacro %}

{#-
    Keeps how `target` was built. `is_whole`, `is_changed`: SQL of whether it changed in a way whose keys are not told, and whether at all.
    Whoever has not looked for `most` changes computes whole.
-#}
{% macro remember(target, plan, is_whole, is_changed) -%}
    {%- set name = target.schema ~ '.' ~ target.identifier -%}
    {%- set most = 60 -%}
    insert into kept.tables as before
    select
        '{{ name }}', cast('{{ target }}'::regclass::oid as bigint), told.change,
        case when {{ is_whole }} then told.change else greatest(told.whole_change, told.change - {{ most }}) end,
        {{ as_of() }}, {{ as_of() }}, '{{ plan.code }}', {{ this_server() }}, '{{ tojson(plan.inputs) }}',
        '{{ plan.kind }}{{ ': ' ~ plan.why if plan.why }}', cast('{ {{- columns_of_change() | join(',') -}} }' as text[])
    from (
        select
            coalesce(max(change), 0) + case when {{ is_whole }} or {{ is_changed }} then 1 else 0 end as change,
            coalesce(max(whole_change), 0) as whole_change
        from kept.tables where relation = '{{ name }}'
    ) as told
    on conflict (relation) do update set
        table_id = excluded.table_id, change = excluded.change, whole_change = excluded.whole_change, as_of = excluded.as_of,
        whole_on = {{ 'excluded' if plan.kind == 'whole' else 'before' }}.whole_on, code = excluded.code, server = excluded.server,
        inputs = excluded.inputs, built = excluded.built, changes_by = excluded.changes_by;
    delete from kept.keys where relation = '{{ name }}' and change <= (select change - {{ most }} from kept.tables where relation = '{{ name }}');
{%- endmacro %}

{#- Keeps that `target` is of this day too, as it was. -#}
{% macro remember_as_it_was(target, plan) -%}
    update kept.tables set as_of = {{ as_of() }}, inputs = '{{ tojson(plan.inputs) }}', built = 'nothing'
    where relation = '{{ target.schema }}.{{ target.identifier }}'
{%- endmacro %}
