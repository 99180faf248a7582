-- What a model was trained on: days of its first and last snapshot, and how many there were, so that pages can say so without the registry.
-- Null of models from before this release (MLflow has their rows, where it was up), and the days of one that was trained on no row.

set role owner_ddl;

alter table scores.models add column training_from date;
alter table scores.models add column training_to date;
alter table scores.models add column training_rows bigint;

reset role;
