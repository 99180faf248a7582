-- What people type is written by a role of its own, that reads neither the vault nor anything else; `loader` may do in the vault what it does
-- there and no more: tombstones of erased persons stay, and what the webhook took in is emptied, never replaced or deleted.

do $$
begin
    if not exists (select from pg_roles where rolname = 'submitter') then
        create role submitter nologin noinherit;
    end if;
    grant submitter to current_user;
    execute format('grant connect on database %I to submitter', current_database());
end
$$;

grant usage on schema ops to submitter;

set role owner_ddl;

grant select, insert on ops.submissions to submitter;
grant select on ops.org_access to submitter;
revoke select, insert on ops.submissions from loader;

-- A later table of the vault is granted by its own migration.
alter default privileges in schema vault revoke select, insert, update, delete on tables from loader;
revoke update on vault.persons, vault.quarantined from loader;
revoke update, delete on vault.erasures, vault.lead_inbox from loader;
grant update (raw) on vault.lead_inbox to loader;

-- The planner's statistics would keep samples of personal values where erasing does not reach. A change of type drops what was collected.
alter table vault.persons alter original type text, alter original set statistics 0;
alter table vault.quarantined alter raw type bytea, alter raw set statistics 0;
alter table vault.lead_inbox alter raw type bytea, alter raw set statistics 0;

reset role;
