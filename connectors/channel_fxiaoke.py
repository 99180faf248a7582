"""Alerts to people inside the CRM (企信), by the app that reads it."""

import time

from config.settings import settings
from connectors.channels import Post, Receipt, required
from connectors.contacts import Contact
from connectors.fxiaoke import Fxiaoke
from connectors.pacing import Patience, Pause

MOST_RECEIVERS = 500


def channel(pause: Pause = time.sleep) -> "FxiaokeMessages":
    """The tenant's CRM, as the settings name it."""
    required(fxiaoke_app_id=settings().fxiaoke_app_id)
    return FxiaokeMessages(Fxiaoke(patience=Patience(pause=pause)))


class FxiaokeMessages:
    """One tenant's CRM."""

    is_group = False

    def __init__(self, crm: Fxiaoke) -> None:
        self._crm = crm

    def reaches(self, person: Contact) -> bool:
        """Those with an id in the CRM: owners of deals have it by themselves."""
        return bool(person.fxiaoke)

    def send(self, post: Post) -> Receipt:
        """One text to all of `post.to`."""
        users = [person.fxiaoke for person in post.to][:MOST_RECEIVERS]
        text = {"content": f"{post.title}\n{post.text}\n{post.link}"}
        answer = self._crm.post("/cgi/message/send", {"toUser": users, "msgType": "text", "text": text}, "an alert")
        return Receipt("sent", answer.verdict.code, answer.verdict.trace_id)

    def close(self) -> None:
        """Close the connections."""
        self._crm.close()
