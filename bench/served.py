"""What the sandbox's CRM serves of its deals, day by day: all that a filter-oracle may look at.

In: the patches of an invented company. Out: `Served`: each deal as it was entered, and every later day's events and contacts. Nothing
hidden is read: skills, diligence, intent and true stages are for the filter to guess.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from sandbox.company import leads, process, rep
from sandbox.company.deals import MEDIAN_AMOUNT, QUALITY_BY_SOURCE, REGIME_SHIFT, RENEWAL_QUALITY
from sandbox.company.patches import EPOCH, Patch
from sandbox.company.process import Weather
from sandbox.company.seasons import DAY_MS, UTC_OFFSET_MS, Floats, Ints, local_day
from sandbox.company.story import USD_RATE

QUALITY_SD, RENEWAL_SD, INTENT_PULL = 0.5, 0.6, 0.35
STAGE_OF = {code: place for stages in rep.STAGES for place, code in enumerate(stages) if code}
INTENTS = np.linspace(-3.5, 3.5, 57)


@dataclass
class Deal:
    """A deal as it was entered: days are ordinals, `size` the log of its amount over the median of its process (0 where none is given)."""

    id: str
    created: int
    process: int
    stage: int
    source: int
    owner: str
    size: float
    bid: int
    renewal: bool
    usd: bool
    quality: float
    spread: float


@dataclass
class Served:
    """Deals in the order of entry, events (deal, what, value) and contacts (deal, inbound) by day, reps who log a week in one sitting."""

    deals: list[Deal] = field(default_factory=list)
    events: dict[int, list[tuple[int, str, Any]]] = field(default_factory=lambda: defaultdict(list))
    contacts: dict[int, list[tuple[int, int]]] = field(default_factory=lambda: defaultdict(list))
    bursting: set[str] = field(default_factory=set)


def served(patches: Iterable[Patch], sky: Weather) -> Served:
    """Read the patches in order."""
    found, place, lead_of = Served(), dict[str, int](), dict[str, dict[str, Any]]()
    logged: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for patch in patches:
        ms = round((patch.at - EPOCH).total_seconds() * 1000)
        day, fields = local_day(ms), patch.fields
        if patch.object == "LeadsObj" and patch.op == "create":
            lead_of[patch.id] = fields
        elif patch.object == "ActiveRecordObj" and patch.op == "create":
            about, kept = fields["related_object_data"][0]["id"], logged[fields["owner"][0]]
            if about in place:
                kept[0] += 1
                kept[1] += _is_sitting(ms, day)
                found.contacts[day].append((place[about], int(fields["direction__c"] == "in")))
        elif patch.object == "NewOpportunityObj" and patch.op == "create":
            place[patch.id] = len(found.deals)
            found.deals.append(_deal(patch.id, day, fields, lead_of.get(fields.get("leads_id__c", "")), sky))
            _note(found, place[patch.id], day, {"sales_status": fields["sales_status"]})
        elif patch.object == "NewOpportunityObj":
            _note(found, place[patch.id], day, {"sales_status": "deleted"} if patch.op == "delete" else fields)
    found.bursting = {person for person, (records, sat) in logged.items() if sat > 0.8 * records}
    return found


def _is_sitting(ms: int, day: int) -> int:
    second = (ms + UTC_OFFSET_MS) % DAY_MS // 1000
    return int(day % 7 == 0 or (day % 7 == 5 and second >= 59_400))  # an ordinal of a Sunday is a multiple of seven


def _note(found: Served, deal: int, day: int, fields: dict[str, Any]) -> None:
    status = fields.get("sales_status")
    if status is not None and status != "open":
        found.events[day].append((deal, "closed", status))
    elif status == "open" and found.deals[deal].created < day:
        found.events[day].append((deal, "reopened", None))
    elif "sales_stage" in fields:
        found.events[day].append((deal, "stage", STAGE_OF[fields["sales_stage"]]))
    if "amount" in fields and status in (None, "open"):
        kind, usd = found.deals[deal].process, found.deals[deal].usd
        found.events[day].append((deal, "size", _size(kind, fields["amount"], usd=usd)))
    if "owner" in fields:
        found.events[day].append((deal, "owner", fields["owner"][0]))


def _size(kind: int, amount: str | None, *, usd: bool) -> float:
    return float(np.log(float(amount) * (USD_RATE if usd else 1.0) / MEDIAN_AMOUNT[kind])) if amount else 0.0


def _deal(id_: str, day: int, fields: dict[str, Any], lead: dict[str, Any] | None, sky: Weather) -> Deal:
    kind = process.PROCESSES.index(fields["sales_process_id"])
    bid, renewal = local_day(fields["bid_date__c"]) if "bid_date__c" in fields else 0, bool(fields["is_renewal__c"])
    source = _source(fields, bid, renewal)
    quality = float(QUALITY_BY_SOURCE[source] + (day >= sky.regime_day) * REGIME_SHIFT[source]) if source >= 0 else 0.0
    spread = QUALITY_SD
    if renewal:
        quality, spread = RENEWAL_QUALITY, RENEWAL_SD
    elif lead is not None:
        mean, sd = _intent(lead)
        quality, spread = quality + INTENT_PULL * mean, float(np.hypot(QUALITY_SD, INTENT_PULL * sd))
    usd, stage = fields["currency__c"] == "USD", STAGE_OF.get(fields["sales_stage"], 3)
    size = _size(kind, fields.get("amount"), usd=usd)
    return Deal(id_, day, kind, stage, source, fields["owner"][0], size, bid, renewal, usd, quality, spread)


def _source(fields: dict[str, Any], bid: int, renewal: bool) -> int:
    """The source, also where nobody typed it but something else tells; −1 where nothing does."""
    if "lead_source__c" in fields:
        return process.SOURCES.index(fields["lead_source__c"])
    told = ((renewal, process.OLD_CUSTOMER), (bid > 0, process.TENDER), ("leads_id__c" in fields, process.MARKETING))
    return next((source for is_told, source in (*told, ("dealer_id__c" in fields, process.DEALER)) if is_told), -1)


def _intent(lead: dict[str, Any]) -> tuple[float, float]:
    """Mean and spread of a converted lead's hidden intent, by its channel, form, industry and page visits."""
    odds = np.full(len(INTENTS), leads.BASE_LOG_ODDS) + 0.85 * INTENTS
    channels = {**{name: name for name in leads.CHANNELS}, **{new: old for old, new in leads.REMAPPED_CHANNELS.items()}}
    for name, options, pull in (
        ("source", list(leads.CHANNELS), leads.CHANNEL_PULL), ("form_kind__c", leads.FORMS, leads.FORM_PULL),
        ("industry", leads.INDUSTRIES, leads.INDUSTRY_PULL),
    ):  # fmt: skip
        value = channels.get(lead.get(name, ""), lead.get(name, ""))
        odds += pull[options.index(value)] if value in options else 0.0
    weight: Floats = np.exp(-(INTENTS**2) / 2) / (1 + np.exp(-odds))
    if "web_visits__c" in lead:
        rate = np.exp(0.9 + 0.45 * INTENTS)
        weight *= np.exp(float(lead["web_visits__c"]) * np.log(rate) - rate)
    weight /= weight.sum()
    mean = float(weight @ INTENTS)
    return mean, float(np.sqrt(weight @ (INTENTS - mean) ** 2))


def column(found: Served, name: str) -> Ints | Floats:
    """One attribute of all deals."""
    return np.array([getattr(deal, name) for deal in found.deals])
