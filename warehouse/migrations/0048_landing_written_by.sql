-- Which rows of landing are new since a build, found by an index instead of by reading all: each row knows the transaction that wrote it, and
-- whoever changes or removes rows is noted, so that nobody has to count them (docs/adr/0039). Rows of before have no number: they are of old.

set role owner_ddl;

create table ops.landing_rewrites (
    rewrite_id bigint generated always as identity primary key,
    relation text not null,
    rewritten_at timestamptz not null default clock_timestamp()
);

comment on table ops.landing_rewrites is 'Statements that changed or removed rows of a landing table; none does in the normal run.';

create function ops.note_landing_rewrite() returns trigger language plpgsql security definer set search_path = '' as $$
begin
    insert into ops.landing_rewrites (relation) values (tg_table_schema || '.' || tg_table_name);
    return null;
end
$$;
revoke execute on function ops.note_landing_rewrite from public;

create procedure landing.number_writes(table_name text) language plpgsql as $$
begin
    execute format('alter table landing.%1$I add column written_by bigint', table_name); -- no default yet: the table is not rewritten
    execute format(
        'alter table landing.%1$I alter column written_by set default cast(cast(pg_current_xact_id() as text) as bigint)', table_name
    );
    execute format(
        'create index %2$I on landing.%1$I using brin (written_by) with (pages_per_range = 16, autosummarize = on)',
        table_name, table_name || '_written'
    );
    execute format('drop index landing.%1$I', table_name || '_known');
    execute format(
        'create index %2$I on landing.%1$I using brin (known_at) with (pages_per_range = 16, autosummarize = on)',
        table_name, table_name || '_known'
    );
    execute format(
        'create trigger rewritten after update or delete or truncate on landing.%1$I for each statement'
        ' execute function ops.note_landing_rewrite()', table_name
    );
end
$$;
revoke execute on procedure landing.number_writes from public;

do $$
declare
    stream name;
begin
    for stream in select relname from pg_class where relnamespace = 'landing'::regnamespace and relkind = 'r' loop
        call landing.number_writes(stream);
    end loop;
end
$$;

create or replace procedure landing.add_stream(table_name text) language plpgsql as $$
begin
    execute format(
        'create table landing.%1$I (
            record_id text not null,
            record jsonb not null check (jsonb_typeof(record) = ''object''),
            record_hash text not null,
            changed_at timestamptz not null,
            known_at timestamptz not null,
            landed_at timestamptz not null default clock_timestamp(),
            load_id text not null,
            is_reconstructed boolean not null
        )', table_name);
    execute format('create index %2$I on landing.%1$I (record_id, changed_at)', table_name, table_name || '_record');
    execute format('create index %2$I on landing.%1$I using brin (known_at)', table_name, table_name || '_known');
    call landing.number_writes(table_name);
end
$$;

grant select on ops.landing_rewrites to transformer, checker, auditor;

reset role;
