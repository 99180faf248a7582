"""The managers' page over HTTP when things go wrong: double clicks, dead connections, a server that is down, logins of nobody."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from config.settings import settings
from tests.warehouse.calls import publish_forecast
from tests.warehouse.managers import browser, hidden, page, password_of, sign_in, superuser
from tests.warehouse.nights import Nights
from tests.warehouse.organisation import PARENTS
from warehouse import readers

TEAMS = {f"T{number}": "S" for number in range(220)}  # a region with more teams than the page once took


@pytest.fixture(scope="module")
def company(nights: Nights) -> Nights:
    """A published company with a wide region S."""
    publish_forecast(nights, parents={**PARENTS, **TEAMS})
    return nights


@pytest.fixture(scope="module")
def manager(company: Nights, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """Login and password of the manager of region N."""
    path = tmp_path_factory.mktemp("passwords") / "manager_n"
    readers.add("manager_n", ["N"], path)
    yield "manager_n", path.read_text("utf-8").strip()
    readers.remove("manager_n")


@pytest.fixture(scope="module")
def address(company: Nights) -> Iterator[str]:
    """Where the page is served."""
    with page() as served:
        yield served


@pytest.fixture
def client(address: str, company: Nights) -> Iterator[httpx.Client]:
    """A browser that nobody signed in with; numbers that a test gave are gone after it."""
    with browser(address) as opened:
        yield opened
    company.execute("owner_ddl", "delete from ops.submissions")


def kept(company: Nights) -> list[tuple[object, ...]]:
    """The numbers that were kept, oldest first."""
    return company.fetch("checker", "select node_id, gross_amount::text from ops.submissions order by submission_id")


def test_a_form_that_is_sent_many_times_at_once_is_kept_once_and_answered_alike(
    client: httpx.Client, company: Nights, manager: tuple[str, str]
) -> None:
    form = {**hidden(sign_in(client, *manager)), "n:N": "650", "r:N": "two deals pulled in"}
    with ThreadPoolExecutor(8) as clicks:
        answers = list(clicks.map(lambda _: client.post("/submit", data=form), range(8)))
    assert [answer.status_code for answer in answers] == [200] * 8
    assert all("1 numbers kept" in answer.text for answer in answers)
    assert kept(company) == [("N", "650.00")]


def test_two_devices_that_say_the_same_number_at_once_keep_it_once(
    client: httpx.Client, address: str, company: Nights, manager: tuple[str, str]
) -> None:
    devices = [client, *(browser(address) for _ in range(3))]
    said = {
        "n:N": "650",
        "r:N": "two deals pulled in",
        "n:N1": "120",
        "r:N1": "one more",
        "n:N2": "130",
        "r:N2": "another",
    }
    forms = [(device, {**hidden(sign_in(device, *manager)), **said}) for device in devices]
    with ThreadPoolExecutor(4) as clicks:
        answers = list(clicks.map(lambda each: each[0].post("/submit", data=each[1]), forms))
    for device in devices[1:]:
        device.close()
    assert [answer.status_code for answer in answers] == [200] * 4
    assert sorted(kept(company)) == [("N", "650.00"), ("N1", "120.00"), ("N2", "130.00")]


def test_a_page_that_is_loaded_again_says_nothing_twice_and_a_changed_form_is_new(
    client: httpx.Client, company: Nights, manager: tuple[str, str]
) -> None:
    first = {**hidden(sign_in(client, *manager)), "n:N": "650", "r:N": "first"}
    answer = client.post("/submit", data=first)
    second = {**hidden(answer), "n:N": "700", "r:N": "second"}
    client.post("/submit", data=second)
    client.post("/submit", data=first)
    assert kept(company) == [("N", "650.00"), ("N", "700.00")]
    client.post("/submit", data={**first, "n:N": "710"})
    assert kept(company) == [("N", "650.00"), ("N", "700.00"), ("N", "710.00")]


def test_a_session_whose_connection_died_ends_with_a_sentence_and_the_manager_signs_in_again(
    client: httpx.Client, company: Nights, manager: tuple[str, str]
) -> None:
    form = {**hidden(sign_in(client, *manager)), "n:N": "650", "r:N": "late"}
    with superuser() as server:
        server.execute("select pg_terminate_backend(pid) from pg_stat_activity where usename = %s", (manager[0],))
    lost = client.post("/submit", data=form)
    assert (lost.status_code, "connection to the database was lost: sign in again" in lost.text) == (403, True)
    assert kept(company) == []
    assert client.get("/").text.count('action="sign-in"') == 1
    assert "data-node" in sign_in(client, *manager).text


def test_a_server_that_is_down_is_no_wrong_password(company: Nights, manager: tuple[str, str]) -> None:
    with page(LANDFALL_PG_PORT="1") as address, browser(address) as client:
        answers = [sign_in(client, *manager) for _ in range(6)]
    assert [answer.status_code for answer in answers] == [503] * 6
    assert all("The database cannot be reached just now" in answer.text for answer in answers)


def test_a_login_without_a_free_connection_is_told_so_and_does_not_wait(
    client: httpx.Client, company: Nights, manager: tuple[str, str]
) -> None:
    company.execute(None, f"alter role {manager[0]} connection limit 0")
    answers = [sign_in(client, *manager) for _ in range(6)]
    company.execute(None, f"alter role {manager[0]} connection limit 10")
    assert [answer.status_code for answer in answers] == [503] * 6
    assert "connections are all in use" in answers[0].text
    assert "data-node" in sign_in(client, *manager).text


def test_a_login_that_is_no_persons_is_never_tried(client: httpx.Client, company: Nights) -> None:
    """The right password of the superuser or of the pipeline opens nothing, even where a row gives them the whole organisation."""
    names = ("postgres", settings().pg_user)
    for name in names:
        company.execute("owner_ddl", f"insert into ops.org_access (account, node_id) values ('{name}', '*')")
    answers = [sign_in(client, name, password_of(name)) for name in names]
    company.execute("owner_ddl", f"delete from ops.org_access where account in {names}")
    assert [(answer.status_code, "Login or password is wrong" in answer.text) for answer in answers] == [
        (403, True)
    ] * 2


def test_a_login_without_a_node_is_not_tried_either(
    client: httpx.Client, company: Nights, manager: tuple[str, str]
) -> None:
    """A login at its limit would answer that it is; this one is not asked."""
    company.execute(None, "create role stranger login password 'right-and-long' connection limit 0")
    answer = sign_in(client, "stranger", "right-and-long")
    company.execute(None, "drop role stranger")
    assert (answer.status_code, "Login or password is wrong" in answer.text) == (403, True)


def test_a_manager_of_many_teams_submits_all_of_them(
    client: httpx.Client, company: Nights, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("passwords") / "manager_s"
    readers.add("manager_s", ["S"], path)
    shown = sign_in(client, "manager_s", path.read_text("utf-8").strip())
    reason = "季度末集中签约，客户已确认预算" * 30
    said = {f"{letter}:{team}": value for team in TEAMS for letter, value in (("n", "120"), ("r", reason))}
    answer = client.post("/submit", data={**hidden(shown), **said})
    larger = client.post("/submit", data={**hidden(shown), **{f"n:X{number}": "1" for number in range(1000)}})
    longer = client.post("/submit", data={**hidden(shown), "r:S": "x" * 3_000_000})
    with browser(str(client.base_url)) as other:
        unknown = other.post("/sign-in", data={"login": "x" * 5_000, "password": "y"})
    readers.remove("manager_s")
    assert (answer.status_code, "220 numbers kept" in answer.text) == (200, True)
    assert [refused.status_code for refused in (larger, longer, unknown)] == [413] * 3
    assert all("The form is larger than the lines of the page" in refused.text for refused in (larger, longer, unknown))
    assert len(kept(company)) == 220
