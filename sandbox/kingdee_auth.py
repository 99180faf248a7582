"""Who may ask the ERP: the account set's one integration app, by session or by a signature on each request.

The signature is written here from the vendor's description, apart from the connector's own.
"""

import hmac
from base64 import b64decode, b64encode

from starlette.requests import Request

ACCOUNT, USER = "5f0000000000aa", "连接器账号"
APP_ID, APP_SECRET = "sandbox_QUJDREVGR0hJSktMTU5PUFFSU1RVVldY", "sandbox-secret"
PAD = b"0054f397c6234378b09ca7d3e5debce7"


def is_signed(request: Request) -> bool:
    """Whether both signatures of a request are right: by the secret within the app id, and by the app secret."""
    headers = request.headers
    client, _, hidden = APP_ID.partition("_")
    secret = b64encode(bytes(one ^ other for one, other in zip(b64decode(hidden), PAD, strict=False)))
    path = request.url.path.replace("/", "%2F")
    stamp, nonce = headers.get("x-api-timestamp", ""), headers.get("x-api-nonce", "")
    signed = f"POST\n{path}\n\nx-api-nonce:{nonce}\nx-api-timestamp:{stamp}\n"
    try:
        who = b64decode(headers.get("x-kd-appdata", ""), validate=True).decode()
    except ValueError:
        return False
    right = {
        "x-api-clientid": client,
        "x-api-auth-version": "2.0",
        "x-api-signheaders": "x-api-timestamp,x-api-nonce",
        "x-kd-appkey": APP_ID,
        "x-api-signature": _signature(signed.encode(), secret),
        "x-kd-signature": _signature(f"{APP_ID}{who}".encode(), APP_SECRET.encode()),
    }
    return who.split(",")[:2] == [ACCOUNT, USER] and all(headers.get(name) == value for name, value in right.items())


def _signature(text: bytes, secret: bytes) -> str:
    return b64encode(hmac.digest(secret, text, "sha256").hex().encode()).decode()
