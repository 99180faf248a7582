"""What `bench.build` compares the history of deals with: a real `dbt snapshot` of the same deals, beside them in the same database.

In: the landing table of the synthetic company. Out: rows of `bench_snapshot.deals_by_timestamp` and `deals_by_check`, by dbt's own SQL and
its two strategies (the first, the cheaper one, compares one column), each deal as its newest landing record shows it, with the columns that
the company fills.
"""

import json
from datetime import date, timedelta
from pathlib import Path

from dbt.cli.main import dbtRunner

from bench.build_deals import LANDED
from config.settings import settings
from nightly.dbt_engine import PROJECT, address
from warehouse.clock import cutoff
from warehouse.connection import connect

SCHEMA = "bench_snapshot"
STRATEGIES = ("timestamp", "check")
_SOURCE = f"""
    create schema if not exists {SCHEMA};
    create or replace view {SCHEMA}.deals as
    select distinct on (record_id)
        record_id as opportunity_id, record ->> 'name' as name, record ->> 'account_id' as account_id, record -> 'owner' ->> 0 as owner_id,
        record ->> 'sales_process_id' as sales_process, record ->> 'sales_stage' as stage_value, record ->> 'currency__c' as currency,
        record ->> 'life_status' as life_status, cast(record ->> 'amount' as numeric(18, 2)) as original_amount,
        to_timestamp(cast(record ->> 'create_time' as bigint) / 1000) as created_at, changed_at, known_at
    from landing.fxiaoke__opportunities
    order by record_id asc, changed_at desc, known_at desc, load_id desc"""  # noqa: S608 - our own constants
_PROJECT = "name: snapshot\nversion: '1.0.0'\nconfig-version: 2\nprofile: landfall\n"
_SNAPSHOT = f"""
snapshots:
  - name: deals_by_timestamp
    relation: source('{SCHEMA}', 'deals')
    config: {{schema: {SCHEMA}, unique_key: opportunity_id, strategy: timestamp, updated_at: changed_at}}
  - name: deals_by_check
    relation: source('{SCHEMA}', 'deals')
    config: {{schema: {SCHEMA}, unique_key: opportunity_id, strategy: check, check_cols: all}}
sources:
  - name: {SCHEMA}
    tables: [{{name: deals}}]
"""
_MACRO = "{% macro generate_schema_name(custom_schema_name, node) -%} {{ custom_schema_name }} {%- endmacro %}\n"


def prepare(home: Path) -> None:
    """The little project in `home`, and the view that it snapshots."""
    for name, text in {
        "dbt_project.yml": _PROJECT,
        "snapshots/deals.yml": _SNAPSHOT,
        "macros/schema.sql": _MACRO,
    }.items():
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_text(text, "utf-8")
    with connect("transformer") as connection:
        connection.execute(_SOURCE.encode())


def snapshot(home: Path, strategy: str) -> None:
    """One run of `dbt snapshot` by one of the STRATEGIES."""
    chosen = ["--select", f"deals_by_{strategy}"]
    where = ["--project-dir", str(home), "--profiles-dir", str(PROJECT), "--target-path", str(home / "target")]
    with address():
        done = dbtRunner().invoke(
            ["--log-level", "none", "--log-path", str(home / "logs"), "snapshot", *chosen, *where]
        )
    if not done.success:
        raise SystemExit(
            f"dbt could not take the snapshot in {settings().pg_database}: {done.exception or json.dumps(str(done.result))}"
        )


def read_ours(history: str, day: date, changed: int) -> None:
    """Reads all versions of the deals that changed on a day into a table, as the next layer does; SystemExit where they are too few."""
    query = f"""
        create temporary table read as select * from staging.{history}
        where opportunity_id = any(array(select record_id from {LANDED} where known_at > %s))"""  # noqa: S608 - our own constants
    with connect("transformer") as connection:
        read = connection.execute(query.encode(), (cutoff(day - timedelta(days=1)),)).rowcount
    if read < 2 * changed:
        raise SystemExit(f"staging.{history} tells {read} versions of {changed} deals that changed: look at its query")
