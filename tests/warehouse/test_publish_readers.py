"""What readers meet while builds change under them: one build at a time, no error, no empty page, no long wait."""

import threading
import time
from dataclasses import dataclass, field
from datetime import date, timedelta

from tests.warehouse.nights import Nights
from tests.warehouse.organisation import keep_calendar
from warehouse.connection import connect
from warehouse.pointer import rollback
from warehouse.publish import publish
from warehouse.retention import retire

DAY = date(2026, 3, 2)


@dataclass
class Reader(threading.Thread):
    """Reads both marts in one REPEATABLE READ transaction, again and again, and keeps what it saw."""

    ended: threading.Event = field(default_factory=threading.Event)
    pages: list[tuple[object, ...]] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    longest_s: float = 0.0

    def __post_init__(self) -> None:
        super().__init__()

    __hash__ = threading.Thread.__hash__

    def run(self) -> None:
        """Read until told to end."""
        with connect("bi_reader", autocommit=True) as connection:
            while not self.ended.is_set():
                started = time.monotonic()
                try:
                    with connection.transaction():
                        connection.execute("set transaction isolation level repeatable read")
                        deals = connection.execute(
                            "select min(build_id), max(build_id), count(*) from published.mart_deals"
                        ).fetchone()
                        build = connection.execute(
                            "select min(build_id), max(build_id), count(*) from published.mart_build"
                        ).fetchone()
                        self.pages.append((*(deals or ()), *(build or ())))
                except Exception as error:
                    self.errors.append(repr(error))
                self.longest_s = max(self.longest_s, time.monotonic() - started)


def test_readers_see_one_build_at_a_time_while_builds_come_and_go(nights: Nights) -> None:
    first = nights.build(DAY)
    publish(first.as_of)
    readers = [Reader() for _ in range(3)]
    for reader in readers:
        reader.start()
    published = {first.build_id}
    for offset in range(1, 11):
        build = nights.build(DAY + timedelta(days=offset), [(f"O-{i}", "1.00") for i in range(300)])
        publish(build.as_of)
        published.add(build.build_id)
        if offset == 5:
            rollback()
        retire()
    for reader in readers:
        reader.ended.set()
        reader.join()
    pages = [page for reader in readers for page in reader.pages]
    assert [reader.errors for reader in readers] == [[], [], []]
    assert all(page[0] == page[1] == page[3] == page[4] for page in pages), "a page mixed two builds"
    assert all(page[2] and page[5] for page in pages), "a page was empty"
    assert {page[0] for page in pages} <= published
    assert len({page[0] for page in pages}) >= 3, "the readers met too few builds for this test to mean anything"
    assert max(reader.longest_s for reader in readers) < 1.0


def test_a_long_query_does_not_hold_up_publishing(nights: Nights) -> None:
    build = nights.build(date(2026, 3, 20))
    with connect("bi_reader") as reader:
        reader.execute("select count(*) from published.mart_deals")
        started = time.monotonic()
        publish(build.as_of)
        assert time.monotonic() - started < 2.0


def test_retention_keeps_seven_builds_and_each_quarters_first_and_last(nights: Nights) -> None:
    keep_calendar(nights)
    days = [date(2026, 5, 4) + timedelta(days=offset) for offset in range(9)]
    for day in [date(2026, 4, 1), date(2026, 4, 2), *days, date(2026, 7, 1)]:
        publish(nights.build(day).as_of)
    retire()
    attached = nights.fetch(
        "publisher", "select distinct as_of from marts.mart_build where as_of >= '2026-04-01' order by 1"
    )
    kept = [day for (day,) in attached]
    assert kept == [date(2026, 4, 1), *days[-6:], date(2026, 7, 1)]
    gone = nights.fetch("auditor", "select build_id from ops.builds where as_of = '2026-04-02'")[0][0]
    assert nights.fetch("transformer", f"select to_regnamespace('build_{gone}')") == [(None,)]
    assert retire() == []


def test_the_rerun_of_a_dropped_build_is_still_compared(nights: Nights) -> None:
    build = nights.build(date(2026, 4, 2))
    assert publish(build.as_of).endswith("its rerun is identical and was dropped")


def test_retention_finishes_a_detach_that_a_long_query_interrupted(nights: Nights) -> None:
    for offset in range(1, 3):
        publish(nights.build(date(2026, 7, 1) + timedelta(days=offset)).as_of)
    doomed = nights.fetch("auditor", "select 'build_' || build_id from ops.builds where as_of = '2026-05-07'")[0][0]
    with connect("bi_reader") as reader:
        reader.execute("select count(*) from published.mart_deals")
        assert retire() == []
        publish(nights.build(date(2026, 7, 4)).as_of)
    assert doomed in retire()


def test_a_reader_that_holds_the_mart_delays_a_new_column_but_no_other_reader(nights: Nights) -> None:
    build = nights.build(date(2026, 7, 8))
    nights.execute("transformer", f"alter table {build.schema}.mart_deals add column rank bigint")
    publishing = threading.Thread(target=publish, args=(build.as_of,))
    with connect("bi_reader") as holder:
        holder.execute("select count(*) from published.mart_deals")
        publishing.start()
        with connect("bi_reader", autocommit=True) as other:
            other.execute("set lock_timeout = '500ms'")  # a reader that a lock holds up longer gets an error
            counted = {other.execute("select count(*) from published.mart_deals").fetchone() for _ in range(20)}
        assert (publishing.is_alive(), len(counted)) == (True, 1)
    publishing.join()
    assert nights.fetch("bi_reader", "select distinct rank from published.mart_deals") == [(None,)]
