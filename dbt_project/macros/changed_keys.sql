{#-
    Which keys changed since a table was built last: how a `kept` table knows what it need not compute again (docs/adr/0031).
    `kept.tables` tells of each table how its last build saw its inputs, `kept.keys` which keys changed in it, change by change.
-#}

{#-
    Marks where a query may be narrowed: an output row of a key comes from those rows of `parent` alone whose `column` is that key.
    The whole query reads `true` here; a narrowed one asks for the keys that changed.
-#}
{% macro among_changed(parent, column) -%} true /* narrowed: {{ column }} of {{ parent }} */ {%- endmacro %}

{#- The query of the changed keys alone. Of `views`, parents that are views of landing, only the records of those keys are opened. -#}
{% macro narrowed(sql, views) -%}
    {%- set narrow = namespace(sql=sql) -%}
    {%- for view in views -%}
        {%- set opened = '\\1 = any(array(select changed.key from pg_temp.changed))' -%}
        {%- set narrow.sql = modules.re.sub('true /\\* narrowed: (\\S+) of ' ~ view ~ ' \\*/', opened, narrow.sql) -%}
    {%- endfor -%}
    {{ return(modules.re.sub('true /\\* narrowed: (\\S+) of \\S+ \\*/', '\\1 in (select changed.key from pg_temp.changed)', narrow.sql)) }}
{%- endmacro %}

{#- Parents that the query is narrowed by → the column. Stops where a parent is named more often than it is narrowed. -#}
{% macro narrowing_columns(sql) -%}
    {%- set columns = {} -%}
    {%- set counts = {} -%}
    {%- for column, parent in modules.re.findall('true /\\* narrowed: (\\S+) of (\\S+) \\*/', sql) -%}
        {%- do columns.update({parent: column.split('.') | last}) -%}
        {%- do counts.update({parent: counts.get(parent, 0) + 1}) -%}
    {%- endfor -%}
    {%- for parent, count in counts.items() if sql.count('."' ~ parent ~ '"') != count -%}
        {%- do exceptions.raise_compiler_error(model.name ~ ' reads ' ~ parent ~ ' where it does not narrow it: mark each place by among_changed') -%}
    {%- endfor -%}
    {{ return(columns) }}
{%- endmacro %}

{#- What the rows come from beside the inputs: the query but for the day up to which landing is read, dbt's variables in it, the server. -#}
{% macro code_of(sql) -%}
    {{ return(local_md5(sql.replace('known_at <= ' ~ as_of_cutoff(), 'known_at <= cutoff') ~ var('time_zone'))) }}
{%- endmacro %}

{#-
    How to build `target`: {kind: whole | keys | nothing, why, code, inputs, queries, views}. `inputs`: how this build sees each of them; `queries`:
    those of the keys that changed; `views`: those of them that are views of landing. Anything that is not plainly known to be without effect makes it whole.
-#}
{% macro plan_of(sql, target, is_new) -%}
    {%- set plan = {'kind': 'nothing', 'why': '', 'code': code_of(sql), 'inputs': {}, 'queries': [], 'views': []} -%}
    {%- set columns = narrowing_columns(sql) -%}
    {%- set parents = [] -%}
    {%- for id in model.depends_on.nodes -%} {%- do parents.append(graph.nodes[id] if id in graph.nodes else graph.sources[id]) -%} {%- endfor -%}
    {%- set names = [target.schema ~ '.' ~ target.identifier] -%}
    {%- for parent in parents -%} {%- do names.append(parent.schema ~ '.' ~ (parent.alias or parent.identifier)) -%} {%- endfor -%}
    {%- set known = recall(names) -%}
    {%- set before = known.tables.get(names[0]) -%}
    {%- if is_new or before is none -%} {%- do plan.update({'why': 'a first build'}) -%}
    {%- elif not before.is_there -%} {%- do plan.update({'why': 'another table of that name was remembered'}) -%}
    {%- elif before.server != known.server -%} {%- do plan.update({'why': 'built by another server'}) -%}
    {%- elif before.code != plan.code -%} {%- do plan.update({'why': 'the query is another one'}) -%}
    {%- elif var('as_of') <= before.as_of -%} {%- do plan.update({'why': 'the day is not a later one'}) -%}
    {%- elif days_between(before.whole_on, var('as_of')) >= var('kept_whole_days') | int -%} {%- do plan.update({'why': 'in full once in a while'}) -%}
    {%- endif -%}
    {%- for parent in parents -%}
        {%- set name = names[loop.index] -%}
        {%- set then = before.inputs.get(name) if before else none -%}
        {%- set column = columns.get(parent.alias or parent.identifier) -%}
        {%- if parent.resource_type == 'source' and parent.schema == 'landing' -%}
            {%- set now = arrivals(parent, then, before, known) -%}
        {%- elif shows_landing(parent) -%}
            {%- set now = arrivals_shown(parent, name, then, before, known) -%}
            {%- do plan.views.append(parent.alias) -%}
        {%- else -%}
            {%- set now = changes_of(parent, name, then, known, column) -%}
        {%- endif -%}
        {%- do plan.inputs.update({name: now.seen}) -%}
        {%- if now.told and column -%} {%- do plan.queries.append(now.told) -%}
        {%- elif now.told or now.why -%} {%- do plan.update({'why': plan.why or now.why or name ~ ' changed'}) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- do plan.update({'kind': 'whole' if plan.why else 'keys' if plan.queries else 'nothing'}) -%}
    {{ return(plan) }}
{%- endmacro %}

{% macro days_between(first, last) -%}
    {{ return((modules.datetime.date.fromisoformat(last) - modules.datetime.date.fromisoformat(first)).days) }}
{%- endmacro %}

{#- How a parent that dbt makes changed since it was seen as `then`: {seen, told, why}. -#}
{% macro changes_of(parent, name, then, known, column) -%}
    {%- set table = known.tables.get(name) -%}
    {%- if table is none or not table.is_there or parent.config.materialized not in ('kept', 'seed') -%}
        {{ return({'seen': {}, 'why': name ~ ' is not remembered'}) }}
    {%- endif -%}
    {%- set now = {'seen': {'table': table.table_id, 'change': table.change}} -%}
    {%- if not then or then.table != table.table_id -%} {%- do now.update({'why': name ~ ' is another table'}) -%}
    {%- elif then.change != table.change and (column is none or table.whole_change > then.change or column not in parent.config.meta.get('changes_by', [])) -%}
        {%- do now.update({'why': name ~ ' changed'}) -%}
    {%- elif then.change != table.change -%} {%- do now.update({'told': keys_since(name, column, then.change)}) -%}
    {%- endif -%}
    {{ return(now) }}
{%- endmacro %}

{#- What `kept.tables` says of tables, and the server's own marks: {tables, server, horizon, newest}. -#}
{% macro recall(names) -%} {{ return(adapter.dispatch('recall')(names)) }} {%- endmacro %}
{% macro postgres__recall(names) -%}
    {%- set found -%}
    select cast(jsonb_build_object(
        'tables', (
            select coalesce(jsonb_object_agg(relation, to_jsonb(tables) || jsonb_build_object('is_there', to_regclass(relation) = table_id)), '{}')
            from kept.tables where relation in ('{{ names | join("', '") }}')
        ),
        'server', {{ this_server() }},
        'horizon', cast(cast(pg_snapshot_xmin(pg_current_snapshot()) as text) as bigint),
        'newest', cast(cast(pg_snapshot_xmax(pg_current_snapshot()) as text) as bigint)
    ) as text)
    {%- endset -%}
    {{ return(fromjson(run_query(found).columns[0].values()[0])) }}
{%- endmacro %}

{#- The keys that changed in a table after the change numbered `change`. -#}
{% macro keys_since(name, column, change) -%} {{ return(adapter.dispatch('keys_since')(name, column, change)) }} {%- endmacro %}
{% macro postgres__keys_since(name, column, change) -%}
    select unnest(keys) as key from kept.keys where relation = '{{ name }}' and column_name = '{{ column }}' and change > {{ change }}
{%- endmacro %}
