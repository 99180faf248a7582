"""How Kingdee signs a single request: what the vendor's own client does, without a sign-in call.

In: credentials, the request's path, a timestamp and a nonce. Out: the headers of that one request. The app id is `<client id>_<encoded
client secret>`; two signatures go out, one by each secret. tests/connectors/test_kingdee_golden.py holds it against the vendor's client.
"""

import hmac
from base64 import b64decode, b64encode
from hashlib import sha256
from urllib.parse import quote

from warehouse.steps import StepError

ENCODED_BY = b"0054f397c6234378b09ca7d3e5debce7"  # the vendor's constant; the second half of an app id is XORed with it


def client_secret(app_id: str) -> tuple[str, str]:
    """(client id, client secret) that the app id holds. Raises StepError when it is not of that form."""
    client_id, _, encoded = app_id.partition("_")
    try:
        packed = b64decode(encoded, validate=True)
    except ValueError:
        packed = b""
    if len(encoded) != len(ENCODED_BY) or not packed:
        raise StepError(
            "LANDFALL_KINGDEE_APP_ID is not an id that signs requests (client id, underscore, 32 characters): "
            "correct it, or set LANDFALL_KINGDEE_AUTH_STYLE=session, then rerun"
        )
    return client_id, b64encode(bytes(a ^ b for a, b in zip(packed, ENCODED_BY, strict=False))).decode()


def headers(app_id: str, app_secret: str, app_data: str, path: str, *, timestamp: str, nonce: str) -> dict[str, str]:
    """The headers of one POST to `path`. `app_data`: account id, user, language, organisation, separated by commas."""
    client_id, secret = client_secret(app_id)
    escaped = quote(path).replace("/", "%2F")
    signed = f"POST\n{escaped}\n\nx-api-nonce:{nonce}\nx-api-timestamp:{timestamp}\n"
    return {
        "X-Api-ClientID": client_id,
        "X-Api-Auth-Version": "2.0",
        "x-api-timestamp": timestamp,
        "x-api-nonce": nonce,
        "x-api-signheaders": "x-api-timestamp,x-api-nonce",
        "X-Api-Signature": _signature(signed, secret),
        "X-Kd-Appkey": app_id,
        "X-Kd-Appdata": b64encode(app_data.encode()).decode(),
        "X-Kd-Signature": _signature(app_id + app_data, app_secret),
    }


def _signature(text: str, secret: str) -> str:
    return b64encode(hmac.new(secret.encode(), text.encode(), sha256).hexdigest().encode()).decode()
