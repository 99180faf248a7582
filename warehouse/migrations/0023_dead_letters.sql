-- What was owed and never left gets a receipt too, and a record that the other side refused night after night rests until a person releases it.

set role owner_ddl;

alter table ops.writeback_receipts drop constraint writeback_receipts_state_check;
alter table ops.writeback_receipts add constraint writeback_receipts_state_check
check (state in ('pending', 'acked', 'rejected', 'unknown', 'unprocessed', 'dead'));
create index on ops.writeback_receipts (system, entity, record_id);

-- `build_id`: the build of the last refusal. `released_behind_receipt`, `released_behind_publication`: the newest ones at the release, since
-- refusals count from there, and what an earlier build was told of stays told.
create table ops.dead_letters (
    dead_letter_id bigint generated always as identity primary key,
    system text not null,
    entity text not null,
    record_id text not null,
    build_id text not null,
    nights_count integer not null,
    error_code text,
    buried_at timestamptz not null default clock_timestamp(),
    released_behind_receipt bigint,
    released_behind_publication bigint,
    released_by text,
    release_reason text,
    released_at timestamptz
);
create unique index on ops.dead_letters (system, entity, record_id) where released_at is null;

grant select, insert, update on ops.dead_letters to writeback;
grant select on ops.dead_letters to transformer, checker, auditor;

reset role;
