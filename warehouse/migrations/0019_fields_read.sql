-- What each walk asked its source for, so that a field that a mapping begins to name is read of every record and not of those alone that
-- change from now on. Null: a walk from before this was kept.

set role owner_ddl;

alter table ops.loads add column fields text[];

reset role;
