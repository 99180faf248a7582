"""HubSpot's face of the company's website: the submissions of its contact form, newest first. Served under /hubspot."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from starlette.requests import Request
from starlette.routing import Route

from sandbox.channels import Channels, Inquiry, channel_lead_id
from sandbox.endpoints import Answered, Api, Asked, World

TOKEN, FORM = "sandbox-hubspot-token", "3f6a2c1e-8d40-4b7a-9c55-0e1f2a3b4c5d"
LARGEST_PAGE = 50
CATEGORIES = {401: "INVALID_AUTHENTICATION", 404: "OBJECT_NOT_FOUND", 400: "VALIDATION_ERROR", 429: "RATE_LIMITS"}
END_OF_TIME = 2**62


class HubSpot(Api):
    """One portal with one form."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.channels = Channels(world.store)

    def routes(self) -> list[Route]:
        """The forms API."""
        path = "/hubspot/form-integrations/v1/submissions/forms/{form}"
        return [self.route(path, "hubspot_submissions", self._submissions, ("GET",))]

    def object_of(self, request: Request, body: Mapping[str, Any]) -> str:
        """The form's id."""
        return str(request.path_params.get("form", ""))

    def expire(self) -> Answered:
        """A static token does not expire; one that was revoked looks like this."""
        return _error(401, "The token is revoked")

    def refused(self, code: str) -> Answered:
        """An error of the planted status (429 unless it is a number)."""
        return _error(int(code) if code.isdigit() else 429, "planted by a test")

    def emptied(self, answered: Answered) -> Answered:
        """No submissions at all."""
        return replace(answered, payload={"results": []})

    def _submissions(self, asked: Asked) -> Answered:
        query = asked.request.query_params
        bearer = asked.request.headers.get("authorization", "").removeprefix("Bearer ")
        if not self.world.rules.takes("hubspot_token", TOKEN, bearer):
            return _error(401, "Authentication credentials not found")
        if asked.object != FORM:
            return _error(404, "No form was found")
        limit, after = query.get("limit", "20"), query.get("after", "")
        if not limit.isdigit() or not 1 <= int(limit) <= LARGEST_PAGE:
            return _error(400, f"limit is a number from 1 to {LARGEST_PAGE}")
        at, _, number = after.partition("-")
        behind = (int(at), int(number)) if after else (END_OF_TIME, 0)
        newest = sorted(
            (-each.at_ms, -each.number, each) for each in self.channels.inquiries("hubspot", 0, behind[0] + 1)
            if (each.at_ms, each.number) < behind
        )[: int(limit) + 1]  # fmt: skip
        page = [each for _, _, each in newest[: int(limit)]]
        payload: dict[str, Any] = {"results": [_submission(each) for each in page]}
        if len(newest) > len(page):
            payload["paging"] = {"next": {"after": f"{page[-1].at_ms}-{page[-1].number}"}}
        return Answered(payload, code=200, rows=len(page))


def _submission(inquiry: Inquiry) -> dict[str, Any]:
    typed = {"lastname": inquiry.name[:1], "firstname": inquiry.name[1:], "phone": inquiry.phone}
    typed |= {"email": f"u{inquiry.number}@mail.example"} | ({"company": inquiry.company} if inquiry.company else {})
    return {
        "conversionId": channel_lead_id("hubspot", inquiry.number),
        "submittedAt": inquiry.at_ms,
        "values": [{"name": name, "value": value} for name, value in typed.items()],
        "pageUrl": f"https://www.example.com/contact?mail=u{inquiry.number}@mail.example",
    }


def _error(status: int, message: str) -> Answered:
    category = CATEGORIES.get(status, "OTHER")
    return Answered(
        {"status": "error", "message": message, "category": category, "correlationId": "sandbox"}, status, status
    )
