"""WeCom's HTTP face: contacts, relations, member days and groups of one team, under `/wecom/cgi-bin/`.

Failures travel as HTTP 200 with an `errcode`. As the vendor's, yesterday's figures are zeros in the night (a switch), and the figures of
several members are added up.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from starlette.requests import Request
from starlette.routing import Route

from sandbox.chatting import WECOM_TEAM, Chatting
from sandbox.endpoints import Answered, Api, Asked, World
from sandbox.errors import TOO_FAST as CRM_TOO_FAST
from sandbox.errors import CrmError
from sandbox.quota import Quota, Rules
from sandbox.tickets import Tickets
from sandbox.wecom_days import day_of_groups, day_of_members, day_starts, midnight
from sandbox.wecom_people import relations, user_id

BASE = "/wecom/cgi-bin/"
CORP_ID, SECRET = "ww_sandbox", "sandbox-secret"
REQUESTS_PER_20S = 3333
MISSING_TOKEN, WRONG_TOKEN, WRONG_SECRET, WRONG_CORP = 41001, 42001, 40001, 40013
TOO_FAST, TOO_MANY, WRONG_DAYS, BAD_ARGUMENT = 45009, 40058, 600018, 40035
LISTS = ("follow_user", "external_userid", "external_contact_list", "behavior_data", "items", "ids")
Reply = Callable[[Mapping[str, Any]], dict[str, Any]]


class WeCom(Api):
    """One tenant's WeCom."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._tickets, self._chatting = Tickets(world.rules, "WT"), Chatting(world.store)
        self._quota = Quota(Rules(requests_per_20s=REQUESTS_PER_20S, daily_quota=0))

    def routes(self) -> list[Route]:
        """WeCom's endpoints."""
        served: dict[str, tuple[str, Reply]] = {
            "externalcontact/get_follow_user_list": ("GET", lambda _: {"follow_user": self._users()}),
            "externalcontact/list": ("GET", self._list),
            "externalcontact/batch/get_by_user": ("POST", self._contacts),
            "externalcontact/get_user_behavior_data": ("POST", self._behaviour),
            "externalcontact/groupchat/statistic": ("POST", self._groups),
            "msgaudit/get_permit_user_list": ("POST", lambda _: {"ids": self._users()}),
        }
        return [
            self.route(f"{BASE}gettoken", "token", self._token, ["GET"]),
            *(self.route(BASE + name, name, self._signed(reply), [method]) for name, (method, reply) in served.items()),
        ]

    def object_of(self, request: Request, body: Mapping[str, Any]) -> str:
        """The endpoint's own name."""
        return request.url.path.removeprefix(BASE)

    def expire(self) -> Answered:
        """The token is withdrawn."""
        self._tickets.forget()
        return _refused(WRONG_TOKEN)

    def refused(self, code: str) -> Answered:
        """An answer with the planted errcode."""
        return _refused(int(code))

    def emptied(self, answered: Answered) -> Answered:
        """A page without its records."""
        return replace(answered, payload={k: [] if k in LISTS else v for k, v in answered.payload.items()})

    def _token(self, asked: Asked) -> Answered:
        given = asked.request.query_params
        if given.get("corpid") != CORP_ID:
            return _refused(WRONG_CORP)
        if not self.world.rules.takes("wecom_secret", SECRET, given.get("corpsecret")):
            return _refused(WRONG_SECRET)
        text, left = self._tickets.issue()
        return Answered({"errcode": 0, "errmsg": "ok", "access_token": text, "expires_in": left}, code=0)

    def _signed(self, reply: Reply) -> Callable[[Asked], Answered]:
        def judged(asked: Asked) -> Answered:
            token = asked.request.query_params.get("access_token", "")
            if not token:
                return _refused(MISSING_TOKEN)
            if not self._tickets.holds(token):
                return _refused(WRONG_TOKEN)
            try:
                self._quota.spend(asked.object, self.world.clock.seconds(), self.world.store.day())
                given = asked.json if asked.request.method == "POST" else dict(asked.request.query_params)
                payload: dict[str, Any] = {"errcode": 0, "errmsg": "ok"} | reply(given or {})
            except CrmError as error:
                return _refused(TOO_FAST if error.code == CRM_TOO_FAST else error.code)
            rows = next((len(payload[name]) for name in LISTS if name in payload), 0)
            return Answered(payload, code=0, rows=rows)

        return judged

    def _users(self) -> list[str]:
        return [user_id(member) for member in self._chatting.team(WECOM_TEAM).members]

    def _relations(self, users: object) -> list[dict[str, Any]]:
        now = self.world.clock.now_ms()
        wanted = set(users) if isinstance(users, list) else set()
        found = relations(self._chatting.team(WECOM_TEAM), now)
        return [row for row in found if row["follow_info"]["userid"] in wanted]

    def _list(self, given: Mapping[str, Any]) -> dict[str, Any]:
        found = self._relations([given.get("userid")])
        return {"external_userid": [row["external_contact"]["external_userid"] for row in found]}

    def _contacts(self, given: Mapping[str, Any]) -> dict[str, Any]:
        users, limit = given.get("userid_list"), int(given.get("limit", 50))
        if (
            not isinstance(users, list)
            or not 0 < len(users) <= self.world.rules.wecom_most_userids
            or not 0 < limit <= 100
        ):
            raise CrmError(TOO_MANY, "too many user ids, none, or too long a page")
        found, start = self._relations(users), int(str(given.get("cursor") or "CUR_0").removeprefix("CUR_"))
        behind = start + limit
        cursor = f"CUR_{behind}" if behind < len(found) else ""
        return {"external_contact_list": found[start:behind], "next_cursor": cursor}

    def _behaviour(self, given: Mapping[str, Any]) -> dict[str, Any]:
        users = given.get("userid")
        if not isinstance(users, list) or not users or len(users) > 100:
            raise CrmError(TOO_MANY, "too many user ids, or none")
        days = self._days(given.get("start_time"), given.get("end_time"))
        team, is_zero = self._chatting.team(WECOM_TEAM), self._is_zero
        members = [member for member in team.members.values() if user_id(member.id) in users]
        has_rates = self.world.rules.wecom_rates_of_idle_days
        rows = [day_of_members(team, members, day, is_zero=is_zero(day), has_idle_rates=has_rates) for day in days]
        return {"behavior_data": rows}

    def _groups(self, given: Mapping[str, Any]) -> dict[str, Any]:
        owners = (given.get("owner_filter") or {}).get("userid_list")
        if not isinstance(owners, list) or not owners or len(owners) > 100:
            raise CrmError(BAD_ARGUMENT, "one to a hundred owners are named")
        begin = given.get("day_begin_time")
        days = self._days(begin, given.get("day_end_time", begin))
        members = [m for m in self._chatting.team(WECOM_TEAM).members.values() if user_id(m.id) in owners]
        items = [
            {"owner": user_id(member.id), "data": day_of_groups(member, days, is_zero=self._is_zero(days[-1]))}
            for member in members
        ]
        start, limit = int(given.get("offset", 0)), int(given.get("limit", 500))
        return {
            "total": len(items),
            "next_offset": min(start + limit, len(items)),
            "items": items[start : start + limit],
        }

    def _days(self, begin: object, end: object) -> list[int]:
        days = day_starts(begin, end, self.world.store.day())
        if not days:
            raise CrmError(WRONG_DAYS, "the days are no seconds, more than 30, or more than 180 days back")
        return days

    def _is_zero(self, day: int) -> bool:
        return self.world.rules.wecom_zeros_for_yesterday and day == midnight(self.world.store.day())


def _refused(code: int) -> Answered:
    return Answered({"errcode": code, "errmsg": "refused by the sandbox"}, code=code)
