"""Do our figures tie to the systems of record? Prints the published controls of a period and their differences, the largest first.

`python -m warehouse.controls [--period 2026Q2] [--all]`: the present period unless one is named; `--all` prints every difference, not the
largest ten of each control. Amounts with tax in base currency; the rest of a shortened list is added up.
"""

import argparse
from decimal import Decimal
from typing import Any

from config.settings import settings
from warehouse.frames import fetch_all
from warehouse.steps import StepError, run_cli

SHOWN = 10
WORDS = {
    "zh": {
        "ties": "一致",
        "differs": "有差异",
        "here_absent": "左侧系统无数据",
        "there_absent": "右侧系统无数据",
        "both_absent": "两侧均无数据",
        "total": "{name}  {state}  {here} ↔ {there}  差额 {gap}  {count} 项，最久 {age} 天",
        "item": "    {gap:>18}  {days} 天（自 {since}）  {name}  {reason}",
        "more": "    另有 {count} 项，合计 {gap}：加 --all 查看",
    },
    "en": {
        "ties": "ties",
        "differs": "differs",
        "here_absent": "left side has no data",
        "there_absent": "right side has no data",
        "both_absent": "neither side has data",
        "total": "{name}  {state}  {here} ↔ {there}  gap {gap}  {count} differences, oldest {age} days",
        "item": "    {gap:>18}  {days} days (since {since})  {name}  {reason}",
        "more": "    {count} more, together {gap}: add --all to see them",
    },
}
_PERIOD = "select period_id from published.mart_build"
_TOTALS = """
    select control, node_id, name_{lang}, state, here_gross_amount, there_gross_amount, difference_gross_amount, differences_count,
        oldest_age_days
    from published.rpt_control_total where period_id = %s and (control <> 'targets' or state <> 'ties') order by control_place, node_id
"""
_DIFFERENCES = """
    select control, case when control = 'targets' then pair_id else '' end, coalesce(here_name, there_name, pair_id), reason_{lang},
        difference_gross_amount, first_seen_on, age_days
    from published.rpt_control_difference where period_id = %s order by abs(difference_gross_amount) desc, pair_id
"""


def main() -> None:
    """Entry point of `python -m warehouse.controls`."""
    parser = argparse.ArgumentParser(prog="python -m warehouse.controls", description=__doc__)
    parser.add_argument("--period", metavar="PERIOD_ID", help="such as 2026Q2; default: the build's own")
    parser.add_argument("--all", action="store_true", help="every difference, not the largest ten of each control")
    given = parser.parse_args()
    print("\n".join(told(given.period, settings().lang, is_whole=given.all)))


def told(period: str | None, lang: str, *, is_whole: bool = False) -> list[str]:
    """The published controls of a period in lines. Raises StepError where no build tells of it."""
    if period is None:
        held = fetch_all("checker", _PERIOD)
        period = str(held[0][0]) if held else ""
    totals = fetch_all("checker", _TOTALS.format(lang=lang), (period,))
    if not totals:
        raise StepError(
            f"no published build has controls of {period or 'any period'}: run a night, or name another --period"
        )
    items = fetch_all("checker", _DIFFERENCES.format(lang=lang), (period,))
    lines = []
    for control, node, name, state, here, there, gap, count, age in totals:
        of_row = [item[2:] for item in items if item[0] == control and item[1] in ("", node)]
        words = WORDS[lang]
        shown = f"{name} {node}" if control == "targets" else name
        lines.append(words["total"].format(
            name=shown, state=words[state], here=_money(here), there=_money(there), gap=_money(gap), count=count, age=age or 0,
        ))  # fmt: skip
        lines += _items(of_row, words, len(of_row) if is_whole else SHOWN)
    return lines


def _items(items: list[tuple[Any, ...]], words: dict[str, str], limit: int) -> list[str]:
    """The largest differences, and what the rest comes to."""
    lines = [
        words["item"].format(
            name="".join(filter(str.isprintable, name)), reason=reason, gap=_money(gap), since=since, days=days
        )
        for name, reason, gap, since, days in items[:limit]
    ]
    rest = items[limit:]
    if rest:
        lines.append(words["more"].format(count=len(rest), gap=_money(sum((item[2] for item in rest), Decimal(0)))))
    return lines


def _money(amount: Decimal | None) -> str:
    return "–" if amount is None else f"{amount:,.2f}"


if __name__ == "__main__":
    run_cli(main)
