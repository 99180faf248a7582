-- What people say the period will bring, beside the model's baseline: insert-only, the newest of a person, node (or deal) and week counts.

set role owner_ddl;

create table ops.submissions (
    submission_id bigint generated always as identity primary key,
    period_id text not null,
    node_id text not null,
    opportunity_id text,
    as_of date not null,
    said_by text not null,
    door text not null check (door in ('workbook', 'page')),
    build_id text not null references ops.builds,
    baseline numeric(18, 2) not null,
    gross_amount numeric(18, 2) not null check (gross_amount >= 0),
    reason text not null,
    is_late boolean not null,
    submitted_at timestamptz not null default clock_timestamp(),
    check (gross_amount = baseline or length(btrim(reason)) > 0)
);

create index on ops.submissions (period_id, node_id, as_of);

grant select, insert on ops.submissions to loader;
grant select on ops.submissions to transformer, checker, auditor;

reset role;
