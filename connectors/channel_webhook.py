"""Alerts to a receiver of the tenant's own: JSON by POST, signed; the receiver drops what it has seen by the Idempotency-Key.

It answers HTTP 200, or any other 2xx with JSON. The signature is hex(HMAC_SHA256(secret, timestamp + "." + body)), as for incoming leads.
"""

import time
from hashlib import sha256
from urllib.parse import parse_qsl, urlsplit

import orjson

from config.settings import settings
from connectors.calls import Calls
from connectors.channels import Post, Receipt, required
from connectors.chat_codes import webhook
from connectors.contacts import Contact
from connectors.http import Request, Transport
from connectors.pacing import Patience, Pause
from connectors.webhook_signing import signature_of


def channel(pause: Pause = time.sleep) -> "Webhook":
    """The receiver that the settings name."""
    return Webhook(pause)


class Webhook:
    """One receiver; its address may be a secret."""

    is_group = True

    def __init__(self, pause: Pause) -> None:
        now = settings()
        address, self._secret = (
            now.notify_webhook_base_url.get_secret_value(),
            now.notify_webhook_secret.get_secret_value(),
        )
        required(notify_webhook_base_url=address, notify_webhook_secret=self._secret)
        parts = urlsplit(address)
        self._path, self._params = parts.path or "/", dict(parse_qsl(parts.query))
        transport = Transport("notify_webhook", f"{parts.scheme}://{parts.netloc}", deadline_s=now.request_deadline_s)
        self._calls = Calls("the webhook", transport, webhook, patience=Patience(pause=pause))

    def reaches(self, person: Contact) -> bool:
        """Everybody: the receiver gets the ids of our organisation."""
        return True

    def send(self, post: Post) -> Receipt:
        """One POST."""
        told = {"key": post.key, "title": post.title, "text": post.text, "link": post.link}
        body = orjson.dumps({**told, "people": [person.person_id for person in post.to]})
        seen = sha256(post.key.encode()).hexdigest()

        def build(_: object) -> Request:
            stamp = str(int(time.time()))
            sign = signature_of(self._secret, stamp, body)
            headers = {"x-timestamp": stamp, "x-signature": sign, "idempotency-key": seen}
            return Request(self._path, self._params, headers, body)

        self._calls.ask(build, "an alert", is_json=False)
        return Receipt("sent", "200")

    def close(self) -> None:
        """Close the connections."""
        self._calls.close()
