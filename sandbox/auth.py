"""Signing in to the CRM: two generations of tokens, and who a request speaks for.

The new style sends a bearer token and two headers, the old one three fields at the top of the body. The same token is handed out for the
first 11/12 of its life; after that a new one, and both hold.
"""

import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.errors import (
    AUTH_MISSING,
    NO_SUCH_USER,
    NOT_AUTHORISED,
    TOKEN_INVALID,
    TOKEN_INVALID_LEGACY,
    WRONG_SECRET,
    CrmError,
)
from sandbox.quota import Rules

APP_ID, APP_SECRET, PERMANENT_CODE = "FSAID_sandbox", "sandbox-secret", "sandbox-code"
EA, CORP_ID, OPEN_USER = "sandbox_ea", "FSCID_sandbox", "FSUID_"
SHARE_OF_LIFE_SAME_TOKEN = 6600 / 7200


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks: the employee's id, and whether in the old style (whose lists of people hold open user ids)."""

    user_id: str
    is_legacy: bool


@dataclass(frozen=True, slots=True)
class Issued:
    """A token and the moment (our own seconds) it was handed out."""

    text: str
    at: float


class Auth:
    """The tokens of one running server; a restart forgets them."""

    def __init__(self, rules: Rules, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._rules = rules
        self._monotonic = monotonic
        self._issued: dict[str, list[Issued]] = {"AT": [], "CAT": []}

    def forget_tokens(self) -> None:
        """Let every token expire at once."""
        self._issued = {"AT": [], "CAT": []}

    def token(self, asked: Mapping[str, Any], style: str) -> dict[str, Any]:
        """Answer of the token endpoint, `style` AT (new) or CAT (old). Raises CrmError 10006 or 20022."""
        if asked.get("appId") != APP_ID or asked.get("appSecret") not in self._rules.fxiaoke_app_secrets:
            raise CrmError(WRONG_SECRET, "app id or app secret is wrong")
        if asked.get("permanentCode") != PERMANENT_CODE:
            raise CrmError(NOT_AUTHORISED, "the tenant has not authorised the app: permanent code is wrong")
        if style == "AT" and asked.get("grantType") != "app_secret":
            raise CrmError(AUTH_MISSING, "grantType must be app_secret")
        life, now = self._rules.token_life_s, self._monotonic()
        held = [token for token in self._issued[style] if now - token.at < life]
        if not held or now - held[-1].at >= life * SHARE_OF_LIFE_SAME_TOKEN:
            held.append(Issued(f"{style}_{secrets.token_hex(16)}", now))
        self._issued[style] = held
        left = int(life - (now - held[-1].at))
        if style == "AT":
            return {
                "accessToken": held[-1].text,
                "ea": EA,
                "expiresIn": left,
                "appId": APP_ID,
                "openUserId": f"{OPEN_USER}1000",
            }
        return {"corpAccessToken": held[-1].text, "corpId": CORP_ID, "expiresIn": left}

    def caller(self, headers: Mapping[str, str], body: Mapping[str, Any], is_employee: Callable[[str], bool]) -> Caller:
        """Who a data request speaks for. Raises CrmError 20017, 20016 (20005 in the old style), 20020, 20022."""
        bearer = headers.get("authorization", "")
        if bearer.startswith("Bearer ") and "corpAccessToken" not in body:
            user, company, token, refused = (
                headers.get("x-fs-userid"),
                headers.get("x-fs-ea"),
                bearer[7:],
                TOKEN_INVALID,
            )
        elif "corpAccessToken" in body and not bearer:
            user, company, token, refused = (
                body.get("currentOpenUserId"),
                body.get("corpId"),
                str(body["corpAccessToken"]),
                TOKEN_INVALID_LEGACY,
            )
        else:
            raise CrmError(AUTH_MISSING, "the request carries no token, or both styles at once")
        is_legacy = refused == TOKEN_INVALID_LEGACY
        if not user or not company:
            raise CrmError(AUTH_MISSING, "the request names no user or no company")
        if not self._holds(token, "CAT" if is_legacy else "AT"):
            raise CrmError(refused, "the token is not valid or has expired")
        if company != (CORP_ID if is_legacy else EA):
            raise CrmError(NOT_AUTHORISED, "the token belongs to another company")
        employee = str(user).removeprefix(OPEN_USER)
        if not is_employee(employee):
            raise CrmError(NO_SUCH_USER, f"there is no employee {user}")
        return Caller(employee, is_legacy)

    def _holds(self, text: str, style: str) -> bool:
        now = self._monotonic()
        return any(
            secrets.compare_digest(token.text.encode(), text.encode()) and now - token.at < self._rules.token_life_s
            for token in self._issued[style]
        )
