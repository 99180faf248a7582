"""The marketing channels of the sandbox: their leads are those of the CRM, some more, and they outlive a deletion there."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from sandbox.bearer import Bearer
from sandbox.channels import STRAY_EVERY, UNNOTED_EVERY, Channels, channel_lead_id, noted_id, number_of
from sandbox.quota import Rules
from tests.connectors.channels import Served, leads, served
from tests.sandbox.served import Crm, ms

COUNT = 400
ALL = 2**62


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """400 leads of the website and 400 of WeChat."""
    patches = leads(COUNT, "website") + leads(COUNT, "wechat", 1000)
    with served(tmp_path_factory.mktemp("channels"), patches) as running:
        yield running


def test_a_channel_holds_the_crms_leads_some_minutes_earlier_and_a_few_that_nobody_typed_in(world: Served) -> None:
    held = {each.number: each for each in Channels(world.world.store).inquiries("hubspot", 0, ALL)}
    typed = {number_of(f"lead{n:06d}"): n for n in range(COUNT)}
    strays = held.keys() - typed.keys()
    assert typed.keys() <= held.keys()
    assert len(strays) == sum(number % STRAY_EVERY == 0 for number in typed)
    assert 0 < len(strays) < COUNT / 20
    created = {patch.id: patch.at for patch in leads(COUNT, "website")}
    late = [
        created[f"lead{n:06d}"] - datetime.fromtimestamp(held[number].at_ms / 1000, UTC) for number, n in typed.items()
    ]
    assert timedelta(seconds=40) <= min(late) <= max(late) <= timedelta(minutes=10, seconds=1)
    assert all(held[number].phone == f"138{n:08d}" for number, n in typed.items())


def test_the_crm_notes_the_channels_id_but_for_the_leads_that_a_clerk_typed_in() -> None:
    noted = [noted_id(f"lead{n:06d}", {"source": "sem_baidu"}) for n in range(COUNT)]
    assert noted.count(None) == sum(number_of(f"lead{n:06d}") % UNNOTED_EVERY == 0 for n in range(COUNT))
    assert 0 < noted.count(None) < COUNT / 8
    assert noted_id("lead000001", {"source": "referral"}) is None
    assert noted_id("lead000001", {}) is None


def test_the_crm_shows_the_channels_id_of_leads_from_after_the_go_live_alone(crm: Crm) -> None:
    """The go-live export has no such field: a lead that nobody touched since must look in the CRM as it landed."""
    for key, at in (("before", "2026-05-10T10:00"), ("after", "2026-06-10T10:00")):
        fields = {"name": "李", "source": "website", "create_time": ms(at)}
        crm.control("patch", {"object": "LeadsObj", "id": key, "op": "create", "fields": fields, "at_ms": ms(at)})
    found = {row["_id"]: row.get("channel_lead_id__c") for row in crm.query([], "LeadsObj")["data"]["dataList"]}
    assert found == {"before": None, "after": channel_lead_id("hubspot", number_of("after"))}


def test_a_lead_that_the_crm_deletes_stays_in_its_channel_and_new_ones_appear(world: Served) -> None:
    channels = Channels(world.world.store)
    before = len(channels.inquiries("tencent", 0, ALL))
    at = datetime(2026, 6, 30, 10, tzinfo=UTC)
    with httpx.Client(base_url=world.url) as http:
        fields = {"name": "李", "mobile": "13900000000", "source": "wechat"}
        create = {
            "object": "LeadsObj",
            "id": "new",
            "op": "create",
            "fields": fields,
            "at_ms": round(at.timestamp() * 1000),
        }
        assert http.post("/sandbox/patch", json=create).status_code == 200
        assert (
            http.post("/sandbox/patch", json={"object": "LeadsObj", "id": "lead001000", "op": "delete"}).status_code
            == 200
        )
    numbers = [each.number for each in channels.inquiries("tencent", 0, ALL)]
    assert number_of("new") in numbers
    assert number_of("lead001000") in numbers
    assert len(numbers) >= before + 1


def test_the_ids_of_a_channel_are_its_own_and_stay_the_same() -> None:
    assert channel_lead_id("baidu", 17) == "17"
    assert channel_lead_id("fair", 17) == "FAIR-17"
    assert channel_lead_id("hubspot", 17) == channel_lead_id("hubspot", 17)
    assert len(channel_lead_id("hubspot", 17)) == 36
    assert len({number_of(f"lead{n}") for n in range(20_000)}) == 20_000


def test_a_replaced_refresh_token_is_void_and_an_access_token_ends() -> None:
    now = [0.0]
    bearer = Bearer(Rules(token_life_s=100), "r", rotates=True, monotonic=lambda: now[0])
    access, second = bearer.renew("r") or ("", "")
    third = bearer.renew(second)
    assert third is not None
    assert bearer.renew(second) is None
    assert bearer.renew("another") is None
    assert bearer.holds(access)
    now[0] = 101.0
    assert not bearer.holds(access)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"timestamp": "1000"}, 12001),
        ({"nonce": "x" * 33}, 12000),
        ({"access_token": "old"}, 11002),
        ({"page_size": "201"}, 18001),
        ({"page": "26"}, 18001),
        ({"account_id": "1"}, 18001),
        ({"time_range": '{"start_time":0,"end_time":99999999,"time_type":"TIME_TYPE_ACTION_TIME"}'}, 18001),
    ],
)
def test_tencent_refuses_what_its_contract_does_not_allow(change: dict[str, str], code: int, world: Served) -> None:
    with httpx.Client(base_url=world.url) as http:
        assert _asked(http, change) == code


def test_tencent_refuses_a_nonce_twice(world: Served) -> None:
    with httpx.Client(base_url=world.url) as http:
        assert [_asked(http, {"nonce": "once"}), _asked(http, {"nonce": "once"})] == [0, 12002]


def _asked(http: httpx.Client, change: dict[str, str]) -> int:
    renew = {
        "client_id": "1111000001",
        "client_secret": "sandbox-tencent-secret",
        "refresh_token": "sandbox-tencent-refresh",
    }
    token = http.get("/tencent/oauth/token", params=renew).json()["data"]["access_token"]
    good = {
        "access_token": token,
        "timestamp": f"{datetime.now(UTC).timestamp():.0f}",
        "nonce": token,
        "account_id": "25610001",
    }
    good |= {
        "time_range": '{"start_time":1782057600,"end_time":1782144000,"time_type":"TIME_TYPE_ACTION_TIME"}',
        "page_size": "200",
    }
    return int(http.get("/tencent/v3.0/leads_list/get", params=good | change).json()["code"])


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"endDate": "2026-07-31 00:00:00"}, 9105),
        ({"solutionType": "other"}, 9105),
        ({"pageSize": 5001}, 9105),
        ({"startDate": "22.06.2026"}, 9105),
    ],
)
def test_baidu_refuses_what_its_contract_does_not_allow(change: dict[str, object], code: int, world: Served) -> None:
    body = {
        "solutionType": "form",
        "startDate": "2026-06-22 00:00:00",
        "endDate": "2026-06-22 23:59:59",
        "pageNo": 1,
        "pageSize": 10,
    }
    renew = {"appId": "sandbox-app", "secretKey": "sandbox-baidu-secret", "refreshToken": "sandbox-baidu-refresh"}
    with httpx.Client(base_url=world.url) as http:
        token = http.post("/baidu/oauth/refreshToken", json=renew).json()["data"]["accessToken"]
        header = {"userName": "sandbox_account", "accessToken": token}
        path = "/baidu/json/sms/service/LeadsNoticeService/getNoticeList"
        answer = http.post(path, json={"header": header, "body": body | change}).json()["header"]
    assert (answer["status"], answer["failures"][0]["code"]) == (2, code)


def test_hubspot_refuses_a_page_that_is_too_long_a_form_it_does_not_have_and_a_wrong_token(world: Served) -> None:
    form, token = "3f6a2c1e-8d40-4b7a-9c55-0e1f2a3b4c5d", {"authorization": "Bearer sandbox-hubspot-token"}
    path = "/hubspot/form-integrations/v1/submissions/forms/"
    with httpx.Client(base_url=world.url) as http:
        assert http.get(path + form, params={"limit": "51"}, headers=token).status_code == 400
        assert http.get(f"{path}other", headers=token).status_code == 404
        assert http.get(path + form).status_code == 401


def test_the_same_company_gives_the_same_inquiries(world: Served, tmp_path: Path) -> None:
    with served(tmp_path, leads(COUNT, "website")) as twin:
        assert Channels(twin.world.store).inquiries("hubspot", 0, ALL) == Channels(world.world.store).inquiries(
            "hubspot", 0, ALL
        )
