-- Makes the catalogue equal to warehouse/roles.yml, and adds who may see which part of the organisation. `python -m warehouse roles`
-- compares; so does a test. Login settings of readers are set on each login (`python -m warehouse readers`), since members inherit none.

do $$
declare
    database_name text := current_database();
begin
    execute format('revoke all on database %I from public', database_name);
    execute format(
        'grant connect on database %I to owner_ddl, publisher, loader, transformer, checker, ml, writeback, bi_reader, auditor', database_name
    );
    execute format('revoke temporary on database %I from ml, owner_ddl', database_name);
    execute format('grant temporary on database %I to loader, transformer', database_name);
end
$$;

set role owner_ddl;

alter default privileges revoke execute on functions from public;

-- An account is a login; its node is one of the organisation, '*' the whole of it. The pipeline's own readers see the whole.
create table ops.org_access (
    account text not null,
    node_id text not null,
    granted_by text not null default session_user,
    granted_at timestamptz not null default clock_timestamp(),
    primary key (account, node_id)
);

-- Every node with itself and all below it, as the newest published day knows them; a root also reaches '*', the rows of no node.
create table ops.org_reach (
    ancestor_id text not null,
    node_id text not null,
    primary key (ancestor_id, node_id)
);

insert into ops.org_access (account, node_id) values ('publisher', '*'), ('checker', '*'), ('bi_reader', '*');
insert into ops.org_reach (ancestor_id, node_id) values ('*', '*');

grant select on ops.org_access, ops.org_reach to publisher, transformer, checker, auditor;
grant insert, delete on ops.org_reach to transformer;

-- Steps of every role record themselves, and no role writes the table: these two functions do.
create function ops.begin_step(step_day date, step_name text) returns bigint
language sql security definer set search_path = pg_catalog, pg_temp as $$
    insert into ops.step_runs (as_of, step, state) values (step_day, step_name, 'running') returning run_id
$$;

create function ops.end_step(step_run bigint, end_state text, said jsonb) returns void
language sql security definer set search_path = pg_catalog, pg_temp as $$
    update ops.step_runs set state = end_state, detail = said, finished_at = clock_timestamp()
    where run_id = step_run and finished_at is null
$$;

revoke execute on function ops.begin_step, ops.end_step from public;
grant execute on function ops.begin_step, ops.end_step to loader, transformer, checker, ml, writeback;

-- One writer a table: the landing gate's role moves watermarks, also those of the go-live import.
revoke insert, update on ops.watermarks from loader;
-- Write-back learns from `ops` which build was published, and keeps receipts; everything else it reads in `sync`.
revoke select on all tables in schema ops from writeback;
grant select on ops.writeback_receipts, ops.publications to writeback;

reset role;
set role transformer;

alter default privileges revoke execute on functions from public;
-- Builds are read by the gate before they are published; what is published is read through the views alone.
alter default privileges in schema marts revoke select on tables from checker;
revoke select on all tables in schema marts from checker;
revoke usage on schema marts from checker;
-- What is published already shows no rows until the next publication gives each mart its policy.
do $$
declare
    mart text;
begin
    for mart in select relname from pg_class where relnamespace = 'marts'::regnamespace and relkind = 'p' loop
        execute format('alter table marts.%I enable row level security', mart);
        execute format('alter table marts.%I force row level security', mart);
    end loop;
end
$$;

reset role;
set role publisher;

alter default privileges revoke execute on functions from public;
alter default privileges in schema published revoke select on tables from transformer;
revoke select on all tables in schema published from transformer;
revoke create on schema published from transformer;
revoke usage on schema published from auditor;

reset role;
