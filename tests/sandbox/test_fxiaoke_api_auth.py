"""Signing in to the CRM in both styles, and what is refused."""

from typing import Any

import pytest

from tests.sandbox.served import SIGN_IN, Crm

GET = {"data": {"dataObjectApiName": "NewOpportunityObj", "objectDataId": "o1"}}


def legacy(crm: Crm, **extra: Any) -> dict[str, Any]:
    """The body of a request in the old style."""
    token = crm.http.post("/cgi/corpAccessToken/get/V2", json=SIGN_IN).json()
    return (
        {"corpAccessToken": token["corpAccessToken"], "corpId": token["corpId"], "currentOpenUserId": "FSUID_1001"}
        | GET
        | extra
    )


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"appSecret": "guess"}, 10006),
        ({"appId": "FSAID_other"}, 10006),
        ({"permanentCode": "other"}, 20022),
        ({"grantType": ""}, 20017),
    ],
)
def test_wrong_credentials_get_no_token(crm: Crm, wrong: dict[str, str], code: int) -> None:
    answer = crm.http.post("/oauth2.0/token", json=SIGN_IN | wrong)
    assert (answer.status_code, answer.json()["errorCode"]) == (200, code)
    assert "accessToken" not in answer.json()


@pytest.mark.parametrize(
    ("headers", "code"),
    [({"authorization": "Bearer AT_old"}, 20016), ({"authorization": ""}, 20017), ({"x-fs-userid": ""}, 20017),
     ({"x-fs-userid": "9999"}, 20020), ({"x-fs-ea": "other_ea"}, 20022)],
)  # fmt: skip
def test_a_request_without_a_right_to_ask_is_refused(crm: Crm, headers: dict[str, str], code: int) -> None:
    assert crm.post("/cgi/crm/v2/data/get", GET, **headers).json()["errorCode"] == code


def test_the_old_style_carries_its_token_in_the_body_and_names_people_by_open_ids(crm: Crm) -> None:
    answer = crm.http.post("/cgi/crm/v2/data/get", json=legacy(crm)).json()
    assert (answer["errorCode"], answer["data"]["owner"]) == (0, ["FSUID_1001"])
    assert crm.http.post("/cgi/crm/v2/data/get", json=legacy(crm, convertUserId=True)).json()["data"]["owner"] == [
        "1001"
    ]
    assert (
        crm.http.post("/cgi/crm/v2/data/get", json=legacy(crm, corpAccessToken="CAT_old")).json()["errorCode"] == 20005
    )


def test_both_styles_in_one_request_are_refused(crm: Crm) -> None:
    assert crm.post("/cgi/crm/v2/data/get", legacy(crm)).json()["errorCode"] == 20017


def test_the_old_style_finds_its_user_by_mobile(crm: Crm) -> None:
    found = crm.http.post("/cgi/user/getByMobile", json=legacy(crm, mobile="13800000001")).json()
    assert found["empList"] == [{"openUserId": "FSUID_1001", "name": "王伟"}]


def test_the_same_token_is_handed_out_until_it_ages(crm: Crm) -> None:
    again = crm.http.post("/oauth2.0/token", json=SIGN_IN).json()
    assert again["accessToken"] == crm.token
    assert 7100 < again["expiresIn"] <= 7200


def test_a_token_dies_with_its_life(crm: Crm) -> None:
    crm.control("rules", {"token_life_s": 0})
    assert crm.post("/cgi/crm/v2/data/get", GET).json()["errorCode"] == 20016


def test_the_eleventh_token_call_of_a_minute_is_too_fast(crm: Crm) -> None:
    codes = [
        crm.http.post("/oauth2.0/token", json=SIGN_IN).json()["errorCode"] for _ in range(10)
    ]  # the fixture made the first
    assert codes == [0] * 9 + [30004]
    crm.control("clock", {"seconds": 60})
    assert crm.http.post("/oauth2.0/token", json=SIGN_IN).json()["errorCode"] == 0
