{#-
    A table that a rebuild leaves as it is but for the rows that differ: computed beside it, compared row by row, the difference
    written. What was not changed costs no write, no new statistics, no rename; who reads meanwhile sees the table of before until the
    end. A table whose columns changed is made anew; so is one of which most rows differ (a day's spine), for rows that were deleted
    are read until they are cleaned up. What its inputs show to be unchanged is not computed either (macros/changed_keys.sql): all of it,
    or all but the keys that changed.
-#}
{% materialization kept, adapter='postgres' %}
    {%- set target = this.incorporate(type='table') -%}
    {%- set existing = load_cached_relation(this) -%}
    {%- set is_new = existing is none or existing.type != 'table' or should_full_refresh() -%}
    {%- set is_remembered = config.get('meta', {}).get('is_remembered', false) -%}
    {%- if existing is not none and is_new -%} {% do adapter.drop_relation(existing) %} {%- endif -%}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}
    {%- set plan = plan_of(sql, target, is_new) if is_remembered else {'kind': 'whole'} -%}
    {% if plan.kind == 'nothing' -%}
        {% call statement('main') -%} {{ remember_as_it_was(target, plan) }} {%- endcall %}
    {%- else -%}
        {% call statement('main') -%}
            {{ more_memory() }};
            {% if plan.kind == 'keys' -%} {{ changed_keys(plan.queries) }}; {%- endif %}
            create {{ 'table ' ~ target if is_new else 'temporary table made on commit drop' }} as (
            {{ narrowed(sql, plan.views) if plan.kind == 'keys' else sql }}
            )
        {%- endcall %}
        {%- if not is_new and not has_columns_of_made(target) -%}
            {%- do adapter.drop_relation(target) -%} {#- by dbt, which then knows which views went with it -#}
            {%- do plan.update({'kind': 'whole', 'why': 'its columns were others'}) -%}
            {%- set is_new = true -%}
            {% call statement('anew') -%} create table {{ target }} as ( {{ sql }} ) {%- endcall %}
        {%- endif -%}
        {% call statement('difference') -%}
            {%- if plan.kind == 'whole' -%} {{ indices_by_key(target) }} {%- endif -%}
            {{ begun(target, plan) if is_new else keep_what_is_equal(target, plan) }}
        {%- endcall %}
    {%- endif %}
    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {{ adapter.commit() }}
    {{ return({'relations': [target]}) }}
{% endmaterialization %}

{#- The temporary table of the keys that changed. -#}
{% macro changed_keys(queries) -%} {{ return(adapter.dispatch('changed_keys')(queries)) }} {%- endmacro %}
{% macro postgres__changed_keys(queries) -%}
    create temporary table changed (key text primary key) on commit drop;
    insert into changed select key from ({{ queries | join(' union ') }}) as told where key is not null group by key;
    analyze changed
{%- endmacro %}

{#- What is done with a table that was just made: statistics, memory. -#}
{% macro begun(target, plan) -%}
    {{ gather_statistics() }}
    {%- if plan.code %}; {{ remember(target, plan, 'true', 'true') }} {%- endif -%}
{%- endmacro %}

{#- Whether `target` has the columns of the temporary table `made`, in name, type and order. -#}
{% macro has_columns_of_made(target) -%} {{ return(adapter.dispatch('has_columns_of_made')(target)) }} {%- endmacro %}
{% macro postgres__has_columns_of_made(target) -%}
    {%- set told -%}
    select count(distinct columns) = 1 from (
        select attrelid, array_agg(row(attname, atttypid, atttypmod)::text order by attnum) as columns
        from pg_attribute
        where attrelid in ('{{ target }}'::regclass, 'pg_temp.made'::regclass) and attnum > 0 and not attisdropped
        group by attrelid
    ) as tables
    {%- endset -%}
    {{ return(run_query(told).columns[0].values()[0]) }}
{%- endmacro %}

{#-
    Makes the table `target` equal to the temporary table `made`, row by row to the bit; of a narrowed one, only the rows of the changed
    keys. Equal rows are found by hash (`=`), then compared as stored (`*=`), since 1.0 = 1.00. Where a side holds a row twice, rows have
    no counterpart of their own: then all are written.
-#}
{% macro keep_what_is_equal(target, plan) -%}
    {{ return(adapter.dispatch('keep_what_is_equal')(target, plan)) }}
{%- endmacro %}

{% macro postgres__keep_what_is_equal(target, plan) -%}
{%- set own = columns_of_change()[0] if plan.kind == 'keys' else none -%}
do $kept$
declare
    most constant double precision := 0.5; -- from here on writing all is cheaper than cleaning up
    is_apart boolean;
    gone_count bigint := 0;
    new_count bigint := 0;
begin
    create temporary table pairs on commit drop as
    select old.place as gone, new.place as made
    from (
        select one as line, one.ctid as place from {{ target }} as one
        {%- if own %} where one.{{ own }} in (select changed.key from pg_temp.changed) {%- endif %}
    ) as old
    full join (select one as line, one.ctid as place from pg_temp.made as one) as new on old.line = new.line and old.line *= new.line;
    {% if own -%} analyze pairs; {%- endif %}
    select
        count(*) filter (where made is null), count(*) filter (where gone is null),
        count(gone) > count(distinct gone) or count(made) > count(distinct made)
        {%- if not own %} or count(gone) * most < count(*) filter (where made is null) {%- endif %}
    into gone_count, new_count, is_apart
    from pairs;
    {{ keep_changed_keys(target, 'not is_apart') if plan.code }}
    if is_apart then
        {{ 'delete from ' ~ target ~ ' where ' ~ own ~ ' in (select changed.key from pg_temp.changed)' if own else 'truncate ' ~ target }};
        insert into {{ target }} select * from pg_temp.made;
    else
        {% if plan.code and columns_of_change() -%} {{ change_in_place(target) }} {%- endif %}
        delete from {{ target }} as old using pairs where pairs.made is null and old.ctid = pairs.gone;
        insert into {{ target }}
        select new.* from pairs inner join pg_temp.made as new on pairs.made = new.ctid where pairs.gone is null;
    end if;
    if is_apart or gone_count + new_count > 0 then
        analyze {{ target }};
    end if;
    {% if own -%}
    if exists (select from pg_temp.made where {{ own }} is null or {{ own }} not in (select changed.key from pg_temp.changed)) then
        raise exception '{{ target.identifier }} was narrowed and tells of other keys: its query does not keep what among_changed promises';
    end if;
    {% endif -%}
    {{ remember(target, plan, 'is_apart', 'gone_count + new_count > 0') if plan.code }}
end
$kept$
{%- endmacro %}

{#- Rows of one key that leave and come are written over each other, one for one: once, not twice. What they are is in `pairs`, which keeps the rest. -#}
{% macro change_in_place(target) -%}
    {%- set key = columns_of_change()[0] -%}
    if gone_count > 0 and new_count > 0 then
        create temporary table replaced on commit drop as
        select old.gone, new.made from (
            select pairs.gone, one.{{ key }} as key, row_number() over (partition by one.{{ key }} order by pairs.gone) as place
            from pairs inner join {{ target }} as one on pairs.gone = one.ctid where pairs.made is null
        ) as old
        inner join (
            select pairs.made, one.{{ key }} as key, row_number() over (partition by one.{{ key }} order by pairs.made) as place
            from pairs inner join pg_temp.made as one on pairs.made = one.ctid where pairs.gone is null
        ) as new on old.key = new.key and old.place = new.place;
        analyze replaced;
        execute (
            select
                'update {{ target }} as old set (' || string_agg(quote_ident(attname), ', ' order by attnum) || ') = row('
                || string_agg('new.' || quote_ident(attname), ', ' order by attnum)
                || ') from replaced inner join pg_temp.made as new on replaced.made = new.ctid where old.ctid = replaced.gone'
            from pg_attribute where attrelid = '{{ target }}'::regclass and attnum > 0 and not attisdropped
        );
        delete from pairs using replaced where pairs.made is null and pairs.gone = replaced.gone or pairs.gone is null and pairs.made = replaced.made;
    end if;
{%- endmacro %}
