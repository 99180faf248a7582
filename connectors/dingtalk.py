"""DingTalk (钉钉): customers of its customer management, the follow-ups on them, and who handed in which log.

Two gateways (`dingtalk_gateways`): version 1.0 fails by HTTP status, the older one (`/topapi/…`) by `errcode`. Neither
filters by change time: customers are paged whole and compared here; follow-ups are asked for by customer, those of customers that changed
lately, on Sundays of all. Times: local text in Beijing (customers), milliseconds (follow-ups, logs).
"""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import orjson

from config.settings import Settings, settings
from connectors.dingtalk_gateways import answer, opened
from connectors.dingtalk_rows import changed_ms, customer_of, is_since, is_within, zone_of_customers
from connectors.http import Request
from connectors.pacing import Patience
from connectors.reading import milliseconds
from connectors.sources import Page, Source, must_move
from connectors.streams import Stream
from warehouse.steps import StepError
from warehouse.walks import Walk

PAGE, LOGS_PAGE = 100, 20
LONGEST_LOGS = timedelta(days=180)
CUSTOMERS, FOLLOW_UPS, LOGS, TEMPLATES = (
    "/v1.0/crm/customerInstances",
    "/v1.0/crm/targetFollowRecords/query",
    "/topapi/report/list",
    "/topapi/report/template/listbyuserid",
)
SUNDAY = 7
FIRST_MS = 10**12  # anything smaller is seconds, which DingTalk answers with success and no rows


def source() -> "DingTalk":
    """The tenant's DingTalk, as the settings name it."""
    return DingTalk()


class DingTalk(Source):
    """One tenant's DingTalk, as one of its apps sees it."""

    def __init__(self, now: Settings | None = None, patience: Patience | None = None) -> None:
        self._now, self._later = now or settings(), 0
        super().__init__(opened(self._now, patience))

    def pages(self, stream: Stream, walk: Walk) -> Iterator[Page]:
        """The stream's rows of the walk's window, behind its cursor."""
        self._later = 0
        reads = {CUSTOMERS: self._changed_customers, FOLLOW_UPS: self._follow_ups, LOGS: self._logs}
        yield from reads[stream.object](stream, walk)
        yield Page([], None, True)

    def ids(self, stream: Stream) -> Iterator[list[str]]:
        """The ids of all customers."""
        for rows, _ in self.customers(stream.options["kind"]):
            yield [str(row["instanceId"]) for row in rows if isinstance(row, dict) and row.get("instanceId")]

    def held_back(self, stream: Stream, walk: Walk) -> int:
        """How many of the customers or follow-ups that were just read changed after the window's end."""
        return self._later

    def faults(self, stream: Stream) -> list[str]:
        """Whether the stream's customers, or its logs of one hour, can be read."""
        if stream.object != LOGS:
            next(self.customers(stream.options["kind"]), None)
            return []
        for template in _templates(stream):
            self._log_page(template, FIRST_MS, FIRST_MS + 3_600_000, 0)
        return []

    def customers(self, kind: str, token: str | None = None) -> Iterator[tuple[list[Any], str | None]]:
        """All customers of a kind, page by page, each with the token of the next page (None at the end)."""
        while True:
            body = {"operatorUserId": self._now.dingtalk_user_id, "objectType": kind, "maxResults": PAGE}
            found = self._post(CUSTOMERS, body | ({"nextToken": token} if token else {}), "the customers")
            former, token = token, found.get("nextToken") or None
            yield [customer_of(row) for row in found.get("values", ())], token
            if token is None:
                return
            must_move("DingTalk", "customers", former, token)

    def templates(self) -> list[str]:
        """Names of the templates of logs that the app's user may see."""
        sent = orjson.dumps({"userid": self._now.dingtalk_user_id, "offset": 0, "size": PAGE})
        found = self.calls.ask(
            lambda token: Request(TEMPLATES, {"access_token": token.company}, body=sent), "the templates of logs"
        ).payload["result"]
        return [
            str(each["name"]) for each in found.get("template_list", ()) if isinstance(each, dict) and each.get("name")
        ]

    def _changed_customers(self, stream: Stream, walk: Walk) -> Iterator[Page]:
        zone = zone_of_customers()
        for rows, token in self.customers(stream.options["kind"], walk.last_id):
            yield Page(self._of_walk([(changed_ms(row, zone), row) for row in rows], walk), token, False)

    def _follow_ups(self, stream: Stream, walk: Walk) -> Iterator[Page]:
        """Follow-ups of the customers that changed since the window began; of all when the week ends, since a follow-up need not touch
        its customer."""
        kind, held, last = stream.options["kind"], list[Any](), ""
        is_whole = walk.window_from is None or walk.as_of.isoweekday() == SUNDAY
        zone = zone_of_customers()
        targets = sorted(
            str(row["instanceId"])
            for rows, _ in self.customers(kind)
            for row in rows
            if row.get("instanceId") and (is_whole or is_since(changed_ms(row, zone), walk))
        )
        for last in targets:
            if walk.last_id is None or last > walk.last_id:
                notes = [(row.get("gmtModifiedMilliseconds"), row) for row in self._follow_ups_of(kind, last)]
                held += self._of_walk(notes, walk)
                if len(held) >= PAGE:
                    yield Page(held, last, False)
                    held = []
        yield Page(held, last or None, False)

    def _of_walk(self, dated: list[tuple[Any, dict[str, Any]]], walk: Walk) -> list[dict[str, Any]]:
        """The rows that belong to the walk; those that changed after it are counted."""
        self._later += sum(isinstance(at, int) and at >= milliseconds(walk.window_to) for at, _ in dated)
        return [row for at, row in dated if is_within(at, walk)]

    def _follow_ups_of(self, kind: str, target: str) -> Iterator[dict[str, Any]]:
        token: str | None = None
        while True:
            body = {"followTargetType": kind, "followTargetDataId": target, "maxResults": PAGE}
            found = self._post(FOLLOW_UPS, body | ({"nextToken": token} if token else {}), "the follow-ups")
            yield from (
                {**row, "followTargetDataId": target} for row in found.get("resultList", ()) if isinstance(row, dict)
            )
            former, token = token, found.get("nextToken") or None
            if token is None or found.get("hasMore") is False:
                return
            must_move("DingTalk", "follow-ups", former, token)

    def _logs(self, stream: Stream, walk: Walk) -> Iterator[Page]:
        """Logs created in the window, template by template; the template is always named, since some tenants refuse without."""
        end = milliseconds(walk.window_to)
        start = milliseconds(walk.window_from or walk.window_to - LONGEST_LOGS)
        longest = LONGEST_LOGS // timedelta(milliseconds=1)
        for template in _templates(stream):
            for begin in range(start, end, longest):
                cursor: int | None = 0
                while cursor is not None:
                    found = self._log_page(template, begin, min(begin + longest, end) - 1, cursor)
                    yield Page(list(found.get("data_list", ())), None, False)
                    former, cursor = cursor, int(found["next_cursor"]) if found.get("has_more") else None
                    if cursor is not None:
                        must_move("DingTalk", "logs", former, max(former, cursor))

    def _log_page(self, template: str, start: int, end: int, cursor: int) -> dict[str, Any]:
        if start < FIRST_MS:
            raise StepError(f"logs are asked for from {start}, which are no milliseconds: correct the stream's unit")
        body = {"start_time": start, "end_time": end, "template_name": template, "cursor": cursor, "size": LOGS_PAGE}
        sent = orjson.dumps(body)
        found = self.calls.ask(
            lambda token: Request(LOGS, {"access_token": token.company}, body=sent), f"the logs {template}"
        )
        return dict(found.payload["result"])

    def _post(self, path: str, body: dict[str, Any], what: str) -> dict[str, Any]:
        return dict(answer(self.calls, path, body, what)["result"])


def _templates(stream: Stream) -> list[str]:
    return [name.strip() for name in stream.options["templates"].split(",") if name.strip()]
