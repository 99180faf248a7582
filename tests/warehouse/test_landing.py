"""What a page becomes: new versions land, what is known already does not, and the counts always add up."""

from collections.abc import Iterator
from datetime import UTC, date, datetime

import pytest

from warehouse.batches import record_hash
from warehouse.clock import cutoff
from warehouse.landing import PageCounts, Record, Reject, land_page
from warehouse.walks import Loading, Walk, begin, loading

DAY = date(2026, 6, 30)
MORNING, NOON, EVENING = (datetime(2026, 6, 30, hour, tzinfo=UTC) for hour in (1, 5, 9))


@pytest.fixture
def connection(tenant_database: str) -> Iterator[Loading]:
    with loading("fxiaoke") as open_connection:
        yield open_connection


@pytest.fixture
def walk(connection: Loading, request: pytest.FixtureRequest) -> Walk:
    """A begun walk of a day of its own for each test, so that tests do not meet each other's loads."""
    with connection.transaction():
        connection.execute("set role owner_ddl")
        for table in ("landing.fxiaoke__opportunities", "ops.loads", "ops.cursors", "vault.quarantined"):
            connection.execute(f"delete from {table}")
        connection.execute("set role loader")
    return begin(connection, Walk("fxiaoke", "opportunities", DAY, None, cutoff(DAY)))


def seen(record_id: str, amount: str, changed_at: datetime, **more: object) -> Record:
    return Record(record_id, {"_id": record_id, "amount": amount, **more}, changed_at, cutoff(DAY))


def land(connection: Loading, walk: Walk, *records: Record, rejects: tuple[Reject, ...] = ()) -> PageCounts:
    return land_page(connection, walk, records, rejects, last_id=records[-1].record_id if records else None, requests=1)


def landed(connection: Loading) -> list[tuple[str, str, datetime]]:
    query = "select record_id, record->>'amount', changed_at from landing.fxiaoke__opportunities order by record_id, changed_at"
    return [(row[0], row[1], row[2]) for row in connection.execute(query)]


def test_a_record_seen_again_unchanged_does_not_land_again(connection: Loading, walk: Walk) -> None:
    assert land(connection, walk, seen("O-1", "100", MORNING)) == PageCounts(landed=1)
    assert land(connection, walk, seen("O-1", "100", MORNING)) == PageCounts(unchanged=1)
    assert landed(connection) == [("O-1", "100", MORNING)]


def test_a_page_that_holds_a_record_twice_lands_it_once(connection: Loading, walk: Walk) -> None:
    assert land(connection, walk, seen("O-1", "100", MORNING), seen("O-1", "100", MORNING)) == PageCounts(
        landed=1, unchanged=1
    )


def test_versions_of_one_record_in_one_page_land_in_the_order_of_their_change(connection: Loading, walk: Walk) -> None:
    page = (seen("O-1", "300", EVENING), seen("O-1", "100", MORNING), seen("O-1", "100", NOON))
    assert land(connection, walk, *page) == PageCounts(landed=2, unchanged=1, echoed=1)
    assert landed(connection) == [("O-1", "100", MORNING), ("O-1", "300", EVENING)]


def test_an_older_version_that_arrives_late_lands_as_history(connection: Loading, walk: Walk) -> None:
    land(connection, walk, seen("O-1", "300", EVENING))
    assert land(connection, walk, seen("O-1", "300", NOON)) == PageCounts(landed=1)
    assert landed(connection) == [("O-1", "300", NOON), ("O-1", "300", EVENING)]


def test_a_value_that_comes_back_is_a_new_version(connection: Loading, walk: Walk) -> None:
    for amount, at in (("100", MORNING), ("200", NOON), ("100", EVENING)):
        assert land(connection, walk, seen("O-1", amount, at)).landed == 1


def test_what_we_wrote_comes_back_as_an_echo_and_does_not_land(connection: Loading, walk: Walk) -> None:
    land(connection, walk, seen("O-1", "100", MORNING, version="1", last_modified_by=["1007"]))
    echo = seen("O-1", "100", NOON, version="2", last_modified_by=["1000"], last_modified_time=7, lf_band__c="A")
    assert land(connection, walk, echo) == PageCounts(unchanged=1, echoed=1)
    assert land(connection, walk, seen("O-1", "100", MORNING)) == PageCounts(
        unchanged=1
    )  # the look-back's row is no echo


def test_a_record_that_cannot_be_read_is_kept_beside_with_its_reason(connection: Loading, walk: Walk) -> None:
    reject = Reject("the record holds a NUL character in field name", b'{"name": "a\\u0000"}', "O-2")
    assert land(connection, walk, seen("O-1", "100", MORNING), rejects=(reject,)) == PageCounts(landed=1, quarantined=1)
    kept = connection.execute(
        "select q.record_id, q.reason, v.raw from ops.quarantine q join vault.quarantined v using (quarantine_id)"
        " where q.load_id = %s",
        (walk.load_id,),
    ).fetchall()
    assert kept == [("O-2", "the record holds a NUL character in field name", b'{"name": "a\\u0000"}')]


def test_the_load_adds_up_its_pages_and_the_cursor_stands_behind_the_last(connection: Loading, walk: Walk) -> None:
    land(connection, walk, seen("O-1", "100", MORNING), seen("O-2", "100", MORNING))
    land_page(
        connection, walk, [seen("O-2", "100", MORNING)], [Reject("bad", b"x")], last_id="O-3", requests=2, is_last=True
    )
    load = connection.execute(
        "select state, pages, requests, received, landed, unchanged, quarantined from ops.loads"
    ).fetchone()
    assert load == ("finished", 2, 3, 4, 2, 1, 1)
    assert connection.execute("select state, last_id from ops.cursors").fetchone() == ("finished", "O-3")


def test_text_that_breaks_text_formats_lands_byte_for_byte(connection: Loading, walk: Walk) -> None:
    nasty = ["\\.", "'; DROP TABLE--", "a\nb\tc", '{{ jinja }} %s "', "👩‍🔧 𠮷 \u202eabc", "e\u0301"]
    land(connection, walk, *(seen(f"O-{n}", text, MORNING) for n, text in enumerate(nasty)))
    assert [amount for _, amount, _ in landed(connection)] == nasty


def test_text_of_any_length_lands_whole(connection: Loading, walk: Walk) -> None:
    """A name of 13 kB once broke an index; no index stands on a text, and staging shows its first 500 characters."""
    long_name = "".join(chr(0x4E00 + number * 7919 % 20000) for number in range(4400))
    longest_note = long_name * 760
    assert (len(long_name.encode()), len(longest_note.encode())) == (13_200, 10_032_000)
    assert land(connection, walk, seen("O-1", long_name, MORNING), seen("O-2", longest_note, MORNING)).landed == 2
    assert [amount for _, amount, _ in landed(connection)] == [long_name, longest_note]


def test_the_hash_leaves_out_bookkeeping_and_our_scores_and_nothing_else() -> None:
    plain = {"_id": "O-1", "amount": "100"}
    around = {"version": "9", "last_modified_time": 1, "last_modified_by": ["1"], "lf_band__c": "A"}
    assert record_hash(plain | around) == record_hash(plain)
    assert record_hash({**plain, "lf_band": "A"}) != record_hash(plain)
    assert record_hash({"amount": "100", "_id": "O-1"}) == record_hash(plain)


def test_loader_may_append_to_landing_and_never_change_it(connection: Loading, walk: Walk) -> None:
    land(connection, walk, seen("O-1", "100", MORNING))
    for statement in (
        "update landing.fxiaoke__opportunities set record_id = 'x'",
        "delete from landing.fxiaoke__opportunities",
    ):
        with pytest.raises(Exception, match="permission denied"):
            connection.execute(statement)


def test_a_row_knows_the_transaction_that_wrote_it_and_who_changes_rows_is_noted(
    connection: Loading, walk: Walk
) -> None:
    """By these a build finds what is new, and that nothing is gone, without reading the table."""
    noted = "select count(*) from ops.landing_rewrites where relation = 'landing.fxiaoke__opportunities'"
    numbers = "select record_id, written_by from landing.fxiaoke__opportunities order by 1"
    begun = "select cast(cast(pg_snapshot_xmax(pg_current_snapshot()) as text) as bigint)"
    with connection.transaction():
        connection.execute("set local role owner_ddl")
        (before,), (first,) = (connection.execute(query).fetchone() or () for query in (noted, begun))
    land(connection, walk, seen("O-1", "100", MORNING), seen("O-2", "100", MORNING))
    land(connection, walk, seen("O-3", "100", MORNING))
    found: dict[str, int] = dict(connection.execute(numbers).fetchall())
    assert first <= found["O-1"] == found["O-2"] < found["O-3"]
    with connection.transaction():
        connection.execute("set local role owner_ddl")
        connection.execute("delete from landing.fxiaoke__opportunities where record_id = 'O-1'")
        assert connection.execute(noted).fetchone() == (before + 1,)
