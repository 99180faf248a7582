-- Who was erased: the look-up hash and the token alone, so that a source that still shows the person brings neither value nor a new version back.

set role owner_ddl;

create table vault.erasures (
    field_hash text primary key,
    token text not null unique,
    kind text not null,
    asked_on date not null,
    asked_by text not null,
    erased_at timestamptz not null default clock_timestamp()
);

reset role;
