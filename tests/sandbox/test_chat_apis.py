"""WeCom and DingTalk of the sandbox: one team each, computed from what the CRM holds, the same whenever it is asked."""

import subprocess
from pathlib import Path
from typing import Any

import orjson
import pytest

from connectors.wecom_archive import archive_pages
from tests.sandbox.served import Crm, command, environment

SIGN_IN = {"corpid": "ww_sandbox", "corpsecret": "sandbox-secret"}


def create(object_name: str, key: str, at_ms: int = 1770000000000, **fields: Any) -> dict[str, Any]:
    return {
        "object": object_name,
        "id": key,
        "op": "create",
        "fields": fields | {"life_status": "normal"},
        "at_ms": at_ms,
    }


@pytest.fixture
def teams(crm: Crm) -> Crm:
    """Two members of either platform, a customer of each with a second name, and contacts of 30 June."""
    people = [("2001", "D201"), ("2002", "D201"), ("1101", "D101")]
    made = [
        create("PersonnelObj", key, full_name=f"员工{key}", status="0", main_department=[team]) for key, team in people
    ]
    made += [
        create("AccountObj", f"a{owner}", name=f"苏州{owner}精密机械有限公司", owner=[owner]) for owner, _ in people
    ]
    at = 1782784800000  # 2026-06-30 10:00
    for number in range(8):
        for owner, kind in (("2001", "3"), ("1101", "1")):
            related = [{"id": f"a{owner}", "describe_api_name": "AccountObj"}]
            what = {
                "active_record_type": kind,
                "owner": [owner],
                "related_object_data": related,
                "create_time": at + number,
            }
            made.append(create("ActiveRecordObj", f"r{owner}{number}", at + number, **what))
    crm.control("patch", made)
    return crm


def wecom(crm: Crm, name: str, body: dict[str, Any]) -> dict[str, Any]:
    token = crm.http.get("/wecom/cgi-bin/gettoken", params=SIGN_IN).json()["access_token"]
    return dict(
        crm.http.post(f"/wecom/cgi-bin/externalcontact/{name}", params={"access_token": token}, json=body).json()
    )


def dingtalk(crm: Crm, path: str, body: dict[str, Any]) -> dict[str, Any]:
    signed = {"appKey": "ding_sandbox", "appSecret": "sandbox-secret"}
    token = crm.http.post("/dingtalk/v1.0/oauth2/accessToken", json=signed).json()["accessToken"]
    headers = {"x-acs-dingtalk-access-token": token}
    return dict(crm.http.post(f"/dingtalk{path}", params={"access_token": token}, json=body, headers=headers).json())


def customers(crm: Crm) -> list[dict[str, Any]]:
    asked = {"operatorUserId": "dt1101", "objectType": "crm_customer_personal", "maxResults": 100}
    return list(dingtalk(crm, "/v1.0/crm/customerInstances", asked)["result"]["values"])


def follow_ups(crm: Crm) -> list[dict[str, Any]]:
    asked = {"followTargetType": "crm_customer_personal", "followTargetDataId": "ins-a1101", "maxResults": 100}
    return list(dingtalk(crm, "/v1.0/crm/targetFollowRecords/query", asked)["result"]["resultList"])


def test_each_platform_shows_its_own_teams_customers_under_another_spelling(teams: Crm) -> None:
    (mine,) = customers(teams)
    assert (mine["instanceId"], mine["permission"]["ownerStaffIds"]) == ("ins-a1101", ["dt1101"])
    assert mine["data"]["customer_name"].startswith("苏州1101精密机械")
    found = wecom(teams, "batch/get_by_user", {"userid_list": ["wc2001", "wc2002"], "limit": 100})[
        "external_contact_list"
    ]
    assert {row["follow_info"]["userid"] for row in found} == {"wc2001", "wc2002"}
    assert "corp_name" not in next(
        (row["external_contact"] for row in found if row["external_contact"]["type"] == 1), {}
    )


def test_equal_records_give_equal_answers_and_a_new_record_shows(teams: Crm) -> None:
    before = customers(teams), follow_ups(teams)
    assert (customers(teams), follow_ups(teams)) == before
    teams.control("patch", [create("AccountObj", "a9", name="无锡新联包装有限公司", owner=["1101"])])
    assert [row["instanceId"] for row in customers(teams)] == ["ins-a1101", "ins-a9"]


def test_follow_ups_come_some_hours_after_calls_and_never_before_the_clock(teams: Crm) -> None:
    shown = follow_ups(teams)
    assert 0 < len(shown) < 8  # every second call or so is written up
    assert all(1782784800000 < row["gmtCreateMilliseconds"] < 1782840600000 for row in shown)  # by 01:30
    assert customers(teams)[0]["modifyTime"] > "2026-06-30 11:00:00"
    teams.control("rules", {"dingtalk_follow_ups_touch": False})
    assert customers(teams)[0]["modifyTime"] < "2026-06-30 11:00:00"


def test_figures_of_several_members_are_added_up_and_yesterday_is_nought_in_the_night(teams: Crm) -> None:
    day = {"start_time": 1782748800, "end_time": 1782748800}
    nought = wecom(teams, "get_user_behavior_data", day | {"userid": ["wc2001"]})["behavior_data"]
    assert (nought[0]["chat_cnt"], "reply_percentage" in nought[0]) == (0, False)
    teams.control("rules", {"wecom_zeros_for_yesterday": False})
    one, two = (
        wecom(teams, "get_user_behavior_data", day | {"userid": users})["behavior_data"][0]
        for users in (["wc2001"], ["wc2001", "wc2002"])
    )
    assert (one["chat_cnt"], two["chat_cnt"], len([one])) == (16, 16, 1)
    owners = {
        "day_begin_time": 1782748800,
        "owner_filter": {"userid_list": ["wc2001", "wc2002"]},
        "offset": 1,
        "limit": 1,
    }
    groups = wecom(teams, "groupchat/statistic", owners)
    assert (groups["total"], groups["next_offset"], [row["owner"] for row in groups["items"]]) == (2, 2, ["wc2002"])


@pytest.mark.parametrize(("days", "code"), [
    ({"start_time": 1782748800000, "end_time": 1782748800000}, 600018),
    ({"start_time": 1782748800 - 86400 * 30, "end_time": 1782748800}, 600018),
    ({"start_time": 1782748800 - 86400 * 180, "end_time": 1782748800 - 86400 * 180}, 600018),
    ({"start_time": 1782748800 - 86400 * 29, "end_time": 1782748800}, 0),
])  # fmt: skip
def test_days_are_seconds_at_most_thirty_together_and_180_back(teams: Crm, days: dict[str, int], code: int) -> None:
    assert wecom(teams, "get_user_behavior_data", days | {"userid": ["wc2001"]})["errcode"] == code


def test_a_switch_refuses_more_than_64_members_and_logs_without_a_template(teams: Crm) -> None:
    assert wecom(teams, "batch/get_by_user", {"userid_list": ["x"] * 65})["errcode"] == 0
    span = {"start_time": 1782748800000, "end_time": 1782835199999, "size": 20}
    assert [row["creator_id"] for row in dingtalk(teams, "/topapi/report/list", span)["result"]["data_list"]] == [
        "dt1101"
    ]
    teams.control("rules", {"wecom_most_userids": 64, "dingtalk_is_template_needed": True})
    assert wecom(teams, "batch/get_by_user", {"userid_list": ["x"] * 65})["errcode"] == 40058
    assert dingtalk(teams, "/topapi/report/list", span)["errcode"] == 40035


def test_a_planted_code_comes_as_its_gateway_would_send_it_and_the_journal_shows_it(teams: Crm) -> None:
    teams.control(
        "faults",
        [
            {"kind": "code:crm.not.installed", "endpoint": "customerInstances"},
            {"kind": "90018", "endpoint": "report/list"},
        ],
    )
    body = dingtalk(teams, "/v1.0/crm/customerInstances", {"maxResults": 1})
    assert (body["code"], "errcode" in body) == ("crm.not.installed", False)
    assert dingtalk(teams, "/topapi/report/list", {})["errcode"] == 90018
    noted = [(row["path"], row["error_code"]) for row in teams.control("requests")["entries"]][-4:]
    assert ("/dingtalk/v1.0/crm/customerInstances", "crm.not.installed") in noted
    assert ("/dingtalk/topapi/report/list", 90018) in noted


def test_without_a_token_nothing_is_shown(teams: Crm) -> None:
    assert (
        teams.http.get("/wecom/cgi-bin/gettoken", params=SIGN_IN | {"corpsecret": "guess"}).json()["errcode"] == 40001
    )
    assert (
        teams.http.get("/wecom/cgi-bin/externalcontact/get_follow_user_list", params={"access_token": "WT_old"}).json()[
            "errcode"
        ]
        == 42001
    )
    refused = teams.http.post("/dingtalk/v1.0/crm/customerInstances", json={})
    assert (refused.status_code, refused.json()["code"]) == (401, "InvalidAuthentication")


def test_the_archives_export_is_what_the_connector_reads_and_its_contacts_are_those_of_wecom(
    teams: Crm, tmp_path: Path
) -> None:
    folder = tmp_path / "archive"
    for _ in range(2):  # written again it is the same
        done = subprocess.run(
            command(teams.home, "archive", "--out", str(folder)), env=environment(), text=True, capture_output=True, check=True
        )  # fmt: skip
        assert done.stdout == "archive_2026-06.jsonl: 8 rows\n"
    lines = [orjson.loads(line) for line in (folder / "archive_2026-06.jsonl").read_bytes().splitlines()]
    assert {line["text"]["content"] for line in lines} != set()
    at, day_ms = 1782784800000, 86_400_000
    rows = [row for page in archive_pages(folder, {"wc2001"}, at, at + day_ms, None) for row in page.rows]
    assert [(row["msgid"], row["msgtime"], row["userid"]) for row in rows] == [
        (f"msg-r2001{number}", at + number, "wc2001") for number in range(8)
    ]
    assert {row["direction"] for row in rows} == {"in", "out"}
    page = wecom(teams, "batch/get_by_user", {"userid_list": ["wc2001"], "cursor": "", "limit": 100})
    known = {each["external_contact"]["external_userid"] for each in page["external_contact_list"]}
    assert {row["external_userid"] for row in rows} <= known
