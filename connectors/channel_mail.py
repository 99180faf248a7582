"""Alerts by e-mail, one message each, over a verified connection.

In: posts. Out: the Message-ID as receipt; it stays the same when a message is sent again, so that a reader's program shows it once.
"""

import smtplib
import ssl
import time
from email.message import EmailMessage
from email.utils import formatdate
from hashlib import sha256

from config.settings import settings
from connectors.addresses import is_loopback
from connectors.calls import RefusedError, Verdict
from connectors.channels import Post, Receipt, missed, required
from connectors.contacts import Contact
from connectors.pacing import Patience, Pause
from warehouse.steps import StepError


def channel(pause: Pause = time.sleep) -> "Mail":
    """The mail server that the settings name."""
    return Mail(pause)


class Mail:
    """One mail server; a connection a message."""

    is_group = False

    def __init__(self, pause: Pause) -> None:
        self._now, self._patience = settings(), Patience(pause=pause)
        required(notify_mail_host=self._now.notify_mail_host, notify_mail_from=self._now.notify_mail_from)
        if self._now.notify_mail_tls == "none" and not is_loopback(self._now.notify_mail_host):
            raise StepError(
                "mail would leave this machine unencrypted: set LANDFALL_NOTIFY_MAIL_TLS to tls or starttls, then rerun"
            )

    def reaches(self, person: Contact) -> bool:
        """Those with a mail address."""
        return bool(person.mail)

    def send(self, post: Post) -> Receipt:
        """One message to all of `post.to`. Raises StepError when the server is not reached, RefusedError when it refuses us."""
        message = self._message(post)
        for attempt in range(self._patience.attempts):
            try:
                with self._connected() as server:
                    refused = server.send_message(message)
                return self._receipt(post, str(message["Message-ID"]), {to: code for to, (code, _) in refused.items()})
            except smtplib.SMTPRecipientsRefused as error:
                codes = {code for code, _ in error.recipients.values()}
                if min(codes) >= 500:
                    return Receipt("undeliverable", str(min(codes)))
                said = str(min(codes))
            except smtplib.SMTPAuthenticationError as error:
                verdict = Verdict("stop", str(error.smtp_code), "correct LANDFALL_NOTIFY_MAIL_USER and its password")
                raise RefusedError("the mail server", "the login", verdict) from None
            except (smtplib.SMTPException, OSError) as error:
                said = type(error).__name__
            if attempt + 1 < self._patience.attempts:
                self._patience.wait(attempt)
        raise StepError(
            f"the mail server did not take an alert ({said}): check LANDFALL_NOTIFY_MAIL_HOST, its port and the network, then rerun"
        )

    def close(self) -> None:
        """Nothing stays open."""

    def _receipt(self, post: Post, seen: str, refused: dict[str, int]) -> Receipt:
        if not refused:
            return Receipt("sent", "250", seen)
        return missed([person for person in post.to if person.mail in refused], str(max(refused.values())), seen)

    def _message(self, post: Post) -> EmailMessage:
        message = EmailMessage()
        message["Subject"], message["From"] = " ".join(post.title.split()), self._now.notify_mail_from
        message["To"] = ", ".join(person.mail for person in post.to)
        seen = sha256(f"{post.key} {message['To']}".encode()).hexdigest()[:32]
        message["Message-ID"], message["Date"] = f"<{seen}@landfall>", formatdate(localtime=True)
        message.set_content(f"{post.text}\n\n{post.link}\n")
        return message

    def _connected(self) -> smtplib.SMTP:
        now, checked = self._now, ssl.create_default_context()
        host, port, deadline = now.notify_mail_host, now.notify_mail_port, now.request_deadline_s
        if now.notify_mail_tls == "tls":
            server: smtplib.SMTP = smtplib.SMTP_SSL(host, port, timeout=deadline, context=checked)
        else:
            server = smtplib.SMTP(host, port, timeout=deadline)
        try:
            if now.notify_mail_tls == "starttls":
                server.starttls(context=checked)
            if now.notify_mail_user:
                server.login(now.notify_mail_user, now.notify_mail_password.get_secret_value())
        except BaseException:
            server.close()
            raise
        return server
