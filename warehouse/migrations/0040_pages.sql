-- What Superset's one login may read beside the published marts: who may see which part of the organisation, so that its rules ask the very
-- tables that the database's policies ask. The role has no login; `warehouse/page_logins.py` makes one that is its member.

do $$
begin
    if not exists (select from pg_roles where rolname = 'page_server') then
        create role page_server nologin noinherit;
    end if;
    execute format('grant connect on database %I to page_server', current_database());
end
$$;

grant usage on schema ops to page_server;

set role owner_ddl;

grant select on ops.org_access, ops.org_reach to page_server;

reset role;
