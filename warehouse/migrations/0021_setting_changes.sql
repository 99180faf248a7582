-- One row for every change that came through the settings door, so that a change can be named, shown and undone as a whole.

set role owner_ddl;

create table ops.setting_changes (
    change_id bigint primary key,
    as_of date not null,
    valid_from date not null,
    decided_by text not null,
    reason text not null,
    file_sha256 text,
    undoes bigint unique references ops.setting_changes
);

alter table ops.settings add column change_id bigint references ops.setting_changes;

grant select on ops.setting_changes to loader, transformer, checker, auditor;
grant insert on ops.setting_changes to loader;

reset role;
