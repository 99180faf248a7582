"""Marketing leads: how many arrive, which convert, and when; the conversion has a hidden intent behind it.

Goes out: `Leads`, parallel arrays by lead, sorted by arrival, and the notes of LeadsObj.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sandbox.company import habits, names
from sandbox.company.patches import Note
from sandbox.company.people import Staff
from sandbox.company.process import Weather
from sandbox.company.seasons import DAY_MS, Floats, Ints, instant, local_day
from sandbox.company.territory import SHOCK_ON_BIRTHS, home_regions, seats_drawn

PER_YEAR = 10_000
CHANNELS = {"baidu": 0.28, "wechat": 0.24, "website": 0.18, "fair": 0.14, "douyin": 0.10, "referral": 0.06}
CHANNEL_PULL = np.array([-0.45, 0.0, 0.25, 0.35, -0.95, 1.20])
REMAPPED_CHANNELS = {"baidu": "sem_baidu", "wechat": "wechat_official"}  # option values from the remap on
FORMS = ["brochure", "contact_me", "trial", "webinar"]
FORM_PULL = np.array([-0.35, 0.60, 0.45, -0.20])
INDUSTRIES = ["auto", "electronics", "machinery", "food", "medical", "new_energy", "packaging", "other"]
INDUSTRY_PULL = np.array([0.25, 0.35, 0.1, -0.2, 0.0, 0.45, -0.1, -0.6])
BASE_LOG_ODDS = -2.28
DUPLICATED_SHARE = 0.04
NEVER_WORKED_SHARE = 0.25
FORMS_KNOWN_AFTER_DAYS = 210  # from the window's start: the field does not exist before
CHANNELS_REMAPPED_AFTER_DAYS = 700  # the option values change


@dataclass(slots=True)
class Leads:
    """Parallel arrays by lead: arrives and converts_on are day indices of the span."""

    arrives: Ints
    second: Ints
    seat: Ints
    region: Ints
    channel: Ints
    form: Ints
    industry: Ints
    visits: Ints
    converts: NDArray[np.bool_]
    converts_on: Ints
    converts_second: Ints
    intent: Floats

    def __len__(self) -> int:
        return len(self.arrives)


def arrivals(sky: Weather, staff: Staff, scale: float, seed: int) -> Leads:
    """All leads of the span: traits, hidden intent, whether and when they convert."""
    rng = np.random.default_rng([seed, 20])
    rate = (0.55 + 0.45 * sky.load) * (sky.load > 0.03) * PER_YEAR * scale / 365.0
    counts = rng.poisson(rate * np.exp(SHOCK_ON_BIRTHS * sky.shock).mean(axis=0))
    arrives = np.repeat(np.arange(len(counts)), counts)
    n, last = len(arrives), len(counts) - 1
    channel = rng.choice(len(CHANNELS), n, p=list(CHANNELS.values()))
    form, industry = rng.integers(0, len(FORMS), n), rng.integers(0, len(INDUSTRIES), n)
    intent = rng.normal(0, 1, n)
    log_odds = BASE_LOG_ODDS + CHANNEL_PULL[channel] + FORM_PULL[form] + INDUSTRY_PULL[industry] + 0.85 * intent
    on = arrives + np.ceil(np.exp(rng.normal(1.9, 0.9, n))).astype(int)
    on = on + 2 * (sky.load[np.minimum(on, last)] < 0.2)
    seat = seats_drawn(staff, sky, arrives, rng)
    return Leads(
        arrives, 30_000 + rng.integers(0, 36_000, n), seat, home_regions(staff)[seat], channel, form, industry,
        rng.poisson(np.exp(0.9 + 0.45 * intent)), (rng.random(n) < 1 / (1 + np.exp(-log_odds))) & (on <= last), on,
        33_000 + rng.integers(0, 30_000, n), intent,
    )  # fmt: skip


def lead_notes(
    leads: Leads, rows: list[int], ids: list[str], staff: Staff, became: dict[int, tuple[int, str, str]], seed: int
) -> Iterator[Note]:
    """LeadsObj of some rows: arrival, assignment, work, conversion. `became[row]` is (instant, opportunity id, account id)."""
    origin, start = staff.span.origin, staff.span.start
    for row in rows:
        dice = Random(seed * 3_000_017 + row)
        arrived = instant(origin + int(leads.arrives[row]), float(leads.second[row]))
        yield Note(arrived, "LeadsObj", ids[row], "create", _arrival(leads, row, arrived, start, dice))
        won = became.get(row)
        until = won[0] - 60_000 if won else arrived + int(dice.expovariate(1 / 9) * DAY_MS) + 7_200_000
        assigned = min(arrived + int(dice.random() * 3.0e7) + 600_000, until - 120_000)
        owner = staff.holder(int(leads.seat[row]), local_day(assigned)).user_id
        taken: dict[str, Any] = {"owner": [owner], "assigned_time": assigned, "biz_status": "un_processed"}
        yield Note(assigned, "LeadsObj", ids[row], "update", taken)
        if won is None and dice.random() < NEVER_WORKED_SHARE:
            continue
        stage = "SQL" if won or dice.random() < 0.15 else "MQL"
        worked = {"biz_status": "processed", "leads_stage": stage}
        yield Note(max(until, assigned + 60_000), "LeadsObj", ids[row], "update", worked, owner)
        if won:
            converted: dict[str, Any] = {"biz_status": "transformed", "transformed_time__c": won[0]}
            converted |= {"new_opportunity_id": won[1], "account_id": won[2]}
            yield Note(won[0] + 1_000, "LeadsObj", ids[row], "update", converted, owner)
        elif dice.random() < 0.7:
            closed = max(until, assigned) + int(dice.expovariate(1 / 20) * DAY_MS) + 3_600_000
            yield Note(closed, "LeadsObj", ids[row], "update", {"biz_status": "closed"}, owner)


def _arrival(leads: Leads, row: int, arrived: int, start: int, dice: Random) -> dict[str, Any]:
    name = names.person_name(dice)
    if dice.random() < habits.NASTY_NAME_SHARE:
        name = names.nasty(dice, name)
    channel = list(CHANNELS)[leads.channel[row]]
    if arrived >= instant(start + CHANNELS_REMAPPED_AFTER_DAYS):
        channel = REMAPPED_CHANNELS.get(channel, channel)
    optional: dict[str, Any] = {
        "company": names.company_name(dice, names.REGIONS[leads.region[row]]),
        "source": channel,
        "industry": INDUSTRIES[leads.industry[row]],
        "web_visits__c": str(leads.visits[row]),
    }
    if arrived >= instant(start + FORMS_KNOWN_AFTER_DAYS):
        optional["form_kind__c"] = FORMS[leads.form[row]]
    fields: dict[str, Any] = {"name": name, "mobile": f"13{int(dice.random() * 1e9):09d}"}
    fields |= {key: value for key, value in optional.items() if dice.random() >= habits.OPTIONAL_MISSING_SHARE}
    fields |= {"biz_status": "un_assigned", "leads_stage": "Lead", "is_duplicated": dice.random() < DUPLICATED_SHARE}
    return fields | {"life_status": "normal", "create_time": arrived}
