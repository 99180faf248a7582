-- Who moved readers back to an earlier build, and from which: the publish log on the page of data and models shows it.
-- Null in publications, and in rollbacks from before this release.

set role owner_ddl;

alter table ops.publications add column from_build_id text references ops.builds;
alter table ops.publications add column done_by text;

comment on column ops.publications.from_build_id is 'of a rollback: the build that readers saw before it';
comment on column ops.publications.done_by is 'of a rollback: who asked for it';

reset role;
