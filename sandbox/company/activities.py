"""Activity records: contacts on deals, logged when it suits the rep; follow-ups of leads; and one rep's notes on himself.

Goes out: notes of ActiveRecordObj, whose ids count by the instant of logging.
"""

from bisect import bisect_right
from collections.abc import Iterator
from math import log
from random import Random
from typing import Any

from sandbox.company import chain, habits
from sandbox.company.history import History
from sandbox.company.names import weighted
from sandbox.company.opportunities import Told
from sandbox.company.patches import Note, record_id
from sandbox.company.people import Person, Staff
from sandbox.company.process import Weather
from sandbox.company.seasons import DAY_MS, instant, next_sunday

KINDS_BEFORE = {"1": 0.40, "2": 0.17, "3": 0.22, "4": 0.13, "5": 0.08}  # call, visit, message, mail, meeting
KINDS_AFTER = {"1": 0.26, "2": 0.15, "3": 0.40, "4": 0.11, "5": 0.08}  # from the regime change on
SELF_LOGGING_SEAT = 2
LEAD_CONTACTS = 1.8

Contact = tuple[int, str, str, str, str, str]  # instant, kind, direction, target id, target object, owner


def logged_at(person: Person, ordinal: int, dice: Random) -> int:
    """When a contact of a day is logged: soon, or by some reps in one sitting at the end of the week."""
    if not person.bursts:
        return instant(ordinal, 33_000 + dice.random() * 34_000)
    sunday = next_sunday(ordinal)
    if dice.random() < 0.6 and ordinal <= sunday - 2:
        return instant(sunday - 2, 59_400 + dice.random() * 5_400)
    return instant(sunday, 70_200 + dice.random() * 5_400)


def deal_contacts(history: History, told: Told, book_ids: list[str], sky: Weather, seed: int) -> Iterator[Contact]:
    """The true contacts of deals that are in the CRM, and a few vain calls on deals that are dead."""
    dice, regime = Random(seed * 41 + 1), sky.regime_day
    starts = [[at for at, *_ in telling.story.owners] if telling else [] for telling in told.tellings]
    for row, day, inbound, _ in history.life.contacts.tolist():
        telling, ordinal = told.tellings[row], day + sky.span.origin
        if telling is None:
            continue
        person = telling.story.owners[max(0, bisect_right(starts[row], instant(ordinal, 60_000)) - 1)][1]
        at = logged_at(person, ordinal, dice)
        kind = weighted(dice, KINDS_AFTER if ordinal >= regime else KINDS_BEFORE)
        on_account = dice.random() < habits.ACCOUNT_LOGGED_SHARE
        if telling.story.entered < at and not (telling.status == "deleted" and at >= (telling.closed_ms or 0)):
            target = (book_ids[row], "AccountObj") if on_account else (telling.story.id, "NewOpportunityObj")
            yield at, kind, "in" if inbound else "out", *target, person.user_id
    until = instant(sky.span.end)
    for telling in filter(None, told.tellings):
        story = telling.story
        at = instant(story.ended_on + 1, 40_000)
        while story.ending == chain.LOST and at < (telling.first_closed_ms or until):
            at += int(-log(1 - dice.random()) / habits.DEAD_CONTACTS_PER_DAY * DAY_MS)
            if at < min(telling.first_closed_ms or until, until):
                yield at, "1", "out", story.id, "NewOpportunityObj", telling.owner(at).user_id


def lead_contacts(lead_notes: list[Note], seed: int) -> Iterator[Contact]:
    """Follow-ups of leads, in the days after each was assigned."""
    for number, note in enumerate(lead_notes):
        if "assigned_time" in note.fields:
            dice = Random(seed * 7_000_003 + number)
            at = note.ms + int(dice.random() * 2e7) + 300_000
            while dice.random() < LEAD_CONTACTS / (1 + LEAD_CONTACTS):
                direction = "in" if dice.random() < 0.25 else "out"
                yield at, weighted(dice, KINDS_BEFORE), direction, note.id, "LeadsObj", note.fields["owner"][0]
                at += int(dice.random() * 3 * DAY_MS)


def self_logged(staff: Staff, seed: int) -> Iterator[Contact]:
    """One rep logs activity on himself, as if it were work on customers."""
    dice, person = Random(seed * 43 + 2), staff.holder(SELF_LOGGING_SEAT, staff.span.day)
    for ordinal in range(max(person.hired, staff.span.start), min(person.left, staff.span.end)):
        if dice.random() < habits.SELF_LOG_PER_WEEK / 7:
            at = instant(ordinal, 64_800 + dice.random() * 3_600)
            yield at, "3", "out", person.user_id, "PersonnelObj", person.user_id


def activity_notes(contacts: list[Contact], seed: int) -> Iterator[Note]:
    """ActiveRecordObj: one note per contact, in the order of logging."""
    dice = Random(seed * 47 + 4)
    for number, (at, kind, direction, target, target_object, owner) in enumerate(sorted(contacts)):
        fields: dict[str, Any] = {"active_record_type": kind, "direction__c": direction}
        fields["related_object_data"] = [{"id": target, "describe_api_name": target_object}]
        if dice.random() >= habits.OPTIONAL_MISSING_SHARE:
            fields["contact_count__c"] = "1" if kind in "134" else str(1 + int(dice.random() * 4))
        fields |= {"owner": [owner], "life_status": "normal", "create_time": at}
        yield Note(at, "ActiveRecordObj", record_id("ActiveRecordObj", number), "create", fields, owner)
