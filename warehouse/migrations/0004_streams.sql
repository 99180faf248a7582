-- Which streams the tenant has and how old each may grow, and what a list of ids left out until a later night buries it.

set role owner_ddl;

create table ops.streams (
    system text not null,
    stream text not null,
    mode text not null check (mode in ('changed', 'snapshot', 'days', 'files')),
    is_required boolean not null,
    max_age interval not null,
    declared_at timestamptz not null default clock_timestamp(),
    primary key (system, stream)
);

create table ops.missing_records (
    system text not null,
    stream text not null,
    record_id text not null,
    noted_for date not null,
    noted_at timestamptz not null default clock_timestamp(),
    primary key (system, stream, record_id, noted_for)
);

grant select, insert, update, delete on ops.streams to loader;
grant select, insert on ops.missing_records to loader;
grant select on ops.streams, ops.missing_records to transformer, checker, auditor, writeback;

reset role;
