"""What a tenant's options mean: stages of each sales process → our stages, record types → channels, option values → our values.

In: options with their labels. Out: our code for each, with a doubt where the label tells nothing. The longest known
word in a label decides.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from connectors.catalogue import Option, TenantField
from connectors.onboard_fields import plain

CLOSED = ("WON", "LOST")
EVERY, OPEN = "*", "OPEN"


@dataclass(frozen=True, slots=True)
class Meant:
    """One option of the tenant and what it is to us; `code` is empty where nothing tells."""

    process: str
    process_label: str
    value: str
    label: str
    code: str
    doubt: str = ""


def meaning(words: Mapping[str, Sequence[str]], label: str) -> str:
    """Our code whose longest word stands in the label, of equal ones the last (销售经理 is a 经理); "" when none does."""
    said = plain(label)
    fitting = [
        (len(known), said.rfind(known), code)
        for code, each in words.items()
        for known in map(plain, each)
        if known in said
    ]
    return max(fitting, default=(0, 0, ""))[2]


def values(words: Mapping[str, Sequence[str]], options: Sequence[Option]) -> tuple[dict[str, str], list[Option]]:
    """Their value → ours where both differ, and the options that land as they came."""
    found: dict[str, str] = {}
    passing = []
    for option in options:
        ours = option.value if option.value in words else meaning(words, option.label)
        if not ours:
            passing.append(option)
        elif ours != option.value:
            found[option.value] = ours
    return found, passing


def stages(
    words: Mapping[str, Sequence[str]], process: TenantField | None, stage: TenantField, known: Mapping[str, str]
) -> list[Meant]:
    """Our stage of each of the tenant's, process by process in the tenant's order. `known`: what records say of the deals that stand in
    one: WON, LOST or OPEN."""
    labels = {option.value: option.label for option in stage.options}
    found: list[Meant] = []
    for option in process.options if process else ():
        values_ = option.children.get(stage.name)
        if values_:
            named = {value: labels.get(value, value) for value in values_}
            found += _ordered(words, option.value, option.label, named, known)
    return found or _ordered(words, EVERY, "all", labels, known)


def channels(words: Mapping[str, Sequence[str]], field: TenantField) -> list[Meant]:
    """The channel of each record type; `other` where nothing tells."""
    found = []
    for option in field.options:
        code = meaning(words, option.label)
        doubt = "" if code else "its label tells no channel"
        found.append(Meant("", "", option.value, option.label, code or "other", doubt))
    return found


def _ordered(
    words: Mapping[str, Sequence[str]], process: str, label: str, named: Mapping[str, str], known: Mapping[str, str]
) -> list[Meant]:
    """Stages in order: one whose label tells nothing is taken for a part of the open one before it; none goes back."""
    found: list[Meant] = []
    before = ""
    for value, said in named.items():
        told = known.get(value, "")
        code, doubt = told if told in CLOSED else meaning(words, said), ""
        if told == OPEN and code in CLOSED:
            doubt = "its label tells an end, but deals that stand in it are open"
        elif not code:
            code, doubt = before, "its label tells no stage: taken as the one before it"
        elif code not in CLOSED and before and code < before:
            doubt = f"it stands behind one of {before}"
        before = before if code in CLOSED else code or before
        found.append(Meant(process, label, value, said, code, doubt))
    return found
