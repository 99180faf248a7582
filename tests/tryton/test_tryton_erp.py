"""A real ERP that nobody here wrote: filled through its own client, read by our connector night after night, compared with what it says.

The tests of this module follow each other: a company with a day behind it, its first night, a day of changes, the next two nights.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from config.settings import settings
from connectors.streams import mapping_of
from connectors.tryton import Tryton
from expectations.__main__ import decide
from nightly import dbt_engine
from tests.connectors.company import run_step
from tests.tryton.erp import PASSWORD, Erp
from warehouse import watermarks
from warehouse.clock import cutoff
from warehouse.connection import connect
from warehouse.walks import Walk

pytestmark = pytest.mark.slow
NOON = 12 - datetime.now(UTC).hour  # hours from UTC to a zone where it is about noon: no test runs over midnight there
ZONE = f"Etc/GMT{-NOON:+d}"
TODAY = datetime.now(UTC).date()
YESTERDAY, TOMORROW = TODAY - timedelta(days=1), TODAY + timedelta(days=1)
STREAMS = mapping_of("tryton").streams


@pytest.fixture(scope="module")
def erp(tenant_database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Erp]:
    """A filled ERP, all of it three hours older than midnight; this module's settings point at it."""
    running = Erp(tmp_path_factory.mktemp("erp"))
    values = {"BASE_URL": running.url, "DATABASE": "erp", "USER": "admin", "PASSWORD": PASSWORD}
    patch = pytest.MonkeyPatch()
    for name, value in values.items():
        patch.setenv(f"LANDFALL_TRYTON_{name}", value)
    patch.setenv("LANDFALL_TIME_ZONE", ZONE)
    patch.setenv("LANDFALL_SOURCES", "tryton")
    settings.cache_clear()
    try:
        running.client("fill", TODAY)
        running.age([stream.object for stream in STREAMS.values()], cutoff(YESTERDAY) - timedelta(hours=3))
        yield running
    finally:
        running.stop()
        patch.undo()
        settings.cache_clear()


def query(statement: str, *params: object) -> list[tuple[Any, ...]]:
    with connect("loader") as connection:
        return connection.execute(statement, params).fetchall()


def landed(stream: str) -> dict[str, dict[str, Any]]:
    """The living records of a stream as landed last: the mapped fields, instants to the second."""
    newest = query(
        f"select distinct on (record_id) record_id, record from landing.tryton__{stream}"
        " order by record_id, changed_at desc, known_at desc, load_id desc"
    )
    fields = STREAMS[stream].fields
    return {
        record_id: {
            name: record[name][:19] if name == "create_date" else record[name] for name in fields if name in record
        }
        for record_id, record in newest
        if not record.get("is_deleted")
    }


def night(as_of: date) -> str:
    """Read the ERP for a day and believe it, as the landing gate does; returns what the step said."""
    done = run_step("extract", "--as-of", as_of.isoformat())
    assert done.returncode == 0, done.stdout + done.stderr
    with connect("checker") as connection:
        for name in STREAMS:
            watermarks.move(connection, "tryton", name, cutoff(as_of), as_of)
    return done.stdout


def told(erp: Erp, day: date) -> dict[str, dict[str, dict[str, Any]]]:
    """What the ERP says of all streams to its own client."""
    warehouses = [number for (number,) in erp.sql("select id from stock_location where type = 'warehouse' order by id")]
    asked = {
        name: {
            "object": stream.object,
            "fields": [field for field in stream.fields if field != "warehouse"],
            "where": stream.options.get("where"),
            "places": warehouses if stream.options.get("per") else [],
        }
        for name, stream in STREAMS.items()
    }
    answer: dict[str, dict[str, dict[str, Any]]] = erp.client("tell", day, asked)
    return answer


def same(erp: Erp, day: date) -> None:
    """Landing is what the ERP says, stream by stream."""
    answer = told(erp, day)
    for name in STREAMS:
        assert landed(name) == answer.get(name, {}), name


def test_every_system_check_passes_and_says_what_cannot_be_read(erp: Erp) -> None:
    done = run_step("check", "--system", "tryton")
    assert (done.returncode, done.stdout.count("can be read")) == (0, len(STREAMS)), done.stdout + done.stderr
    wrong = run_step("check", "--system", "tryton", tryton_password="wrong")
    assert (wrong.returncode, "correct LANDFALL_TRYTON_USER and LANDFALL_TRYTON_PASSWORD" in wrong.stdout) == (1, True)
    absent = run_step("check", "--system", "tryton", tryton_database="other")
    assert (absent.returncode, "correct LANDFALL_TRYTON_DATABASE" in absent.stdout) == (1, True)


def test_the_first_night_lands_what_the_erp_says_to_its_own_client(erp: Erp) -> None:
    done = run_step("extract", "--as-of", YESTERDAY.isoformat())
    assert done.returncode == 0, done.stdout + done.stderr
    assert decide("landing", YESTERDAY, []).startswith("landing gate passed")
    same(erp, YESTERDAY)
    orders = [Decimal(order["untaxed_amount"]) for order in landed("orders").values()]
    assert sorted(orders) == [Decimal(text) for text in ("1000.10", "2000.20", "5000.50", "7000.70")]
    assert [record["quantity"] for record in landed("stock_quantities").values()] == [100.0]


def test_pages_go_on_behind_ties_and_the_boundary_belongs_to_the_later_day(erp: Erp) -> None:
    """All records bear one instant; two are moved to the day's end: the last microsecond of the day, and the first of the next."""
    ((first, last),) = erp.sql("select min(id), max(id) from sale_line")
    end = cutoff(YESTERDAY)
    for number, instant in ((first, end - timedelta(microseconds=1)), (last, end)):
        erp.sql(
            "update sale_line set create_date = ?, write_date = null where id = ?",
            f"{instant:%Y-%m-%d %H:%M:%S.%f}",
            number,
        )
    crm = Tryton(page=2)
    whole = Walk("tryton", "order_lines", YESTERDAY, None, end)
    pages = list(crm.pages(STREAMS["order_lines"], whole))
    read = [row["id"] for page in pages for row in page.rows]
    assert len(pages) > 2
    assert read == [number for (number,) in erp.sql("select id from sale_line where id <> ? order by id", last)]
    later = Walk("tryton", "order_lines", TODAY, end, cutoff(TODAY))
    assert [row["id"] for page in crm.pages(STREAMS["order_lines"], later) for row in page.rows] == [last]
    assert crm.held_back(STREAMS["order_lines"], whole) == 1
    crm.close()


def test_the_next_night_reads_what_changed_alone_with_one_sign_in_when_the_session_ended(erp: Erp) -> None:
    erp.client("change", TODAY)
    erp.sql("delete from ir_session")
    refused = sum('" 401 ' in line for line in erp.log)
    said = night(TODAY)
    assert sum('" 401 ' in line for line in erp.log) - refused == 1
    assert erp.sql("select count(*) from ir_session") == [(1,)]
    answer = told(erp, TODAY)
    for name in sorted(STREAMS.keys() - {"orders", "order_lines"}):  # of which one was deleted
        assert landed(name) == answer.get(name, {}), name
    assert "product_templates: 0 rows" in said
    assert landed("parties").keys() == answer["parties"].keys()
    assert sum(party["active"] is False for party in landed("parties").values()) == 1
    assert [record["quantity"] for record in landed("stock_quantities").values()] == [95.0]
    states = [record["state"] for record in landed("opportunities").values()]
    assert sorted(states) == ["lost", "opportunity", "won"]


def test_what_a_customer_owes_is_what_the_ledger_says_after_a_part_was_paid(erp: Erp) -> None:
    """5,000.50 and 13 % tax were invoiced, 4,000.00 came in; a payment order for 1,000.00 is on its way and pays nothing yet."""
    lines = [line for line in landed("receivables").values() if line["move.state"] == "posted"]
    owed = sum(Decimal(line["debit"]) - Decimal(line["credit"]) for line in lines)
    assert owed == Decimal("1650.56")
    assert [(record["amount"], record["state"]) for record in landed("payments").values()] == [("1000.00", "submitted")]
    ((debit, credit),) = erp.sql(
        "select sum(l.debit), sum(l.credit) from account_move_line l join account_account a on a.id = l.account"
        " join account_account_type t on t.id = a.type where t.receivable"
    )
    assert owed == round(Decimal(str(debit)) - Decimal(str(credit)), 2)


def test_a_deleted_order_is_missed_by_the_list_of_ids_and_buried_with_its_lines_the_night_after(erp: Erp) -> None:
    assert len(landed("orders")) == 4
    said = night(TOMORROW)
    assert "tryton orders: 1 rows" in said
    assert "1 deleted" in said
    same(erp, TODAY)
    graves = query("select record_id, known_at from landing.tryton__orders where record = '{\"is_deleted\": true}'")
    assert graves == [("4", cutoff(TOMORROW))]
    again = run_step("extract", "--as-of", TOMORROW.isoformat())
    assert (again.returncode, " deleted" in again.stdout) == (0, False), again.stderr
    assert query("select count(*) from ops.loads where received <> landed + unchanged + quarantined") == [(0,)]


def test_nothing_secret_is_said_and_nothing_is_set_aside(erp: Erp) -> None:
    said = night(TOMORROW) + run_step("check", "--system", "tryton").stdout
    assert PASSWORD not in said
    assert query("select count(*) from ops.quarantine where system = 'tryton'") == [(0,)]


def build_staging(as_of: date) -> None:
    """Build what staging makes of Tryton, and its tests."""
    kept = settings().home / "dbt"
    given = {"as_of": as_of.isoformat(), "time_zone": settings().time_zone}
    assert dbt_engine.build(["--select", "stg_tryton__*"], given, kept / "parsed", kept) == []


def test_staging_tells_each_night_what_was_known_then(erp: Erp) -> None:
    """The order from the deal was a draft on the first night; the deleted one ends with a tombstone; half of an invoice is paid."""
    build_staging(TOMORROW)
    with connect("transformer") as connection:
        orders = connection.execute(
            "select order_id, opportunity_id, order_state, original_net_amount, is_deleted, valid_from from staging.stg_tryton__orders"
            " where order_id in ('1', '4') order by order_id, valid_from"
        ).fetchall()
        owed = connection.execute(
            "select invoice_id, sum(debit_gross_amount), max(invoiced.number) from staging.stg_tryton__receivables"
            " join staging.stg_tryton__invoices as invoiced using (invoice_id)"
            " where debit_gross_amount > 0 and not invoiced.is_deleted group by invoice_id"
        ).fetchall()
        paid = connection.execute(
            "select paid_invoice_id, credit_gross_amount from staging.stg_tryton__receivables where credit_gross_amount > 0"
        ).fetchall()
    amount = Decimal("2000.20")
    assert orders == [
        ("1", "1", "draft", amount, False, cutoff(YESTERDAY)),
        ("1", "1", "processing", amount, False, cutoff(TODAY)),
        ("4", None, "cancelled", Decimal("7000.70"), False, cutoff(YESTERDAY)),
        ("4", None, None, None, True, cutoff(TOMORROW)),
    ]
    assert (owed, paid) == ([("1", Decimal("5650.56"), "1")], [("1", Decimal("4000.00"))])
