"""Why is this number what it is? Prints a figure with its definition, terms and deals; or writes them as a workbook with live formulas.

`python -m warehouse.explain forecast --node D0 --period 2026Q2 --as-of 2026-05-20 [--versus 2026-05-19] [--xlsx FILE]`
"""

import argparse
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

from warehouse.explanation import DEFINITIONS, Deal, Explanation, explain
from warehouse.explanation_book import write
from warehouse.steps import run_cli

TERMS = {"won": "已赢 · won to date", "from_new": "新增业务 · new business", "rounding": "舍入 · rounding"}


def main() -> None:
    """Entry point of `python -m warehouse.explain`."""
    given = _parser().parse_args()
    found = explain(given.metric, given.node, given.period, given.as_of)
    former = explain(given.metric, given.node, given.period, given.versus) if given.versus else None
    if given.xlsx:
        write(given.xlsx, found)
        print(f"wrote {len(found.deals)} deals to {given.xlsx}")
    print("\n".join([*told(found), *(movement(found, former) if former else [])]))


def told(found: Explanation) -> list[str]:
    """The figure, what it means, its terms, and every deal down to its load."""
    said = found.definition
    lines = [
        f"{said.zh} · {said.en} ({said.metric_id})  node {found.node}  {found.period}  as of {found.as_of}: {found.value:.2f}",
        f"  build {found.build_id} · 含税 · gross amounts in base currency · {said.date_basis} · as-was",
        f"  = {said.formula}",
    ]
    lines += [f"  {TERMS[name]:<28} {amount:>18.2f}" for name, amount in found.terms.items()]
    total = sum((deal.contribution for deal in found.deals), Decimal(0))
    lines.append(f"  {len(found.deals)} 个商机 · open deals {total:>18.2f}")
    return [*lines, *map(_line, sorted(found.deals, key=lambda deal: (-deal.contribution, deal.opportunity_id)))]


def _line(deal: Deal) -> str:
    name = "".join(letter for letter in (deal.name or deal.account) if letter.isprintable())
    changed = f"{deal.changed_at:%Y-%m-%d %H:%M}Z" if deal.changed_at else "–"
    return (
        f"    {deal.opportunity_id}  {name}  {deal.stage}  {deal.amount:.2f} × {deal.factor.normalize():f} = {deal.contribution:.2f}"
        f"  [{deal.landing}, changed {changed}, load {deal.load_id or '–'}]"
    )


def movement(now: Explanation, former: Explanation) -> list[str]:
    """What moved the figure since `former`: terms, then deals; the lines add up to the change, to the cent."""
    moved = list(moves(now, former))
    lines = [f"since {former.as_of}: {former.value:.2f} → {now.value:.2f} ({now.value - former.value:+.2f})"]
    return [*lines, *(f"  {amount:>+18.2f}  {what}" for what, amount in moved)]


def moves(now: Explanation, former: Explanation) -> Iterator[tuple[str, Decimal]]:
    """What moved, and by how much: only what did, largest deal first."""
    for name in now.terms:
        change = now.terms[name] - former.terms[name]
        if change:
            yield TERMS[name], change
    before = {deal.opportunity_id: deal for deal in former.deals}
    after = {deal.opportunity_id: deal for deal in now.deals}
    found = [(key, _moved(before.get(key), after.get(key))) for key in before.keys() | after.keys()]
    for key, (what, change) in sorted(found, key=lambda each: (-abs(each[1][1]), each[0])):
        if change:
            yield f"{key}  {what}", change


def _moved(before: Deal | None, after: Deal | None) -> tuple[str, Decimal]:
    if before is None and after is not None:
        return "new here", after.contribution
    if after is None and before is not None:
        return "no longer open here", -before.contribution
    if before is None or after is None:
        raise ValueError("a deal that is in neither explanation")
    parts = []
    if before.amount != after.amount:
        parts.append(f"amount {before.amount:.2f} → {after.amount:.2f}")
    if before.factor != after.factor:
        parts.append(f"factor {before.factor.normalize():f} → {after.factor.normalize():f}")
    return ", ".join(parts), after.contribution - before.contribution


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m warehouse.explain", description=__doc__)
    parser.add_argument("metric", choices=sorted(DEFINITIONS), help="which figure")
    parser.add_argument("--node", required=True, metavar="NODE_ID", help="node of the organisation")
    parser.add_argument("--period", required=True, metavar="PERIOD_ID", help="such as 2026Q2")
    for name, said, is_required in (
        ("--as-of", "published day", True),
        ("--versus", "an earlier published day", False),
    ):
        parser.add_argument(name, type=date.fromisoformat, required=is_required, metavar="D", help=said)
    parser.add_argument("--xlsx", type=Path, metavar="FILE", help="also write a workbook with live formulas")
    return parser


if __name__ == "__main__":
    run_cli(main)
