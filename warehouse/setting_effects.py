"""What a change of settings does: every value before and after, and the figures of the current period that it moves.

In: a proposal. Out: sentences. Figures come from the build that people see now.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from warehouse.frames import fetch_all
from warehouse.periods import quarter_of
from warehouse.setting_calendar import lost_targets
from warehouse.setting_kinds import BY_NAME
from warehouse.setting_rows import WITHDRAWN
from warehouse.setting_rules import Proposal

_SHOWN = "select to_regclass('published.mart_open_opportunities') is not null"
_BY_STAGE = """
    select stage_code, count(*), coalesce(sum(open_gross_amount), 0) from published.mart_open_opportunities
    where close_period_id = %s and stage_code is not null group by stage_code
"""
_BELOW = """
    select count(*), coalesce(sum(open_gross_amount), 0) from published.mart_open_opportunities
    where owner_id in (select node_id from ops.org_reach where ancestor_id = %s)
"""


def differences(proposal: Proposal) -> list[str]:
    """One line for each value that changes: sheet, key, column, before → after."""
    lines = []
    for (kind, key), value in sorted(proposal.changed.items(), key=lambda item: item[0]):
        former = proposal.held.get((kind, key), {})
        if value == WITHDRAWN:
            lines.append(f"{kind} {key}: withdrawn")
            continue
        told = [
            f"{field.name} {former.get(field.name, '–')} → {value.get(field.name, '–')}"
            for field in BY_NAME[kind].values
            if str(former.get(field.name, "")) != str(value.get(field.name, ""))
        ]
        lines.append(f"{kind} {key}: {', '.join(told)}" + ("" if former else " (new)"))
    return lines


def effects(proposal: Proposal, valid_from: date) -> list[str]:
    """What changes in the period of the decision's day; one line that says so when nothing does."""
    quarter = quarter_of(proposal.periods, proposal.as_of)
    if quarter is None:
        return ["no night has run: no figure is shown yet that could change"]
    period = quarter.period_id
    lines = [*_targets(proposal, period)]
    if fetch_all("checker", _SHOWN)[0][0]:
        lines += [*_weighted(proposal, period), *_moved(proposal)]
    later = f" from {valid_from} on" if valid_from > proposal.as_of else ""
    told = [f"in {period}{later}: {line}" for line in lines] or [f"no published figure of {period} changes"]
    return [*told, *lost_targets(proposal)]


def _targets(proposal: Proposal, period: str) -> Iterator[str]:
    for (kind, key), value in sorted(proposal.changed.items(), key=lambda item: item[0]):
        node, _, of_period = key.rpartition("|")
        if kind in ("target", "budget") and of_period == period:
            column = BY_NAME[kind].values[0].name
            former = proposal.held.get((kind, key), {}).get(column, "none")
            yield f"{kind} of {node} {former} → {value.get(column, 'none')}"


def _weighted(proposal: Proposal, period: str) -> Iterator[str]:
    """The pipeline weighted by set rates, of the deals dated into the period."""
    if not any(kind == "stage" for kind, _ in proposal.changed):
        return
    before, after = Decimal(0), Decimal(0)
    deals = 0
    for stage, count, amount in fetch_all("checker", _BY_STAGE, (period,)):
        deals += count
        before += amount * _rate(proposal.held.get(("stage", stage)))
        after += amount * _rate(proposal.after.get(("stage", stage)))
    yield f"pipeline weighted by set rates {before:.2f} → {after:.2f} ({deals} open deals)"


def _rate(stage: dict[str, Any] | None) -> Decimal:
    return Decimal(str((stage or {}).get("set_rate", 0)))


def _moved(proposal: Proposal) -> Iterator[str]:
    """Nodes that get another parent, with the open deals below them; a withdrawn one returns to the CRM's parent."""
    before, after = replace(proposal, changed={}).tree(), proposal.tree()
    for node in sorted(key for kind, key in proposal.changed if kind == "org_node"):
        if before.get(node) != after.get(node):
            count, amount = fetch_all("checker", _BELOW, (node,))[0]
            way = f"from {before.get(node) or 'nowhere'} to {after.get(node) or 'the top'}"
            yield f"{node} moves {way} with {count} open deals of {amount:.2f}"
