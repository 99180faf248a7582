"""How one deal appears in the CRM: an agenda of things to type, worked off in time order.

Comes in: a `Story`, what truly happened. Goes out: a `Telling` with the notes of its NewOpportunityObj. What is typed at an
instant depends only on what was true by then.
"""

import heapq
from collections.abc import Callable
from math import log
from random import Random
from typing import Any

from sandbox.company import chain, habits, rep
from sandbox.company.patches import SYSTEM, Note
from sandbox.company.seasons import DAY_MS, instant, local_day, next_sunday
from sandbox.company.story import USD_RATE, Story, Telling

REOPENED_WON_SHARE = 0.35


def told(story: Story, dice: Random, until: int) -> Telling:
    """Tell a story up to an instant."""
    telling = Telling(story, dice)
    _create(telling)
    _plan(telling)
    while telling.agenda and telling.agenda[0][0] < until and telling.status != "deleted":
        ms, _, what, payload = heapq.heappop(telling.agenda)
        if telling.status == "open" or what in ("account", "reopen"):
            ACTS[what](telling, ms, payload)
    return telling


def _create(telling: Telling) -> None:
    story, dice = telling.story, telling.dice
    fields = dict(story.fixed) | {"create_time": story.entered, "stg_changed_time": story.entered}
    fields |= {"owner": [story.owners[0][1].user_id], "owner_department_id": [story.owners[0][2]]}
    fields |= {"sales_stage": rep.STAGES[story.process][story.stage], "sales_status": "open"}
    fields["close_date"] = rep.close_date(dice, story.entered, rep.GUESSED_DAYS[story.process][story.stage])
    if story.backfilled or story.stage >= 2 or dice.random() >= habits.NO_AMOUNT_EARLY_SHARE:
        fields["amount"] = telling.asking(story.entered)
    fields |= _judged(telling, story.stage, story.entered)
    if story.backfilled and dice.random() < 0.5:
        fields |= _winning(telling, story.entered, story.ended_on)
        telling.status, telling.first_closed_ms, telling.closed_ms = "won", story.entered, story.entered
    telling.write(story.entered, fields)


def _plan(telling: Telling) -> None:
    story, dice = telling.story, telling.dice
    for ordinal, what, _ in story.moves:
        if what == chain.STAGE and dice.random() >= habits.STAGE_NEVER_SHARE:
            telling.plan(rep.typed_at(dice, ordinal), "stage")
    for at, person, team, boss in story.owners[1:]:
        telling.plan(at, "owner", (person.user_id, team, boss))
    for at, account in story.transfers:
        telling.plan(at, "account", account)
    if story.number % habits.DELETED_EVERY == habits.DELETED_EVERY // 2:
        telling.plan(story.entered + int(-20 * log(1 - dice.random()) * DAY_MS), "delete")
    _plan_check(telling, telling.shown["close_date"])
    _plan_edit(telling, story.entered)
    if story.backfilled:
        telling.plan(story.entered + 180_000 + int(dice.random() * 2e6), "win", story.ended_on)
    elif story.ending == chain.WON:
        telling.plan(rep.won_typed_at(dice, story.ended_on), "win", story.ended_on)
    elif story.ending == chain.LOST and (typed := rep.lost_typed_at(dice, story.ended_on)) is not None:
        telling.plan(typed, "lose")


def _plan_edit(telling: Telling, ms: int) -> None:
    dice = telling.dice
    later = local_day(ms) + 1 + int(-log(1 - dice.random()) * 7 / habits.SUNDAY_EDIT_RATE)
    telling.plan(instant(next_sunday(later), 72_000 + dice.random() * 9_000), "edit")


def _plan_check(telling: Telling, close_ms: int) -> None:
    """When a passed close date is noticed: soon, or only after weeks."""
    dice = telling.dice
    ignored = dice.random() < habits.PAST_DUE_IGNORED_SHARE
    wait = (25 + dice.random() * 60) if ignored else dice.random() * 9
    telling.plan(close_ms + int((1 + wait) * DAY_MS) + int(dice.random() * 3e7), "check", close_ms)


def _judged(telling: Telling, stage: int, ms: int) -> dict[str, Any]:
    story = telling.story
    return rep.judgement(telling.dice, telling.owner(ms), stage, ms >= story.categories_from, story.inflates)


def _stage(telling: Telling, ms: int, _: Any) -> None:
    story, dice = telling.story, telling.dice
    stage = telling.truth(chain.STAGE, min(local_day(ms), story.ended_on))
    code = rep.STAGES[story.process][stage]
    if code == telling.shown["sales_stage"]:
        return
    fields: dict[str, Any] = {"sales_stage": code, "stg_changed_time": ms} | _judged(telling, stage, ms)
    if (stage >= 2 and "amount" not in telling.shown) or dice.random() < 0.35:
        fields["amount"] = telling.asking(ms)
    if dice.random() < 0.5:
        fields["close_date"] = rep.close_date(dice, ms, rep.GUESSED_DAYS[story.process][stage])
        _plan_check(telling, fields["close_date"])
    telling.write(ms, fields)


def _check(telling: Telling, ms: int, close_ms: int) -> None:
    """A passed close date is pushed; a frozen buyer pushes it further; on a dead deal hardly anybody looks."""
    if telling.shown["close_date"] != close_ms:
        return
    dead = telling.story.ending == chain.LOST and telling.story.ended_on < local_day(ms)
    if dead and telling.dice.random() < 0.7:
        telling.plan(ms + 60 * DAY_MS, "check", close_ms)
        return
    slow = 1.6 if telling.truth(chain.FREEZE, local_day(ms)) else 1.0
    pushed = rep.close_date(telling.dice, ms, habits.PUSHED_AGAIN_MEAN_DAYS * slow / (1, 1.7, 3)[telling.story.process])
    telling.write(ms, {"close_date": pushed})
    _plan_check(telling, pushed)


def _edit(telling: Telling, ms: int, _: Any) -> None:
    """A Sunday evening's touch: the close date moves a little, or the probability."""
    if telling.dice.random() < 0.5:
        moved = telling.shown["close_date"] + int(telling.dice.gauss(7, 14)) * DAY_MS
        telling.write(ms, {"close_date": moved})
        _plan_check(telling, moved)
    else:
        stage = telling.truth(chain.STAGE, min(local_day(ms), telling.story.ended_on))
        telling.write(ms, _judged(telling, stage, ms))
    _plan_edit(telling, ms)


def _winning(telling: Telling, ms: int, signed_on: int) -> dict[str, Any]:
    story = telling.story
    fields = {"sales_stage": "won", "sales_status": "won", "stg_changed_time": ms, "probability": "100"}
    fields |= {"signed_date__c": instant(signed_on), "close_date": instant(signed_on)}
    fields["amount"] = rep.money(story.amount / (USD_RATE if story.usd else 1.0))
    if telling.dice.random() >= habits.CONTRACT_MISSING_SHARE:
        fields["contract_no__c"] = f"HT-{story.number:07d}"
    return fields


def _win(telling: Telling, ms: int, signed_on: int) -> None:
    at = telling.write(ms, _winning(telling, ms, signed_on))
    telling.status, telling.closed_ms = "won", at
    telling.first_closed_ms = telling.first_closed_ms or at


def _lose(telling: Telling, ms: int, _: Any) -> None:
    dice, day = telling.dice, min(local_day(ms), telling.story.ended_on)
    left = "1" if dice.random() < habits.LEFTOVER_PROBABILITY_SHARE else "0"
    fields: dict[str, Any] = {
        "sales_stage": "lost",
        "sales_status": "lost",
        "stg_changed_time": ms,
        "probability": left,
    }
    reason = rep.loss_reason(dice, telling.truth(chain.FREEZE, day) == 1, telling.truth(chain.RIVAL, day) == 1)
    if reason:
        fields["lost_reason__c"] = reason
    at = telling.write(ms, fields)
    telling.status, telling.closed_ms = "lost", at
    telling.first_closed_ms = telling.first_closed_ms or at
    if not telling.reopened and dice.random() < habits.REOPENED_SHARE:
        telling.plan(at + int((15 + 75 * dice.random()) * DAY_MS), "reopen")


def _reopen(telling: Telling, ms: int, _: Any) -> None:
    dice, stage = telling.dice, 2
    telling.status, telling.closed_ms, telling.reopened = "open", None, True
    code = rep.STAGES[telling.story.process][stage]
    guess = rep.close_date(dice, ms, 30)
    fields = {"sales_stage": code, "sales_status": "open", "stg_changed_time": ms, "close_date": guess}
    if "lost_reason__c" in telling.shown:
        fields["lost_reason__c"] = None
    telling.write(ms, fields | _judged(telling, stage, ms))
    again = ms + int((10 + 50 * dice.random()) * DAY_MS)
    won = dice.random() < REOPENED_WON_SHARE
    telling.plan(again, "win" if won else "lose", local_day(again))
    _plan_check(telling, guess)


def _own(telling: Telling, ms: int, new: tuple[str, str, str]) -> None:
    telling.write(ms, {"owner": [new[0]], "owner_department_id": [new[1]]}, new[2])


def _transfer(telling: Telling, ms: int, account: str) -> None:
    telling.write(ms, {"account_id": account}, SYSTEM)


def _delete(telling: Telling, ms: int, _: Any) -> None:
    telling.status, telling.closed_ms = "deleted", ms
    telling.first_closed_ms = telling.first_closed_ms or ms
    telling.notes.append(Note(ms, "NewOpportunityObj", telling.story.id, "delete", {}, telling.owner(ms).user_id))


ACTS: dict[str, Callable[[Telling, int, Any], None]] = {
    "stage": _stage, "check": _check, "edit": _edit, "win": _win, "lose": _lose, "reopen": _reopen,
    "owner": _own, "account": _transfer, "delete": _delete,
}  # fmt: skip
