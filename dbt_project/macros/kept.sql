{#-
    A table that a rebuild leaves as it is but for the rows that differ: computed whole beside it, compared row by row, the difference
    written. What was not changed costs no write, no new statistics, no rename; who reads meanwhile sees the table of before until the
    end. A table whose columns changed is made anew; so is one of which most rows differ (a day's spine), for rows that were deleted
    are read until they are cleaned up.
-#}
{% materialization kept, adapter='postgres' %}
    {%- set target = this.incorporate(type='table') -%}
    {%- set existing = load_cached_relation(this) -%}
    {%- set is_new = existing is none or existing.type != 'table' or should_full_refresh() -%}
    {%- if existing is not none and is_new -%} {% do adapter.drop_relation(existing) %} {%- endif -%}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}
    {% call statement('main') -%}
        {{ more_memory() }};
        create {{ 'table ' ~ target if is_new else 'temporary table made on commit drop' }} as (
        {{ sql }}
        )
    {%- endcall %}
    {% call statement('difference') -%} {{ gather_statistics() if is_new else keep_what_is_equal(target) }} {%- endcall %}
    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {{ adapter.commit() }}
    {{ return({'relations': [target]}) }}
{% endmaterialization %}

{#-
    Makes the table `target` equal to the temporary table `made`, row by row to the bit. Equal rows are found by hash (`=`), then compared
    as stored (`*=`), since 1.0 = 1.00. Where a side holds a row twice, rows have no counterpart of their own: then all are written.
-#}
{% macro keep_what_is_equal(target) -%}
    {{ return(adapter.dispatch('keep_what_is_equal')(target)) }}
{%- endmacro %}

{% macro postgres__keep_what_is_equal(target) -%}
do $kept$
declare
    most constant double precision := 0.5; -- from here on writing all is cheaper than cleaning up
    is_alike boolean;
    is_apart boolean;
    gone_count bigint := 0;
    new_count bigint := 0;
begin
    select count(distinct columns) = 1 into is_alike from (
        select attrelid, array_agg(row(attname, atttypid, atttypmod)::text order by attnum) as columns
        from pg_attribute
        where attrelid in ('{{ target }}'::regclass, 'pg_temp.made'::regclass) and attnum > 0 and not attisdropped
        group by attrelid
    ) as tables;
    if not is_alike then
        drop table {{ target }} cascade;
        create table {{ target }} as select * from pg_temp.made;
    else
        create temporary table pairs on commit drop as
        select old.ctid as gone, new.ctid as made
        from {{ target }} as old full join pg_temp.made as new on old = new and old *= new;
        select
            count(*) filter (where made is null), count(*) filter (where gone is null),
            count(gone) > count(distinct gone) or count(made) > count(distinct made) or count(gone) * most < count(*) filter (where made is null)
        into gone_count, new_count, is_apart
        from pairs;
        if is_apart then
            truncate {{ target }};
            insert into {{ target }} select * from pg_temp.made;
        else
            delete from {{ target }} as old using pairs where pairs.made is null and old.ctid = pairs.gone;
            insert into {{ target }}
            select new.* from pairs inner join pg_temp.made as new on pairs.made = new.ctid where pairs.gone is null;
        end if;
    end if;
    if not is_alike or gone_count + new_count > 0 then
        analyze {{ target }};
    end if;
end
$kept$
{%- endmacro %}
