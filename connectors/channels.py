"""What every channel that alerts leave by looks like to the step `notify`, and how the tenant's own are opened.

A channel is one module, `connectors/channel_<name>.py`, with a function `channel()` that opens it without asking anything yet; its name is
one of LANDFALL_NOTIFY. Adding one: that module, its section in `config/channels.py`, its key in a contact where it sends to people.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import Literal, Protocol, cast

from config.settings import settings
from connectors.contacts import Contact
from warehouse.steps import StepError

ROBOT_MESSAGES, ROBOT_WINDOW_S = 20, 60.0  # what group robots take, WeCom's and DingTalk's alike


@dataclass(frozen=True, slots=True)
class Post:
    """One message. `key`: the same each time that it is sent. `to`: whom it is for; a group's channel mentions them."""

    key: str
    title: str
    text: str
    link: str
    to: Sequence[Contact]


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a message. `undeliverable`: to nobody, and trying again is of no use. A message that some did not get has failed.
    `answer` holds no secret, and people by our own ids alone."""

    state: Literal["sent", "undeliverable", "failed"]
    error_code: str | None = None
    answer: str | None = None


def missed(people: Sequence[Contact], code: str, answer: str = "") -> Receipt:
    """The receipt of a message that some of its receivers did not get."""
    told = f"not told: {', '.join(person.person_id for person in people)}"
    return Receipt("failed", code, f"{answer} {told}".strip())


class Channel(Protocol):
    """One opened channel. `is_group`: it posts to a chat group and mentions people."""

    is_group: bool

    def reaches(self, person: Contact) -> bool:
        """Whether the channel knows the person."""
        ...

    def send(self, post: Post) -> Receipt:
        """Send until it is answered; a message whose outcome is unknown is sent again. Every attempt is built and signed anew.

        Raises RefusedError (`skip`: this message only, `stop`: nothing else will get through) or StepError when patience ends.
        """
        ...

    def close(self) -> None:
        """Close the connections."""
        ...


def open_channels() -> dict[str, Channel]:
    """The channels that LANDFALL_NOTIFY names, in its order. Raises StepError for a name that there is not, or what one lacks."""
    names = [name.strip() for name in settings().notify.split(",") if name.strip()]
    strange = next((name for name in names if not find_spec(f"connectors.channel_{name}")), None)
    if strange:
        raise StepError(
            f"there is no channel {strange}: correct LANDFALL_NOTIFY (docs/reference.md lists them), then rerun"
        )
    return {name: cast("Channel", import_module(f"connectors.channel_{name}").channel()) for name in names}


def required(**given: str | int) -> None:
    """Raise StepError naming the first setting (as keyword, in lower case) that is not given."""
    missing = next((name for name, value in given.items() if not value), None)
    if missing:
        raise StepError(
            f"LANDFALL_{missing.upper()} is not set: set it or leave its channel out of LANDFALL_NOTIFY, then rerun"
        )


def cut(text: str, most_bytes: int) -> str:
    """`text` in at most `most_bytes` of UTF-8, marked where it was cut."""
    packed = text.encode()
    return text if len(packed) <= most_bytes else packed[: most_bytes - 3].decode("utf-8", "ignore") + "…"
