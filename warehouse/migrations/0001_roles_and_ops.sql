-- Roles, schemas and the tables that steer a night. Run by the pipeline's login, which is a member of every role and owns the database.
-- Roles belong to the server and may exist already; everything else is this database's own.

do $$
declare
    role_name text;
begin
    foreach role_name in array array[
        'owner_ddl', 'publisher', 'loader', 'transformer', 'checker', 'ml', 'writeback', 'bi_reader', 'auditor'
    ] loop
        if not exists (select from pg_roles where rolname = role_name) then
            execute format('create role %I nologin noinherit', role_name);
        end if;
        execute format('grant %I to current_user', role_name);
    end loop;
end
$$;

do $$
declare
    database_name text := current_database();
begin
    execute format('revoke all on database %I from public', database_name);
    execute format('grant connect on database %I to public', database_name);
    execute format('grant create, temporary on database %I to transformer, owner_ddl', database_name);
    execute format('grant temporary on database %I to loader, ml', database_name);
end
$$;

revoke all on schema public from public;

create schema landing authorization owner_ddl;
create schema vault authorization owner_ddl;
create schema scores authorization owner_ddl;
create schema staging authorization transformer;
create schema intermediate authorization transformer;
create schema features authorization transformer;
create schema marts authorization transformer;
create schema sync authorization transformer;
create schema published authorization publisher;
create schema ops;
grant usage, create on schema ops to owner_ddl;
grant usage on schema ops to loader, transformer, checker, ml, writeback, auditor, publisher;

set role owner_ddl;

create table ops.loads (
    load_id text primary key,
    system text not null,
    stream text not null,
    as_of date not null,
    window_from timestamptz,
    window_to timestamptz not null,
    is_reconstructed boolean not null default false,
    state text not null check (state in ('running', 'finished')),
    pages bigint not null default 0,
    requests bigint not null default 0,
    received bigint not null default 0,
    landed bigint not null default 0,
    unchanged bigint not null default 0,
    echoed bigint not null default 0,
    quarantined bigint not null default 0,
    held_back bigint not null default 0,
    started_at timestamptz not null default clock_timestamp(),
    finished_at timestamptz,
    check (received = landed + unchanged + quarantined)
);

create table ops.cursors (
    load_id text primary key,
    system text not null,
    stream text not null,
    window_from timestamptz,
    window_to timestamptz not null,
    last_id text,
    state text not null check (state in ('running', 'finished')),
    updated_at timestamptz not null default clock_timestamp()
);

create table ops.watermarks (
    system text not null,
    stream text not null,
    watermark timestamptz not null,
    as_of date not null,
    moved_at timestamptz not null default clock_timestamp(),
    primary key (system, stream)
);

create table ops.quarantine (
    quarantine_id bigint generated always as identity primary key,
    load_id text not null,
    system text not null,
    stream text not null,
    record_id text,
    line_number bigint,
    reason text not null,
    quarantined_at timestamptz not null default clock_timestamp()
);

create table ops.check_results (
    check_id bigint generated always as identity primary key,
    as_of date not null,
    border text not null,
    suite text not null,
    expectation text not null,
    table_name text not null,
    level text not null check (level in ('critical', 'warning')),
    state text not null check (state in ('passed', 'failed', 'error')),
    observed_count bigint,
    failed_count bigint,
    threshold text,
    reason text,
    build_id text,
    checked_at timestamptz not null default clock_timestamp()
);

create table ops.gate_verdicts (
    verdict_id bigint generated always as identity primary key,
    as_of date not null,
    border text not null,
    build_id text,
    verdict text not null check (verdict in ('passed', 'blocked')),
    reason text not null,
    decided_at timestamptz not null default clock_timestamp()
);

create table ops.builds (
    build_id text primary key,
    as_of date not null,
    inputs_digest text not null,
    code_version text not null,
    model_version text,
    seed bigint not null,
    state text not null check (state in ('building', 'checked', 'published', 'retired', 'blocked')),
    is_hindsight boolean not null default false,
    stale_inputs jsonb not null default '[]',
    opened_at timestamptz not null default clock_timestamp(),
    closed_at timestamptz
);

create table ops.publications (
    publication_id bigint generated always as identity primary key,
    build_id text not null references ops.builds,
    as_of date not null,
    kind text not null check (kind in ('publish', 'rollback')),
    manifest jsonb not null,
    published_at timestamptz not null default clock_timestamp()
);

create table ops.published_build (
    only_row boolean primary key default true check (only_row),
    build_id text not null references ops.builds
);

create table ops.settings (
    setting_id bigint generated always as identity primary key,
    kind text not null,
    key text not null,
    value jsonb not null,
    valid_from date not null,
    decided_at timestamptz not null,
    decided_by text not null,
    reason text not null,
    unique (kind, key, valid_from, decided_at)
);

create table ops.writeback_receipts (
    receipt_id bigint generated always as identity primary key,
    build_id text not null,
    system text not null,
    entity text not null,
    record_id text not null,
    payload jsonb not null,
    payload_hash text not null,
    state text not null check (state in ('pending', 'acked', 'rejected', 'unknown')),
    error_code text,
    answer text,
    trace_id text,
    attempt integer not null default 1,
    sent_at timestamptz not null default clock_timestamp(),
    unique (build_id, system, entity, record_id)
);

create table ops.step_runs (
    run_id bigint generated always as identity primary key,
    as_of date not null,
    step text not null,
    state text not null check (state in ('running', 'done', 'failed', 'blocked')),
    detail jsonb not null default '{}',
    started_at timestamptz not null default clock_timestamp(),
    finished_at timestamptz
);

grant select on all tables in schema ops to transformer, checker, auditor, writeback;
grant select on ops.loads, ops.cursors, ops.watermarks, ops.quarantine, ops.settings to loader;
grant insert, update on ops.loads, ops.cursors to loader;
grant insert on ops.quarantine, ops.settings to loader;
grant insert on ops.check_results, ops.gate_verdicts to checker;
grant insert, update on ops.watermarks to checker, loader;
grant insert, update on ops.builds, ops.published_build to transformer;
grant insert on ops.publications to transformer;
grant insert, update on ops.writeback_receipts to writeback;
grant select on ops.builds to ml;
grant select on ops.publications, ops.published_build to publisher;

grant usage on schema landing to loader, transformer, checker;
grant usage on schema vault to loader;
grant usage on schema scores to ml, transformer, checker;
alter default privileges in schema landing grant select, insert on tables to loader;
alter default privileges in schema landing grant select on tables to transformer, checker;
alter default privileges in schema vault grant select, insert, update, delete on tables to loader;
alter default privileges in schema scores grant select, insert on tables to ml;
alter default privileges in schema scores grant select on tables to transformer, checker;

reset role;
set role transformer;

grant usage on schema staging, intermediate, features, marts, sync to checker;
grant usage on schema features to ml;
grant usage on schema sync to writeback;
grant usage on schema marts to publisher;
alter default privileges in schema staging grant select on tables to checker;
alter default privileges in schema intermediate grant select on tables to checker;
alter default privileges in schema features grant select on tables to ml, checker;
alter default privileges in schema marts grant select on tables to publisher, checker;
alter default privileges in schema sync grant select on tables to writeback, checker;
alter default privileges grant select on tables to checker;

reset role;
set role publisher;

grant usage on schema published to bi_reader, transformer, checker, auditor;
grant create on schema published to transformer;
alter default privileges in schema published grant select on tables to bi_reader, transformer, checker;

reset role;
