"""What must be true of settings together: codes exist, trees have no loops, children sum to parents; calendars have their own rules.

In: what holds now, what would hold after, the organisation. Out: every fault as a sentence that names sheet, row, column and next action.
Only what changes is judged, and what it touches: an old fault elsewhere never stops a new setting.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from warehouse.periods import Period
from warehouse.setting_book import place
from warehouse.setting_cells import NUMBERS
from warehouse.setting_kinds import BY_NAME
from warehouse.setting_rows import WITHDRAWN, Holding, Key

_PERIOD = r"\d{4}(Q[1-4]|M(0[1-9]|1[0-2]))?"
_TREES = ("product_line", "channel", "sales_process", "lead_source", "region")
_PARENTS = {"org_node": "parent_node_id", **{kind: f"parent_{kind}" for kind in _TREES}}


@dataclass(frozen=True, slots=True)
class Proposal:
    """A change before it is made.

    `parents`: node → parent as the CRM says it; `places`: the row of each setting in the file; `periods`: as the newest night knows them,
    none before the first; `valid_from`: the first day on which it shall hold.
    """

    held: Holding
    changed: Holding
    places: Mapping[Key, int]
    parents: Mapping[str, str | None]
    as_of: date
    periods: tuple[Period, ...] = ()
    valid_from: date | None = None

    @property
    def after(self) -> Holding:
        """What would hold, without what is withdrawn."""
        return {at: value for at, value in {**self.held, **self.changed}.items() if value != WITHDRAWN}

    def of_kind(self, kind: str) -> dict[str, dict[str, Any]]:
        """Key → value of one kind, as it would hold."""
        return {key: value for (name, key), value in self.after.items() if name == kind}

    def tree(self) -> dict[str, str | None]:
        """Node → parent: the CRM's tree with our overrides on top."""
        ours = {key: value.get("parent_node_id") for key, value in self.of_kind("org_node").items()}
        return {**self.parents, **ours}

    def at(self, kind: str, key: str, column: str) -> str:
        """Where a fault is, for its sentence."""
        return place(kind, self.places.get((kind, key)), column)


def changes(held: Holding, asked: Holding) -> Holding:
    """The settings of `asked` that say something new; 0.10 and 0.1 are the same number."""
    return {at: value for at, value in asked.items() if at not in held or _told(at[0], value) != _told(at[0], held[at])}


def faults(proposal: Proposal) -> list[str]:
    """All faults of the change."""
    return [*_references(proposal), *_codes(proposal), *_loops(proposal), *_sums(proposal)]


def _told(kind: str, value: Mapping[str, Any]) -> tuple[Any, ...]:
    def of(name: str, type_: str) -> Any:
        said = value.get(name)
        if said is None or said == "":
            return None
        return Decimal(str(said)) if type_ in NUMBERS else str(said)

    return tuple(of(field.name, field.type) for field in BY_NAME[kind].values)


def _references(proposal: Proposal) -> Iterator[str]:
    nodes = set(proposal.tree())
    for (kind, key), value in proposal.changed.items():
        if value == WITHDRAWN:
            continue
        parts = dict(zip((field.name for field in BY_NAME[kind].keys), key.split("|"), strict=False))
        for field in BY_NAME[kind].fields:
            code = (parts | dict(value)).get(field.name)
            if field.type == "reference" and code is not None:
                among = str(field.among)
                known = nodes if among == "node" else proposal.of_kind(among)
                if code not in known:
                    where = "the organisation" if among == "node" else f"sheet {among}"
                    yield f"{proposal.at(kind, key, field.name)} holds a code that {where} does not know: add it there or correct it"


def _codes(proposal: Proposal) -> Iterator[str]:
    prefixes = {re.escape(rule.get("id_prefix", "")) for rule in proposal.of_kind("calendar").values()}
    a_period = re.compile(f"({'|'.join(sorted(prefixes))}){_PERIOD}")
    orders: dict[Any, str] = {}
    for key, value in sorted(proposal.of_kind("stage").items(), key=lambda item: item[0]):
        other = orders.setdefault(value["stage_order"], key)
        if other != key and ("stage", key) in proposal.changed:
            yield f"{proposal.at('stage', key, 'stage_order')} holds the order of another stage: give each its own"
    for kind, key in proposal.changed:
        if kind in ("target", "budget"):
            period = key.split("|")[-1]
            if not a_period.fullmatch(period):
                yield (
                    f"{proposal.at(kind, key, 'period_id')} is no period: write 2026, 2026Q2 or 2026M05 after its calendar's id_prefix"
                )
        if kind == "fx_rate" and not re.fullmatch("[A-Z]{3}", key):
            yield f"{proposal.at(kind, key, 'currency')} holds a code that is no currency: write three capital letters, as USD"


def _loops(proposal: Proposal) -> Iterator[str]:
    for kind, column in _PARENTS.items():
        tree = (
            proposal.tree()
            if kind == "org_node"
            else {key: value.get(column) for key, value in proposal.of_kind(kind).items()}
        )
        for name, key in proposal.changed:
            above, seen = tree.get(key), {key}
            while name == kind and above is not None and above not in seen:
                seen.add(above)
                above = tree.get(above)
            if name == kind and above is not None:
                yield f"{proposal.at(kind, key, column)} closes a loop: choose a parent that is not below it"


def _sums(proposal: Proposal) -> Iterator[str]:
    """Where children have targets, they add up to their parent's, to the cent, in every period that changes."""
    for kind, column in (("target", "gross_amount"), ("budget", "net_amount")):
        amounts = {tuple(key.rsplit("|", 1)): Decimal(value[column]) for key, value in proposal.of_kind(kind).items()}
        touched = {key.rsplit("|", 1)[1] for name, key in proposal.changed if name == kind}
        for period in sorted(touched):
            children: dict[str, Decimal] = {}
            for node, parent in proposal.tree().items():
                if parent is not None and (node, period) in amounts:
                    children[parent] = children.get(parent, Decimal(0)) + amounts[node, period]
            for parent, total in sorted(children.items()):
                own = amounts.get((parent, period))
                if own is not None and own != total:
                    yield (
                        f"{proposal.at(kind, f'{parent}|{period}', column)} of node {parent} in {period} is not the sum of its children "
                        f"(off by {own - total:.2f}): correct the parent or a child"
                    )
