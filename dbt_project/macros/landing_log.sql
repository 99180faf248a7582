{#-
    Landing is a log: records are appended, never changed. What of it is new since a build (docs/adr/0039), and views of it: models that keep
    nothing of their own and show the log's records as versions (docs/adr/0043).
-#}

{#-
    The records of a landing table that this day sees and the build before did not: {seen, told, why}. A row is new when a transaction
    wrote it that was not over then, or when the day before did not see it yet; both are found by index. A number that no transaction
    reached yet came with a backup from elsewhere. Rows that are gone or were written again are noted by the table itself.
-#}
{% macro arrivals(parent, then, before, known) -%} {{ return(adapter.dispatch('arrivals')(parent, then, before, known)) }} {%- endmacro %}
{% macro postgres__arrivals(parent, then, before, known) -%}
    {%- set name = parent.schema ~ '.' ~ parent.identifier -%}
    {%- set marks = run_query(
        "select cast('" ~ name ~ "'::regclass::oid as bigint), count(*) from ops.landing_rewrites where relation = '" ~ name ~ "'"
    ).rows[0] -%}
    {%- set now = {'seen': {'table': marks[0] | int, 'horizon': known.horizon, 'rewrites': marks[1] | int}} -%}
    {%- if not then or not before or then.table != now.seen.table -%} {%- do now.update({'why': name ~ ' is another table'}) -%}
    {%- elif then.rewrites != now.seen.rewrites -%} {%- do now.update({'why': 'rows of ' ~ name ~ ' are gone or were rewritten'}) -%}
    {%- else -%}
        {%- set found -%}
        set local enable_seqscan = off; -- what is new lies together at the end, which no statistics know yet
        create temporary table arrived_{{ parent.identifier }} on commit drop as
        select record_id as key from {{ name }}
        where
            (written_by >= {{ then.horizon }} and written_by < {{ known.newest }} or known_at > {{ cutoff("date '" ~ before.as_of ~ "'") }})
            and known_at <= {{ as_of_cutoff() }}
        group by record_id;
        set local enable_seqscan = on;
        {%- endset -%}
        {%- do run_query(found) -%}
        {%- set arrived = 'pg_temp.arrived_' ~ parent.identifier -%}
        {%- if run_query('select count(*) from ' ~ arrived).rows[0][0] -%} {%- do now.update({'told': 'select key from ' ~ arrived}) -%} {%- endif -%}
    {%- endif -%}
    {{ return(now) }}
{%- endmacro %}

{#- Whether a model is such a view. It is of one landing table, one record a row, and meta changes_by names the record's id. -#}
{% macro shows_landing(parent) -%} {{ return(parent.config.get('meta', {}).get('shows_landing', false)) }} {%- endmacro %}

{#- What is new in a view of landing: what is new in landing, unless the view's own query is another one. -#}
{% macro arrivals_shown(view, name, then, before, known) -%}
    {%- set now = arrivals(graph.sources[view.depends_on.nodes[0]], then, before, known) -%}
    {%- set shown = known.tables.get(name) -%}
    {%- do now.seen.update({'code': shown.code if shown else none}) -%}
    {%- if not shown -%} {%- do now.update({'why': name ~ ' is not remembered'}) -%}
    {%- elif then and then.code != shown.code -%} {%- do now.update({'why': now.why or name ~ ' is another query'}) -%}
    {%- endif -%}
    {{ return(now) }}
{%- endmacro %}

{#- Keeps by which query a view of landing shows it; tests of single keys are asked of all its rows. -#}
{% macro remember_view() -%}
    {%- if execute -%} {{ remember(this, {'kind': 'whole', 'code': code_of(sql), 'inputs': {}, 'why': 'shows landing'}, 'true', 'true') }} {%- endif -%}
{%- endmacro %}
