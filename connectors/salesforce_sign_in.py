"""How an org lets the integration in: by the connected app's secret (client credentials) or by a token that its key signs (JWT bearer).

In: settings. Out: the request for a session, built anew each time; what names these credentials. Neither flow has a refresh token.
"""

import time
from urllib.parse import urlencode

import jwt

from config.settings import Settings
from connectors.http import Request
from connectors.tokens import identity
from warehouse.steps import StepError

PATH = "/services/oauth2/token"
SIGNED_FOR_S = 180  # Salesforce takes none that holds longer than some minutes


def sign_in(now: Settings) -> Request:
    """The request for a session. Raises StepError for a key that cannot sign."""
    asked = _by_key(now) if now.salesforce_key_file else _by_secret(now)
    return Request(PATH, {}, {"content-type": "application/x-www-form-urlencoded"}, urlencode(asked).encode())


def credentials(now: Settings) -> str:
    """A short name for what is signed in with, so that one's session is never used with another's."""
    secret = str(now.salesforce_key_file or "") or now.salesforce_client_secret.get_secret_value()
    return identity(now.salesforce_base_url, now.salesforce_client_id, now.salesforce_user, secret)


def _by_secret(now: Settings) -> dict[str, str]:
    secret = now.salesforce_client_secret.get_secret_value()
    return {"grant_type": "client_credentials", "client_id": now.salesforce_client_id, "client_secret": secret}


def _by_key(now: Settings) -> dict[str, str]:
    if not now.salesforce_user:
        raise StepError("LANDFALL_SALESFORCE_USER is not set: name the user that the key signs in, then rerun")
    claims = {
        "iss": now.salesforce_client_id, "sub": now.salesforce_user, "aud": now.salesforce_login_url,
        "exp": int(time.time()) + SIGNED_FOR_S,
    }  # fmt: skip
    try:
        key = now.salesforce_key_file.read_bytes() if now.salesforce_key_file else b""
        signed = jwt.encode(claims, key, algorithm="RS256")
    except (OSError, ValueError, TypeError, jwt.PyJWTError) as error:
        raise StepError(
            f"{now.salesforce_key_file} holds no RSA key that can sign ({type(error).__name__}): give LANDFALL_SALESFORCE_KEY_FILE "
            "the PEM of the private key whose certificate the connected app has, then rerun"
        ) from None
    return {"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer", "assertion": signed}
