"""What a rep types and when: pure habits, given the truth of the moment. `telling` decides what there is to type.

All instants are epoch ms, days are ordinals, amounts are in the deal's own currency.
"""

from datetime import date
from math import log
from random import Random
from typing import Any

from sandbox.company import habits
from sandbox.company.people import Person
from sandbox.company.seasons import instant, local_day, month_end, next_sunday, quarter_end

STAGES = [
    ["eq_lead", "eq_need", "eq_quote", "eq_nego"],
    ["sw_lead", "sw_need", "sw_quote", "sw_nego"],
    ["", "pt_need", "pt_quote", ""],
]
SET_RATES = [10, 30, 50, 80]
GUESSED_DAYS = [(110, 85, 55, 30), (60, 45, 30, 18), (25, 18, 12, 10)]  # by process and stage: what reps think is left
COMMIT_FROM, BEST_CASE_FROM = 72, 42  # how sure a rep is, in percent, to type the category


def money(value: float) -> str:
    """An amount as the CRM sends it: rounded to what people type, two decimals."""
    step = 100 if value < 100_000 else 1000
    return f"{max(step, round(value / step) * step)}.00"


def close_date(dice: Random, ms: int, days: float) -> int:
    """A guessed closing day at local midnight, often parked on the last day of its quarter."""
    ordinal = local_day(ms) + max(2, int(days * 2.0 ** dice.gauss(0, 0.6)))
    parked = dice.random() < habits.PARKED_CLOSE_DATE_SHARE
    return instant(quarter_end(ordinal) if parked else ordinal)


def judgement(dice: Random, person: Person, stage: int, has_categories: bool, inflates: bool) -> dict[str, Any]:
    """Probability and category as typed at a stage: the set rate, or a view of the rep's own."""
    rate = float(SET_RATES[stage])
    if dice.random() < habits.OWN_PROBABILITY_SHARE:
        rate = min(95.0, max(1.0, rate + person.optimism + dice.gauss(0, 8)))
    fields = {"probability": f"{rate:.0f}"}
    if has_categories and dice.random() >= habits.OPTIONAL_MISSING_SHARE:
        sure = rate + dice.gauss(0, 12) + (15 if inflates else 0)
        named = "commit" if sure >= COMMIT_FROM else "best_case" if sure >= BEST_CASE_FROM else "pipeline"
        fields["forecast_category__c"] = named
    return fields


def typed_at(dice: Random, ordinal: int) -> int:
    """When a stage move of a day is typed: that day, on Sunday evening, or before the month ends."""
    chance = dice.random()
    if chance < habits.STAGE_SAME_DAY_SHARE:
        return instant(ordinal, 34_000 + dice.random() * 30_000)
    if chance < habits.STAGE_SAME_DAY_SHARE + habits.STAGE_SUNDAY_SHARE:
        return instant(next_sunday(ordinal), 70_000 + dice.random() * 12_000)
    return instant(max(ordinal, month_end(ordinal) - int(dice.random() * 3)), 65_000 + dice.random() * 15_000)


def won_typed_at(dice: Random, ordinal: int) -> int:
    """When a signing is typed: the same day, or within five days."""
    late = 0 if dice.random() < habits.WIN_SAME_DAY_SHARE else 1 + int(dice.random() * 5)
    return instant(ordinal + late, 36_000 + dice.random() * 36_000)


def lost_typed_at(dice: Random, ordinal: int) -> int | None:
    """When a loss is typed: after some days, at the January clean-up, or never (None)."""
    chance = dice.random()
    if chance < habits.LOSS_NEVER_SHARE:
        return None
    if chance < habits.LOSS_NEVER_SHARE + habits.LOSS_CLEANUP_SHARE:
        january = date(date.fromordinal(ordinal + 120).year + 1, 1, 6).toordinal()
        return instant(january + int(dice.random() * 20), 50_000 + dice.random() * 20_000)
    return typed_at(dice, ordinal + int(-habits.LOSS_LAG_MEAN_DAYS * log(1 - dice.random())))


def loss_reason(dice: Random, frozen: bool, rival: bool) -> str | None:
    """The reason given for a loss: often the true one, sometimes another, sometimes none."""
    chance = dice.random()
    if chance < habits.LOSS_REASON_MISSING_SHARE:
        return None
    if chance < 0.65 and (frozen or rival):
        return "budget" if frozen else "rival"
    return ("price", "price", "no_decision", "other")[int(dice.random() * 4)]
