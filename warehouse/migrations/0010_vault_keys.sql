-- Which key the vault's look-up hashes were made with, so that another key is refused, and the keys before it, by which tombstones are found.

set role owner_ddl;

create table vault.keys (
    generation integer primary key,
    key_check text not null unique,
    retired_key text,
    since timestamptz not null default clock_timestamp()
);
comment on table vault.keys is
'A row for each key of the vault. key_check: what the key makes of a fixed text. retired_key: the key itself once another took its place: of no use
alone, since every later key was put over it, and needed to know an erased value again.';

create table vault.older_tombstones (
    field_hash text primary key,
    generation integer not null references vault.keys
);
comment on table vault.older_tombstones is
'Tombstones that went through a change of key: the key they began with; every later one was put over the hash.';

-- A new database makes these before 0026 narrows what loader may do by default.
revoke all on vault.keys, vault.older_tombstones from loader;
grant select, insert on vault.keys to loader;
grant select on vault.older_tombstones to loader;

reset role;
