"""What both sides of a webhook share: the senders' secrets, and the signature on a body."""

import hmac
import re
from hashlib import sha256

from config.settings import settings
from warehouse.steps import StepError

NAME = re.compile(r"[a-z][a-z0-9_]{0,30}")
SHORTEST_SECRET = 16


def secrets() -> dict[str, str]:
    """The senders' secrets. Raises StepError when the setting is not as it should be; never shows one."""
    found: dict[str, str] = {}
    for pair in filter(None, settings().webhook_secrets.get_secret_value().split(",")):
        source, _, secret = pair.strip().partition("=")
        if not NAME.fullmatch(source) or len(secret) < SHORTEST_SECRET:
            raise StepError(
                "LANDFALL_WEBHOOK_SECRETS is a list of sender=secret, separated by commas, each secret of "
                f"{SHORTEST_SECRET} characters or more: correct it, then rerun"
            )
        found[source] = secret
    if not found:
        raise StepError("no sender may hand leads in: set LANDFALL_WEBHOOK_SECRETS to sender=secret, then rerun")
    return found


def signature_of(secret: str, timestamp: str, body: bytes) -> str:
    """The signature that a sender puts on a body."""
    return hmac.new(secret.encode(), timestamp.encode() + b"." + body, sha256).hexdigest()
