"""Which field of a tenant fills each of our standard fields: proposed by name, label, type and how often it is filled in.

In: what is known of our fields, the tenant's fields, a sample of records. Out: a proposal a field, with the reason where it is doubtful. A
field is proposed once; the surest pairs are made first.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from statistics import median
from typing import Any

from connectors.catalogue import TenantField
from connectors.onboard_standard import Standard, StandardField

SAME_NAME, SAME_LABEL, LIKE_LABEL = 1.0, 0.9, 0.5
NEVER_FILLED = 0.5  # of the resemblance that is left to a field that nobody fills in
LEAST = 0.4  # below, nothing is proposed
SURE = 0.7
RIVAL = 0.9  # of the best one's score: two fields resemble ours as much
SMALL = 1000  # amounts of deals below this, in yuan, are in another unit


@dataclass(frozen=True, slots=True)
class Proposal:
    """The tenant's field for one of ours; `filled` of `sampled` records hold it. `doubt` is empty when it is sure."""

    theirs: TenantField
    score: float
    filled: int
    sampled: int
    scale: Decimal | None = None
    doubt: str = ""


@dataclass(frozen=True, slots=True)
class Sample:
    """Records of an object that were looked at."""

    rows: Sequence[Mapping[str, Any]]

    def filled(self, name: str) -> int:
        """How many records hold the field."""
        return sum(1 for row in self.rows if row.get(name) not in (None, "", []))

    def middle(self, name: str) -> Decimal | None:
        """The middle of the field's numbers other than zero."""
        texts = [str(row[name]) for row in self.rows if row.get(name) is not None]
        numbers = [Decimal(text) for text in texts if re.fullmatch(r"-?\d+(\.\d+)?", text)]
        return median([number for number in numbers if number] or [Decimal(0)]) or None


def propose(
    ours: Mapping[str, StandardField],
    kinds: Mapping[str, str],
    theirs: Sequence[TenantField],
    sample: Sample,
    chosen: Mapping[str, str],
    standard: Standard,
) -> dict[str, Proposal]:
    """The proposals, by our field. `chosen` says what a person decided: our field → theirs; `standard`: types and units of the vendor."""
    units = standard.units
    by_name = {field.name: field for field in theirs}
    found = {name: _made(ours[name], by_name[own], 1.0, sample, units) for name, own in chosen.items() if name in ours}
    pairs = [
        (score, name, field)
        for name, known in ours.items()
        for field in theirs
        if name not in found
        and (score := _score(name, known, known.types or standard.types.get(kinds[name], ()), field, sample)) >= LEAST
    ]
    pairs.sort(key=lambda pair: (-pair[0], pair[1], pair[2].name))
    for score, name, field in pairs:
        if name not in found and field not in [each.theirs for each in found.values()]:
            found[name] = _made(ours[name], field, score, sample, units)
    taken = {each.theirs.name for each in found.values()}
    for score, name, field in pairs:
        held = found.get(name)
        if held and not held.doubt and field.name not in taken and score >= RIVAL * held.score:
            found[name] = replace(held, doubt=f"{field.name} ({field.label}) resembles it as much")
    return found


def _made(
    known: StandardField, field: TenantField, score: float, sample: Sample, units: Mapping[str, Decimal]
) -> Proposal:
    filled, sampled = sample.filled(field.name), len(sample.rows)
    scale = _scale(field.label, units) if known.is_amount else None
    doubt = ""
    middle = sample.middle(field.name)
    if not sampled:
        doubt = "there is no record to look at"
    elif not filled:
        doubt = f"none of the {sampled} records looked at holds it"
    elif score < SURE:
        doubt = "only its label resembles ours"
    elif known.is_amount and units and scale is None and middle is not None and middle < SMALL:
        doubt = f"half of its amounts are below {middle:f}: in which unit are they?"
    return Proposal(field, score, filled, sampled, scale, doubt)


def _score(name: str, known: StandardField, types: Sequence[str], field: TenantField, sample: Sample) -> float:
    """How much a field resembles ours, 0 where its type cannot hold it; one of no known type may."""
    if field.type and field.type not in types:
        return 0.0
    names = {each.lower() for each in (name, *known.names)}
    base = SAME_NAME if field.name.lower() in names else _label_score(known.labels, field.label)
    if not sample.rows:
        return base
    filled = sample.filled(field.name)
    return base * (0.85 + 0.15 * filled / len(sample.rows) if filled else NEVER_FILLED)


def _label_score(labels: Sequence[str], label: str) -> float:
    said, best = plain(label), 0.0
    for known in map(plain, labels):
        if known == said:
            return SAME_LABEL
        if said and (known in said or said in known):
            best = max(best, LIKE_LABEL + 0.3 * min(len(known), len(said)) / max(len(known), len(said)))
    return best


def plain(label: str) -> str:
    """A label without what stands in brackets, spaces and case."""
    return re.sub(r"[（(【\[].*?[）)】\]]|[\s_\-:：*]+", "", label).lower()


def _scale(label: str, units: Mapping[str, Decimal]) -> Decimal | None:
    """What one unit of the amount is in yuan, by its label."""
    named = [unit for unit in units if re.search(rf"[（(【\[/]\s*{unit}\s*([）)】\]]|$)|{unit}$", label)]
    return units[max(named, key=len)] if named else None
