"""What must be true of calendars: a rule is whole, begins where a later quarter begins, and gives no period an id that another one has.

In: a proposed change with the periods that the newest night knows. Out: faults as sentences, and what a change means for targets.
"""

from collections.abc import Iterator
from datetime import date

from warehouse.setting_rules import Proposal

LAST_CLOSING_DAY = 27  # the days after it stand in every month


def calendar_faults(proposal: Proposal) -> Iterator[str]:
    """Faults of the calendars that change."""
    for key in sorted(key for kind, key in proposal.changed if kind == "calendar"):
        yield from _shape(proposal, key)
        yield from _ids(proposal, key)
        yield from _place(proposal, key)


def _shape(proposal: Proposal, key: str) -> Iterator[str]:
    """The values that the kind of calendar asks for, and no other."""
    rule = proposal.of_kind("calendar").get(key)
    if rule is None:
        return
    kind, closing = rule["calendar_kind"], rule.get("closing_day")
    if (kind == "closing_day") != (closing is not None):
        said = (
            "is empty: fill in the last day of a month, as 25"
            if closing is None
            else f"means nothing for {kind}: empty it"
        )
        yield f"{proposal.at('calendar', key, 'closing_day')} {said}"
    elif closing is not None and not 1 <= closing <= LAST_CLOSING_DAY:
        yield f"{proposal.at('calendar', key, 'closing_day')} is not between 1 and {LAST_CLOSING_DAY}: correct it"
    first = rule.get("first_month", 1)
    if not 1 <= first <= 12 or (kind == "calendar_year" and first != 1):
        yield f"{proposal.at('calendar', key, 'first_month')} is no month of {kind}: fill in 1 to 12 (calendar_year: 1)"


def _ids(proposal: Proposal, key: str) -> Iterator[str]:
    """Two calendars never give one id to different days: each has a prefix of its own."""
    rules = proposal.of_kind("calendar")
    own = rules.get(key, {}).get("id_prefix", "")
    other = next(
        (first for first, rule in sorted(rules.items()) if first != key and rule.get("id_prefix", "") == own), None
    )
    if key in rules and other is not None:
        yield (
            f"{proposal.at('calendar', key, 'id_prefix')} is that of the calendar from {other}, so that one id would mean two periods: "
            "give this one a prefix of its own, as FY"
        )


def _place(proposal: Proposal, key: str) -> Iterator[str]:
    """Where nights have run, a calendar begins on the first day of a quarter that is still to come, and no earlier than it is known."""
    begins = date.fromisoformat(key)
    at = proposal.at("calendar", key, "starts_on")
    if not proposal.periods:
        return
    if begins <= proposal.as_of:
        yield f"{at} changes periods that have begun: begin on the first day of a later quarter"
        return
    if proposal.valid_from is not None and proposal.valid_from > begins:
        yield f"{at} lies before the day from which it shall hold ({proposal.valid_from}): give --valid-from {begins} or an earlier day"
    cut = [
        period
        for period in proposal.periods
        if period.kind == "quarter" and period.starts_on < begins <= period.ends_on
    ]
    for period in cut:
        yield f"{at} cuts period {period.period_id} ({period.starts_on} to {period.ends_on}): begin on the first day of a quarter"


def lost_targets(proposal: Proposal) -> Iterator[str]:
    """Targets and budgets that name a period which the change ends or never lets come."""
    starts = [date.fromisoformat(key) for kind, key in proposal.changed if kind == "calendar"]
    if not starts:
        return
    gone = {period.period_id for period in proposal.periods if period.ends_on >= min(starts)}
    for kind in ("target", "budget"):
        named = [key for key in proposal.of_kind(kind) if key.rpartition("|")[2] in gone]
        if named:
            periods = ", ".join(sorted({key.rpartition("|")[2] for key in named}))
            yield f"{len(named)} rows of sheet {kind} name periods of the calendar that ends ({periods}): enter them for the new periods"
