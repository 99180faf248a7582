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
        """One text to all of `post.to`, in as many calls as the CRM needs for so many."""
        users, text = [person.fxiaoke for person in post.to], {"content": f"{post.title}\n{post.text}\n{post.link}"}
        traces: list[str] = []
        for start in range(0, len(users), MOST_RECEIVERS):
            some = {"toUser": users[start : start + MOST_RECEIVERS], "msgType": "text", "text": text}
            verdict = self._crm.post("/cgi/message/send", some, "an alert").verdict
            traces.append(verdict.trace_id)
        return Receipt("sent", verdict.code, " ".join(traces))

    def close(self) -> None:
        """Close the connections."""
        self._crm.close()
