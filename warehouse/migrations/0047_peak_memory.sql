-- How much memory each run of a step took at its highest: what a limit of a container or a service must leave room for.

set role owner_ddl;

alter table ops.step_runs add column peak_rss_bytes bigint;

comment on column ops.step_runs.peak_rss_bytes is 'most memory held at once by the step or one of its child processes; null of a step that was killed';

drop function ops.end_step(bigint, text, jsonb);

create function ops.end_step(step_run bigint, end_state text, said jsonb, peak bigint default null) returns void
language sql security definer set search_path = pg_catalog, pg_temp as $$
    update ops.step_runs set state = end_state, detail = said, peak_rss_bytes = peak, finished_at = clock_timestamp()
    where run_id = step_run and finished_at is null
$$;

revoke execute on function ops.end_step from public;
grant execute on function ops.end_step to loader, transformer, checker, ml, writeback;

reset role;
