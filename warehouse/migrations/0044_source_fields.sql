-- The fields that each object of a source has, as it describes itself: one that appears after the first night is news, once. What no mapping
-- names is never asked for, whatever appears.

set role owner_ddl;

-- `is_new`: the stream had been described before without it.
create table ops.source_fields (
    system text not null,
    stream text not null,
    field text not null,
    is_new boolean not null,
    first_seen_on date not null,
    primary key (system, stream, field)
);

grant select, insert on ops.source_fields to loader;
grant select on ops.source_fields to transformer, checker, auditor;

reset role;
