-- By how much a forecast's ranges were widened or narrowed by the errors of the tenant's own past forecasts (`ml/errors.py`).
-- Null in rows from before this release, which were drawn without.
set role owner_ddl;

alter table scores.period_forecasts add column range_scale double precision;
alter table scores.period_backtests add column range_scale double precision;

reset role;
