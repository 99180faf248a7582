"""The ERP's HTTP face: signing in or signed requests, ExecuteBillQuery, QueryBusinessInfo. Refusals travel as HTTP 200.

What is not certain of the vendor is a rule that tests set: JSON encoded twice, the ceiling of Limit, how long a session holds.
"""

import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import orjson
from starlette.requests import Request
from starlette.routing import Route

from sandbox.endpoints import Answered, Api, Asked, World
from sandbox.erp.book import Book
from sandbox.erp.forms import FORMS, Form
from sandbox.erp.lines import in_zone
from sandbox.erp.query import ErpError, page
from sandbox.kingdee_auth import ACCOUNT, APP_ID, APP_SECRET, USER, is_signed
from sandbox.quota import Rules

SERVICE = "/k3cloud/Kingdee.BOS.WebApi.ServicesStub.{}.common.kdsvc"
SESSION_LOST = "会话信息已丢失，请重新登录"
SESSION_CODE = 1
LABELS = {"F_LF_ContractNo": "合同编号"}  # of fields that the tenant added
Reply = Callable[[Mapping[str, Any]], Any]


class Erp(Api):
    """One account set of the ERP."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._sessions: dict[str, float] = {}
        self._book: Book | None = None

    def routes(self) -> list[Route]:
        """The ERP's endpoints."""
        form = "DynamicFormService"
        return [
            self.route(SERVICE.format("AuthService.LoginByAppSecret"), "kingdee_login", self._login),
            self.route(SERVICE.format(f"{form}.ExecuteBillQuery"), "kingdee_query", self._within(self._query)),
            self.route(SERVICE.format(f"{form}.QueryBusinessInfo"), "kingdee_info", self._within(self._info)),
        ]

    def object_of(self, request: Request, body: Mapping[str, Any]) -> str:
        """The form's id."""
        return str(_data(body).get("FormId") or "")

    def expire(self) -> Answered:
        """Every session is forgotten; the next request hears so."""
        self._sessions.clear()
        return self._refusal(ErpError(SESSION_LOST, SESSION_CODE))

    def refused(self, code: str) -> Answered:
        """A refusal in the planted words; a number is a MsgCode; `response_error` is that plain text."""
        if code == "response_error":
            return Answered(b"response_error: planted by a test", code=code, media_type="text/plain")
        return self._refusal(ErpError(SESSION_LOST, int(code)) if code.isdigit() else ErpError(code))

    def emptied(self, answered: Answered) -> Answered:
        """No rows at all, as a data permission leaves them."""
        return replace(answered, payload=[])

    @property
    def _rules(self) -> Rules:
        return self.world.rules

    def _login(self, asked: Asked) -> Answered:
        given = (asked.json or {}).get("parameters") or []
        is_known = given[:3] == [ACCOUNT, USER, APP_ID] and len(given) > 3
        if not is_known or not self._rules.takes("kingdee_app_secret", APP_SECRET, given[3]):
            return Answered(
                {"LoginResultType": 0, "Message": "应用ID或应用密钥不正确", "KDSVCSessionId": ""}, code="login"
            )
        session = secrets.token_hex(16)
        self._sessions[session] = time.monotonic()
        told = {"UserName": USER, "LogLocale": "zh-CN"}
        payload = {"LoginResultType": 1, "Message": None, "KDSVCSessionId": session, "Context": told}
        return Answered(payload, code=0, headers={"set-cookie": f"kdservice-sessionid={session}; path=/; HttpOnly"})

    def _within(self, reply: Reply) -> Callable[[Asked], Answered]:
        """The handler of an endpoint that needs a session or a signature."""

        def handle(asked: Asked) -> Answered:
            try:
                if not self._holds(asked.request) and not is_signed(asked.request):
                    raise ErpError(SESSION_LOST, SESSION_CODE)
                data = _data(asked.json or {})
                if data.get("FormId") not in FORMS:
                    raise ErpError("业务对象不存在")
                if data["FormId"] in self._rules.denied_objects:
                    raise ErpError("您没有该功能的操作权限")
                payload = reply(data)
            except ErpError as error:
                return self._refusal(error)
            rows = len(payload) if isinstance(payload, list) else 0
            return Answered(self._encoded(payload), code=0, rows=rows)

        return handle

    def _holds(self, request: Request) -> bool:
        began = self._sessions.get(request.cookies.get("kdservice-sessionid", ""))
        return began is not None and time.monotonic() - began < self._rules.kingdee_session_s

    def _query(self, data: Mapping[str, Any]) -> Any:
        form = str(data["FormId"])
        if self._book is None:
            self._book = Book(self.world.store)
        rows = in_zone(self._book.rows(form, self.world.clock.now_ms()), FORMS[form].modified, self._rules.kingdee_zone)
        return page(form, rows, data, self._rules.kingdee_most_rows)

    def _info(self, data: Mapping[str, Any]) -> Any:
        form = str(data["FormId"])
        return {"Result": {"ResponseStatus": _status(), "NeedReturnData": _metadata(form, FORMS[form])}}

    def _refusal(self, error: ErpError) -> Answered:
        errors = [{"FieldName": None, "Message": str(error), "DIndex": 0}]
        status = _status() | {"ErrorCode": 500, "IsSuccess": False, "Errors": errors, "MsgCode": error.code}
        return Answered(self._encoded([[{"Result": {"ResponseStatus": status}}]]), code=str(error))

    def _encoded(self, payload: Any) -> Any:
        return orjson.dumps(payload).decode() if self._rules.kingdee_encodes_twice else payload


def _data(body: Mapping[str, Any]) -> Mapping[str, Any]:
    """The query object: under `data` beside a signature, or as text in `parameters` within a session."""
    found = body.get("data")
    given = body.get("parameters")
    if found is None and isinstance(given, list) and given and isinstance(given[0], str):
        try:
            found = orjson.loads(given[0])
        except orjson.JSONDecodeError:
            return {}
    return found if isinstance(found, dict) else {}


def _status() -> dict[str, Any]:
    return {"IsSuccess": True, "Errors": [], "SuccessEntitys": [], "SuccessMessages": [], "MsgCode": 0}


def _metadata(name: str, form: Form) -> dict[str, Any]:
    plain = {field.partition(".")[0] for field in [*form.plain, *filter(None, [form.modified])]}
    entry, _, entry_id = form.key[-1].partition("_") if len(form.key) > 1 else ("FBillHead", "", form.key[0])
    fields = [
        {"Key": field, "FieldName": field.upper(), "Name": [{"Key": 2052, "Value": LABELS.get(field, "")}]}
        for field in sorted(plain)
    ]
    return {
        "Id": name,
        "PkFieldName": form.key[0],
        "Entrys": [{"Key": entry, "EntryPkFieldName": entry_id, "Fields": fields}],
    }
