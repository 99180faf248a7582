"""WeCom (企业微信): contacts and who follows them, what members did each day, how their customer groups fared.

The gateway wants its token in the query string and answers HTTP 200 also for failures; `wecom_codes` says what each `errcode` asks of us.
Contacts have no change time, so both parts of a contact are read whole. Figures of the day that ended last may still be zeros: where the
stream says so, that day's rows are marked provisional.
"""

from collections.abc import Iterator
from typing import Any

import orjson

from config.settings import Settings, settings
from connectors.calls import Calls, RefusedError, Verdict
from connectors.http import Request, Transport
from connectors.pacing import Pace, Patience
from connectors.reading import milliseconds
from connectors.sources import Page, Source, must_move
from connectors.streams import Stream
from connectors.tokens import Token, TokenStore, identity
from connectors.wecom_archive import archive_pages
from connectors.wecom_codes import NO_RELATION, judge
from connectors.wecom_rows import chunks, dated, days_of, part_of, seconds
from warehouse.walks import Walk

PAGE = 100
MEMBERS = 50  # of one page of contacts: more than 64 were refused to some callers
OWNERS = 100
LONGEST_SPAN_DAYS = 30
CONTACTS, BEHAVIOUR, GROUPS, ARCHIVE = (
    "externalcontact/batch/get_by_user",
    "externalcontact/get_user_behavior_data",
    "externalcontact/groupchat/statistic",
    "msgaudit",
)


def source() -> "WeCom":
    """The tenant's WeCom, as the settings name it."""
    return WeCom()


class WeCom(Source):
    """One tenant's WeCom, as one of its apps sees it."""

    def __init__(self, now: Settings | None = None, patience: Patience | None = None) -> None:
        self._now = now or settings()
        transport = Transport("wecom", self._now.wecom_base_url, deadline_s=self._now.request_deadline_s)
        tokens = TokenStore(self._now.home / "tokens", f"wecom-{self._identity()}", self._fetch_token)
        pace = Pace(self._now.wecom_requests_per_20s)
        super().__init__(Calls("WeCom", transport, judge, tokens=tokens, patience=patience, pace=pace))

    def pages(self, stream: Stream, walk: Walk) -> Iterator[Page]:
        """The stream's rows; days and members behind the walk's cursor only."""
        reads = {CONTACTS: self._contacts, BEHAVIOUR: self._behaviour, GROUPS: self._groups, ARCHIVE: self._archive}
        yield from reads[stream.object](stream, walk)
        yield Page([], None, True)

    def faults(self, stream: Stream) -> list[str]:
        """Whether the app may see members, and for the archive who consented to it."""
        if stream.object == ARCHIVE:
            if self._now.wecom_archive_dir:
                self.archived_members()
            return []
        return [] if self.members() else [f"WeCom shows no member to the app: {_SEE_MEMBERS}"]

    def members(self) -> list[str]:
        """User ids of the members who may serve customers."""
        found = self._get("externalcontact/get_follow_user_list", "the members").get("follow_user")
        return sorted(str(name) for name in found) if isinstance(found, list) else []

    def archived_members(self) -> set[str]:
        """User ids of the members whose messages may be archived."""
        return {str(name) for name in self._post("msgaudit/get_permit_user_list", {}, "the archive").get("ids", ())}

    def _contacts(self, stream: Stream, _walk: Walk) -> Iterator[Page]:
        """Contacts or the relations to them, by `part`; one contact of two members comes twice."""
        for members in chunks(self.members(), MEMBERS):
            cursor: str | None = ""
            while cursor is not None:
                body = {"userid_list": members, "cursor": cursor, "limit": PAGE}
                found = self._post(CONTACTS, body, "the contacts")
                if found.get("fail_info"):
                    raise RefusedError(
                        "WeCom", "the contacts of some members", Verdict("skip", "fail_info", _SEE_MEMBERS)
                    )
                yield Page(
                    [part_of(row, stream.options["part"]) for row in found["external_contact_list"]], None, False
                )
                former, cursor = cursor, found.get("next_cursor") or None
                must_move("WeCom", "contacts", former, cursor)

    def _behaviour(self, stream: Stream, walk: Walk) -> Iterator[Page]:
        """What each member did on each day: one member a call, since several would be added up."""
        for member in self.members():
            if walk.last_id is None or member > walk.last_id:
                rows: list[Any] = []
                for span in chunks(days_of(walk), LONGEST_SPAN_DAYS):
                    body = {"userid": [member], "start_time": seconds(span[0]), "end_time": seconds(span[-1])}
                    try:
                        found = self._post(BEHAVIOUR, body, "what members did").get("behavior_data", ())
                    except RefusedError as error:
                        if error.code != NO_RELATION:
                            raise
                        continue
                    rows += [dated(row, stream, walk) | {"userid": member} for row in found]
                yield Page(rows, member, False)

    def _groups(self, stream: Stream, walk: Walk) -> Iterator[Page]:
        """The groups of each owner on each day: one day a call, since several would be added up."""
        members = self.members()
        for day in days_of(walk):
            if walk.last_id is not None and day.isoformat() <= walk.last_id:
                continue
            rows: list[Any] = []
            for owners in chunks(members, OWNERS):
                offset = 0
                while True:
                    at = {"day_begin_time": seconds(day), "day_end_time": seconds(day)}
                    page = {"owner_filter": {"userid_list": owners}, "offset": offset, "limit": PAGE}
                    found = self._post(GROUPS, at | page, "the customer groups")
                    items = found.get("items", [])
                    flat = (
                        {**each.get("data", {}), "owner": each.get("owner"), "stat_time": seconds(day)}
                        for each in items
                    )
                    rows += [dated(row, stream, walk) for row in flat]
                    former, offset = offset, int(found.get("next_offset") or 0)
                    if max(offset, former + len(items)) >= int(found.get("total") or 0):
                        break
                    must_move("WeCom", "customer groups", former, max(offset, former))
            yield Page(rows, day.isoformat(), False)

    def _archive(self, stream: Stream, walk: Walk) -> Iterator[Page]:
        """Who wrote to whom and when, of consenting members, from the decrypted export; nothing where there is none."""
        folder = self._now.wecom_archive_dir
        if folder:
            start = milliseconds(walk.window_from) if walk.window_from else 0
            yield from archive_pages(folder, self.archived_members(), start, milliseconds(walk.window_to), walk.last_id)

    def _post(self, name: str, body: dict[str, Any], what: str) -> dict[str, Any]:
        sent = orjson.dumps(body)
        found = self.calls.ask(
            lambda token: Request(f"/cgi-bin/{name}", {"access_token": token.access}, body=sent), what
        )
        return dict(found.payload)

    def _get(self, name: str, what: str) -> dict[str, Any]:
        path = f"/cgi-bin/{name}"
        found = self.calls.ask(lambda token: Request(path, {"access_token": token.access}, method="GET"), what)
        return dict(found.payload)

    def _identity(self) -> str:
        now = self._now
        parts = (now.wecom_base_url, now.wecom_corp_id, now.wecom_secret.get_secret_value())
        return identity(*parts)

    def _fetch_token(self) -> Token:
        asked = {"corpid": self._now.wecom_corp_id, "corpsecret": self._now.wecom_secret.get_secret_value()}
        found = self.calls.once(Request("/cgi-bin/gettoken", asked, method="GET"), "the app secret").payload
        return Token(str(found["access_token"]), self._now.wecom_corp_id, float(found["expires_in"]))


_SEE_MEMBERS = "let the administrator give the app the members that it may see, licensed for customer contact"
