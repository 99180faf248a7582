"""HubSpot: what visitors sent by a form, newest first, page by page until a submission is older than the window.

A static token, nothing to refresh. The stream's object names one form or several, separated by commas; `submittedAt` is in milliseconds,
and a submission never changes. What was typed becomes fields by the form's own names.
"""

from collections.abc import Iterator
from typing import Any

from config.settings import Settings, settings
from connectors.calls import Calls
from connectors.http import Request, Transport
from connectors.hubspot_codes import WINDOW_S, judge
from connectors.pacing import Pace, Patience
from connectors.reading import milliseconds
from connectors.sources import Page, Source
from connectors.streams import Stream
from connectors.windows import beginning
from warehouse.steps import StepError
from warehouse.walks import Walk

PAGE = 50


def source() -> "HubSpot":
    """The tenant's portal, as the settings name it."""
    return HubSpot()


class HubSpot(Source):
    """One portal."""

    def __init__(self, now: Settings | None = None, patience: Patience | None = None) -> None:
        self._now = now or settings()
        transport = Transport("hubspot", self._now.hubspot_base_url, deadline_s=self._now.request_deadline_s)
        pace = Pace(self._now.hubspot_requests_per_10s, WINDOW_S)
        super().__init__(Calls("HubSpot", transport, judge, patience=patience, pace=pace))
        self._later = 0

    def pages(self, stream: Stream, walk: Walk) -> Iterator[Page]:
        """The submissions of the walk's window, form by form. Cursor: number of the form, and the vendor's place in it."""
        forms, start = stream.object.split(","), milliseconds(beginning(stream, walk))
        number, _, after = (walk.last_id or "0|").partition("|")
        self._later = 0
        for place in range(int(number), len(forms)):
            is_done = False
            while not is_done:
                rows, following = self._page(forms[place], after)
                self._later += sum(_sent(row) >= milliseconds(walk.window_to) for row in rows)
                is_done = not following or any(0 <= _sent(row) < start for row in rows)
                if following == after and not is_done:
                    raise StepError(
                        f"HubSpot repeats a page of form {forms[place]} instead of going on: ask its support, then rerun"
                    )
                after = "" if is_done else following
                kept = [row for row in rows if _sent(row) < 0 or start <= _sent(row) < milliseconds(walk.window_to)]
                yield Page(kept, f"{place + is_done}|{after}", is_done and place + 1 == len(forms))

    def held_back(self, stream: Stream, walk: Walk) -> int:
        """How many submissions after the window the pages of this walk showed."""
        return self._later

    def faults(self, stream: Stream) -> list[str]:
        """Whether each form can be read. Which fields a form has shows only in what was sent by it."""
        for form in stream.object.split(","):
            self._page(form, "")
        return []

    def _page(self, form: str, after: str) -> tuple[list[Any], str]:
        params = {"limit": str(PAGE)} | ({"after": after} if after else {})
        headers = {"authorization": f"Bearer {self._now.hubspot_token.get_secret_value()}"}
        path = f"/form-integrations/v1/submissions/forms/{form}"
        payload = self.calls.ask(
            lambda _: Request(path, params, headers, method="GET"), f"the submissions of form {form}"
        ).payload
        following = ((payload.get("paging") or {}).get("next") or {}).get("after") or ""
        return [flat(row, form) for row in payload["results"]], str(following)


def flat(row: Any, form: str) -> Any:
    """A submission as one record: what was typed beside what HubSpot says, and by which form; addresses without parameters."""
    if not isinstance(row, dict) or not isinstance(row.get("values"), list):
        return row
    told = {name: value for name, value in row.items() if name != "values"} | {"formId": form}
    if isinstance(told.get("pageUrl"), str):
        told["pageUrl"] = told["pageUrl"].partition("?")[0]
    typed: dict[str, str] = {}
    for given in row["values"]:
        if isinstance(given, dict) and isinstance(given.get("name"), str) and given.get("value") is not None:
            name, value = given["name"], str(given["value"])
            typed[name] = f"{typed[name]};{value}" if name in typed else value
    return typed | told


def _sent(row: Any) -> int:
    """When a submission was sent, -1 where it does not say: such a row is kept and judged like any other."""
    sent = row.get("submittedAt") if isinstance(row, dict) else None
    return sent if isinstance(sent, int) and not isinstance(sent, bool) else -1
