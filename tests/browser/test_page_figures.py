"""What charts are answered: the marts' own figures, for each role the own part, in the unit that was chosen."""

from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from decimal import Decimal

import httpx
import pytest

from bi.bundle import uid
from tests.browser.company import Asked, Company

pytestmark = pytest.mark.soak
PEOPLE = ["vp", "manager", "rep"]
LARGE = 10_000  # base currency in one 万元


@pytest.fixture(scope="module")
def asked(company: Company) -> Iterator[dict[str, Asked]]:
    """Each role's questions."""
    clients = {person: company.signed_in(person) for person in PEOPLE}
    yield {person: Asked(client) for person, client in clients.items()}
    for client in clients.values():
        client.close()


def money(value: float | None) -> Decimal:
    """A shown amount in base currency, to the cent."""
    return (Decimal(str(value or 0)) * LARGE).quantize(Decimal("0.01"))


def test_self_service_weighted_pipeline_by_product_and_region_next_quarter_is_the_marts(
    company: Company, asked: dict[str, Asked]
) -> None:
    ((period, shown),) = company.fetch(
        "vp",
        "select m.period_id, m.weighted_set_gross_amount from published.mart_metrics as m"
        " join published.dim_period as p using (period_id) join published.mart_build as b on p.starts_on = b.period_ends_on + 1"
        " where m.slice_kind = 'all' and m.node_level = 'company' and p.period_kind = 'quarter'",
    )
    rows = asked["vp"].rows("deal_periods", ["product_line", "region_name"], ["weighted"], period_id=period)
    assert len({row["region_name"] for row in rows}) > 1
    assert abs(sum(money(row["weighted"]) for row in rows) - shown) <= Decimal("0.01") * len(rows)


@pytest.mark.parametrize("person", PEOPLE)
def test_deals_add_up_to_the_cell_at_every_node_that_a_person_sees(
    company: Company, asked: dict[str, Asked], person: str
) -> None:
    """P1's open deals and P3's expected amounts are one metric: from the own total to the deals of each node below."""
    marts = dict(company.fetch(person, "select node_id, from_open from published.mart_period_forecast"))
    cells = asked[person].rows("forecast", ["node_id"], ["from_open"])
    deals = asked[person].rows("deals", ["node_id", "opportunity_id"], ["expected"])
    assert {row["node_id"]: money(row["from_open"]) for row in cells} == {
        node: Decimal(amount).quantize(Decimal("0.01")) for node, amount in marts.items()
    }
    for node, amount in marts.items():
        below = [money(row["expected"]) for row in deals if row["node_id"] == node]
        assert abs(sum(below) - amount) <= Decimal("0.01") * (len(below) + 1), f"{person}: {node}"


def test_the_open_pipeline_is_weighed_as_chosen_and_each_way_is_the_marts(
    company: Company, asked: dict[str, Asked]
) -> None:
    ((node, period, from_open, opened, rated),) = company.fetch(
        "vp",
        "select f.node_id, f.period_id, f.from_open, m.open_gross_amount, m.weighted_set_gross_amount"
        " from published.mart_period_forecast as f"
        " join published.mart_metrics as m on m.node_id = f.node_id and m.period_id = f.period_id and m.slice_kind = 'all'"
        " where f.node_level = 'company'",
    )
    given = {"node_id": node, "period_id": period}
    shown = {row["weighed_by"]: row for row in asked["vp"].rows("valued_deals", ["weighed_by"], ["amount"], **given)}
    every = asked["vp"].rows("valued_deals", ["weighed_by"], ["amount"], node_id=node, weighed_by="模型（期内赢率）")
    assert {name: money(row["amount"]) for name, row in shown.items() if "模型" not in name} == {
        "不加权": opened, "阶段设定赢率": rated,
    }  # fmt: skip
    assert [money(row["amount"]) for row in every] == [from_open]


def test_the_chosen_unit_changes_amounts_and_nothing_else(asked: dict[str, Asked]) -> None:
    metrics = ["target", "attainment"]
    every_large = asked["vp"].rows("forecast", ["node_id"], metrics, unit="万元")
    every_small = asked["vp"].rows("forecast", ["node_id"], metrics, unit="元")
    assert len(every_large) == len(every_small) > 1
    small = {row["node_id"]: row for row in every_small}
    for row in every_large:
        assert money(row["target"]) == Decimal(str(small[row["node_id"]]["target"] or 0)).quantize(Decimal("0.01"))
        assert row["attainment"] == small[row["node_id"]]["attainment"]


def test_a_rep_sees_the_own_line_of_bias_and_a_manager_the_team(company: Company, asked: dict[str, Asked]) -> None:
    """Exactly the lines that the database shows that person, with their numbers; whoever has fewer than eight periods has no name."""
    newest = "window_ends_on = (select max(window_ends_on) from published.mart_rep_bias)"
    known = "node_id in (select node_id from published.mart_period_forecast)"
    for person in PEOPLE:
        lines = company.fetch(
            person,
            "select node_id, periods_count, shrunk_bias_high_rate, case when periods_count >= 8 then said_by end"
            f" from published.mart_rep_bias where {newest} and {known}",
        )
        rows = asked[person].rows("rep_bias", ["node_id", "person"], ["periods", "bias"])
        seen = Counter((row["node_id"], row["periods"], round(row["bias"], 6)) for row in rows)
        assert seen == Counter((node, periods, round(float(bias), 6)) for node, periods, bias, _ in lines), person
        named = {row["person"].rpartition(" (n=")[0] for row in rows if row["periods"] >= 8}
        assert named == {name for *_, name in lines if name}, person
        assert all(row["person"].startswith("某人 ") for row in rows if row["periods"] < 8), person


def test_leads_are_those_of_the_people_whom_a_person_sees(company: Company, asked: dict[str, Asked]) -> None:
    for person in PEOPLE:
        own = {owner for (owner,) in company.fetch(person, "select distinct owner_id from published.score_lead")}
        assert {row["owner_id"] for row in asked[person].rows("leads", ["owner_id"], ["leads"])} == own, person


def test_the_address_of_a_deal_is_its_page_and_an_odd_one_is_none(company: Company) -> None:
    with httpx.Client(base_url=company.address, trust_env=False) as client:
        desk = client.get("/opportunities/65f00300000000000000008c")
        phone = client.get("/opportunities/O-1", headers={"User-Agent": "Mozilla/5.0 (iPhone) Mobile/15E"})
        odd = client.get("/opportunities/a'b")
    assert desk.status_code == phone.status_code == 302
    assert desk.headers["location"].startswith("/superset/dashboard/p3/?native_filters=")
    assert "p3-mobile" in phone.headers["location"]
    assert "O-1" in phone.headers["location"]
    assert odd.status_code == 404


def test_a_frames_guest_sees_the_rows_of_the_reader_it_is_named_for(company: Company) -> None:
    """Only an admin may ask for a guest's token."""
    wanted = {
        "user": {"username": "manager"},
        "resources": [{"type": "dashboard", "id": uid("dashboard", "p1")}],
        "rls": [],
    }
    with closing(company.signed_in("manager")) as manager, closing(company.signed_in("pages_admin")) as admin:
        for client in (manager, admin):
            client.headers["X-CSRFToken"] = client.get("/api/v1/security/csrf_token/").json()["result"]
            client.headers["Referer"] = company.address
        assert manager.post("/api/v1/security/guest_token/", json=wanted).status_code == 403
        token = admin.post("/api/v1/security/guest_token/", json=wanted).raise_for_status().json()["token"]
        chart = f"(filters:!((col:uuid,opr:eq,value:'{uid('chart', 'p1_numbers')}')),columns:!(id))"
        place = {"slice_id": admin.get("/api/v1/chart/", params={"q": chart}).json()["result"][0]["id"],
                 "dashboardId": admin.get("/api/v1/dashboard/p1").json()["result"]["id"]}  # fmt: skip
        number = Asked(admin).number_of("forecast")
        everything = Asked(admin).rows("forecast", [], ["target"])
    query = {"columns": [], "metrics": ["target"], "filters": [], "orderby": [], "row_limit": 100}
    body = {"datasource": {"id": number, "type": "table"}, "queries": [query], "form_data": place, "result_format": "json",
            "result_type": "full"}  # fmt: skip
    with httpx.Client(base_url=company.address, trust_env=False, timeout=120, headers={"X-GuestToken": token}) as guest:
        seen = guest.post("/api/v1/chart/data", json=body).raise_for_status().json()["result"][0]["data"]
    ((own,),) = company.fetch("manager", "select sum(target) from published.mart_period_forecast")
    assert money(seen[0]["target"]) == own < money(everything[0]["target"])
