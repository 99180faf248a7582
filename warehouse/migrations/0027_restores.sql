-- A database that came out of a backup is older than what the CRM was told since: the next write-back reads before it sends.

set role owner_ddl;

create table ops.restores (
    restore_id bigint generated always as identity primary key,
    taken_at timestamptz not null,
    restored_at timestamptz not null default clock_timestamp(),
    reread_at timestamptz
);
comment on table ops.restores is
'A row for each time this database came out of a backup; reread_at: when the write-back had compared the CRM with what it owed.';
grant select, insert, update on ops.restores to writeback;
grant select on ops.restores to transformer, checker, auditor;

reset role;
