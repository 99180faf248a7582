-- The order in which replays were appended: of a past day that was replayed more than once, the latest replay counts.

set role owner_ddl;

alter table scores.period_backtests add column replay_number bigint generated always as identity;

comment on column scores.period_backtests.replay_number is 'grows with every row appended; no clock';

reset role;
