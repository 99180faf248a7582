-- Leads from lists that people drop in a folder and from senders of our own webhook, and what became of each file of a walk.

set role owner_ddl;

call landing.add_stream('lead_files__leads');
call landing.add_stream('webhook__leads');

-- A walk over several files (or other parts) counts each of them: received = landed + unchanged + quarantined.
create table ops.load_parts (
    load_id text not null,
    part text not null,
    received bigint not null,
    landed bigint not null,
    unchanged bigint not null,
    quarantined bigint not null,
    primary key (load_id, part),
    check (received = landed + unchanged + quarantined)
);

-- What the webhook took in, as it came, readable by loader alone; a night maps it. A sender's repetition finds its first row.
create table vault.lead_inbox (
    inbox_id bigint generated always as identity primary key,
    source text not null,
    event_id text not null,
    signature text not null,
    sent_at timestamptz not null,
    raw bytea not null,
    received_at timestamptz not null default clock_timestamp(),
    unique (source, event_id),
    unique (source, signature)
);
create index lead_inbox_sent on vault.lead_inbox (sent_at);

grant select, insert, update on ops.load_parts to loader;
grant select on ops.load_parts to transformer, checker, auditor;

reset role;
