-- What the outside world told us, one append-only table a stream, and the vault of what only `loader` may read.
-- A further stream is a further call at the end, in a migration of its own.

set role owner_ddl;

create procedure landing.add_stream(table_name text) language plpgsql as $$
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
end
$$;
revoke execute on procedure landing.add_stream from public;

call landing.add_stream('fxiaoke__departments');
call landing.add_stream('fxiaoke__people');
call landing.add_stream('fxiaoke__accounts');
call landing.add_stream('fxiaoke__leads');
call landing.add_stream('fxiaoke__opportunities');
call landing.add_stream('fxiaoke__activity_records');
call landing.add_stream('files__opportunities');
call landing.add_stream('files__stage_changes');
call landing.add_stream('files__interactions');

create table vault.persons (
    field_hash text primary key,
    token text not null unique,
    kind text not null,
    original text not null,
    first_load_id text not null
);

create table vault.quarantined (
    quarantine_id bigint primary key references ops.quarantine,
    raw bytea not null
);

reset role;
