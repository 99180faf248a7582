"""What the managers' page shows, sized for a phone: baseline, team sum, last week's number, and fields for one's own number and its reason.

In: lines of the published build, what was said, a form that came back. Out: the template's context; numbers with the faults of the form.
"""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, select_autoescape

from config.settings import settings
from warehouse.submission_rows import Header, Line, Said, said, week

TEMPLATE = Environment(loader=FileSystemLoader(Path(__file__).parent), autoescape=select_autoescape()).get_template(
    "submission_page.html"
)


def view(
    seen: Header, found: Sequence[Line], today: date, typed: Mapping[str, str], words: Mapping[str, str]
) -> dict[str, Any]:
    """What the template shows of the lines: amounts as text, this and last week's numbers, what was typed and not taken."""
    monday = week(today)
    current, last = said(seen.period_id, monday), said(seen.period_id, monday - timedelta(days=7))
    told = [_told(line, current, last, typed, words) for line in found]
    children = [line for line in found if line.opportunity_id is None][1:]
    numbers = [current[line.node_id, None]["gross_amount"] for line in children if (line.node_id, None) in current]
    nodes = [shown for line, shown in zip(found, told, strict=True) if line.opportunity_id is None]
    if children and nodes:
        missing = words["missing_of"].format(missing=len(children) - len(numbers), all=len(children))
        nodes[0]["team_sum"] = f"{_money(sum(numbers))} {missing}" if numbers else missing
    return {
        "due": _due(words),
        "nodes": nodes,
        "deals": [shown for line, shown in zip(found, told, strict=True) if line.opportunity_id],
    }


def _due(words: Mapping[str, str]) -> str:
    """Until when a week's numbers are asked for, as a sentence."""
    weekday, clock = settings().submission_due.split()
    return words["due"].format(weekday=words["weekdays"].split()[int(weekday) - 1], clock=clock)


def _told(
    line: Line,
    current: Mapping[Any, Mapping[str, Any]],
    last: Mapping[Any, Mapping[str, Any]],
    typed: Mapping[str, str],
    words: Mapping[str, str],
) -> dict[str, Any]:
    key, shown, missing = (line.node_id, line.opportunity_id), line.shown, words["missing"]
    name = line.opportunity_id or line.node_id
    now, before = current.get(key), last.get(key)
    late = f" {words['late']}" if now and now["is_late"] else ""
    has_range = shown.get("p10") is not None
    return {
        "key": name, "name": line.name, "baseline": _money(line.baseline),
        "typed": typed.get(f"n:{name}", ""), "why": typed.get(f"r:{name}", ""),
        "range": f"{_money(shown['p10'])} – {_money(shown['p90'])}" if has_range else "",
        "target": _money(shown.get("target")), "won": _money(shown.get("won")), "owner": shown.get("owner_name"),
        "amount": _money(shown.get("gross_amount")), "chance": f"{100 * float(shown.get('p_win_by_period_end') or 0):.0f}%",
        "last_week": _money(before["gross_amount"]) if before else missing,
        "this_week": f"{_money(now['gross_amount'])} · {now['reason']}{late}" if now else missing,
    }  # fmt: skip


def asked_of(found: Sequence[Line], form: Mapping[str, str], words: Mapping[str, str]) -> tuple[list[Said], list[str]]:
    """The numbers of a form that came back, and what is wrong with it as sentences."""
    asked: list[Said] = []
    wrong: list[str] = []
    for line in found:
        name = line.opportunity_id or line.node_id
        number, reason = form.get(f"n:{name}", "").replace(",", "").strip(), form.get(f"r:{name}", "").strip()
        if not number:
            wrong += [words["no_number"].format(name=line.name)] if reason else []
            continue
        try:
            asked.append(Said(line, Decimal(number), reason))
        except InvalidOperation:
            wrong.append(words["no_amount"].format(name=line.name))
    return asked, wrong


def _money(amount: Any) -> str:
    return "–" if amount is None else f"{amount:,.2f}"
