"""Whether alerts reached people, as runs of `notify` noted it: by day and channel, with what still waits."""

import pytest
from psycopg.types.json import Jsonb

from warehouse.connection import connect

pytestmark = pytest.mark.slow

BUILD = "20260513_cccccccccccc"
DELIVERED = (
    "select told_on::text, channel, sent_count, summed_count, undeliverable_count, failed_count, waiting_count"
    " from build_{}.rpt_alert_delivery order by 1, 2"
)


def told(day: str, *channels: tuple[str, int, int, int, int]) -> None:
    """A run of notify that noted, by channel, what it sent, summed, could not deliver and failed at."""
    noted = [
        dict(zip(("channel", "sent", "summed", "undeliverable", "failed"), each, strict=True)) for each in channels
    ]
    run("notify", day, by_channel=noted)


def run(step: str, day: str, **detail: object) -> None:
    """A run of a step that ended."""
    with connect("owner_ddl") as connection:
        connection.execute(
            "insert into ops.step_runs (as_of, step, state, finished_at, detail) values (%s, %s, 'done', now(), %s)",
            (day, step, Jsonb(detail)),
        )


def test_what_failed_waits_until_a_later_run_of_the_day_sends_it(tenant_database, build, query):  # type: ignore[no-untyped-def]
    told("2026-04-20", ("mail", 9, 9, 9, 9))  # more than two weeks ago
    told("2026-05-11", ("mail", 5, 2, 1, 0), ("wecom", 0, 0, 0, 4))
    told("2026-05-11", ("mail", 0, 0, 0, 0), ("wecom", 3, 0, 0, 1))
    run("notify", "2026-05-12", channels=0)  # no channel was set
    run("open_build", "2026-05-13", build_id=BUILD)
    told("2026-05-11", ("wecom", 1, 0, 0, 0))  # by hand, after the build was opened
    models = "stg_landfall__notifications stg_landfall__step_runs rpt_alert_delivery"
    build(models, "2026-05-13", build_id=BUILD, build_schema=f"build_{BUILD}")
    assert query(DELIVERED.format(BUILD)) == [
        ("2026-05-11", "mail", 5, 2, 1, 0, 0),
        ("2026-05-11", "wecom", 3, 0, 0, 5, 1),
    ]
