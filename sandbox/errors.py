"""The CRM's refusals: answered with HTTP 200 and an errorCode in the body, as the vendor does."""

TOO_FAST = 30004
DAILY_QUOTA_SPENT = 30002
TOKEN_INVALID, TOKEN_INVALID_LEGACY = 20016, 20005
AUTH_MISSING = 20017
WRONG_SECRET = 10006
NOT_AUTHORISED = 20022
NO_PERMISSION, NO_SUCH_USER = 20014, 20020
BAD_PARAMETER, BAD_PAGE = 32000, 10013
LOCKED = 50009


class CrmError(Exception):
    """A request that the CRM refuses with `code`."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
