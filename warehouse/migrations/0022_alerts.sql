-- What people were alerted to, until its cause was gone, and every message that left with its receipt.

set role owner_ddl;

-- One row for each time that a cause came up. Times of the wall clock serve the receipts' latency alone; builds order everything else.
create table ops.alerts (
    alert_id bigint generated always as identity primary key,
    alert_key text not null,
    opened_build_id text not null,
    rule text not null,
    subject_id text not null,
    owner_id text,
    manager_id text,
    sentence_zh text not null,
    sentence_en text not null,
    as_of date not null,
    cleared_build_id text,
    opened_at timestamptz not null default clock_timestamp(),
    cleared_at timestamptz,
    unique (alert_key, opened_build_id)
);

-- recipient_id: a person of the organisation, `group` (a chat group) or `operators`; never an address. `summed`: told as one of a number.
create table ops.alert_deliveries (
    delivery_id bigint generated always as identity primary key,
    build_id text not null,
    alert_key text not null,
    channel text not null,
    recipient_id text not null,
    state text not null check (state in ('pending', 'sent', 'summed', 'failed', 'undeliverable')),
    error_code text,
    answer text,
    attempt integer not null default 1,
    queued_at timestamptz not null default clock_timestamp(),
    sent_at timestamptz,
    unique (build_id, alert_key, channel, recipient_id)
);

grant select, insert, update on ops.alerts, ops.alert_deliveries to writeback;
grant select on ops.alerts, ops.alert_deliveries to transformer, checker, auditor;

reset role;
