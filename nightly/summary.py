"""One screen after a night: where the period will land, what moved, what to look at, how the line ran.

Nothing is computed here but layout: `nightly.facts` reads what is printed, so that a test can compare both with the tables.
"""

import sys
from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from config.settings import settings
from nightly import pages
from nightly.facts import Row, facts
from nightly.layout import columns, money, percent, points, shorten
from nightly.words import WORDS

TOP_SHARE = 0.2  # the part of the leads whose lift the training measures
SHOWN_WARNINGS, LONGEST_LINE = 3, 140  # the rest is in Data Docs


def show(as_of: date | None, elapsed_s: float | None = None) -> None:
    """Print the summary of `as_of` (None: of the published day)."""
    found = facts(as_of)
    words = WORDS[settings().lang]
    lines: list[str] = [""]
    build = found["build"][0] if found.get("build") else None
    if build is None:
        lines.append(words["no_build"].format(as_of=as_of or ""))
    else:
        if as_of and build["as_of"] != as_of.isoformat():
            lines.append(words["stale_build"].format(as_of=as_of, shown=build["as_of"]))
        lines += _business(found, build, words)
    lines += _operations(found, build, words, elapsed_s)
    print("\n".join(lines), flush=True)


def _business(found: Row, build: Row, words: dict[str, str]) -> list[str]:
    forecast = found["forecast"][0] if found["forecast"] else {}
    unit = settings().lang
    oldest: dict[str, str] = {}
    for name, until in (build["freshness"] or {}).items():
        system = name.split(".")[0]
        oldest[system] = min(until, oldest.get(system, until))
    systems: dict[str, list[str]] = {}
    for system, until in sorted(oldest.items()):
        systems.setdefault(_local(until), []).append(system)
    sources = ", ".join(f"{' '.join(names)} {until}" for until, names in systems.items())
    lines = [
        _strong(words["title"].format(as_of=build["as_of"]) + f" · {build['period_id']}"),
        words["build"].format(build_id=build["build_id"], model=build["model_version"], tier=build["tier"]),
        words["freshness"].format(items=sources),
        *_stale(build["stale_inputs"] or [], words),
        "",
    ]
    figures = [
        ("won", forecast.get("won")),
        ("open", forecast.get("from_open")),
        ("new", forecast.get("from_new")),
        ("mean", forecast.get("mean")),
    ]
    target = forecast.get("target")
    lines.append("  ".join([f"{words['target']} {money(target, unit) if target is not None else words['no_target']}"]
                           + [f"{words[name]} {money(value, unit)}" for name, value in figures]))  # fmt: skip
    if forecast.get("has_range"):
        lines.append(f"{words['range']} " + " – ".join(money(forecast[p], unit) for p in ("p10", "p50", "p90")))
    else:
        lines.append(words["no_range"].format(reason=forecast.get("reason_no_range") or "–"))
    if target is not None:
        lines.append(f"{words['gap']} {money(forecast['gap'], unit)}")
    lines += [_movement(found["movement"], build, words), "", *_deals(found["deals"], words), ""]
    return [*lines, *_evaluation(found["evaluation"], build, words), *_leads(found["leads"], words)]


def _local(instant: str) -> str:
    """An instant as JSON has it, in the business time zone to the minute."""
    return datetime.fromisoformat(instant).astimezone(ZoneInfo(settings().time_zone)).strftime("%Y-%m-%d %H:%M")


def _stale(inputs: list[Row], words: dict[str, str]) -> list[str]:
    """The line that names what was not read, and until when it was."""
    items = [
        f"{row['system']}.{row['stream']} {_local(row['read_until']) if row['read_until'] else words['never']}"
        for row in inputs
    ]
    return [_strong(words["stale"].format(items=", ".join(items)))] if items else []


def _movement(rows: list[Row], build: Row, words: dict[str, str]) -> str:
    if not rows or rows[0]["mean_change"] is None:
        return words["first"]
    unit = settings().lang
    parts = [f"{words.get(row['component'], row['component'])} {money(row['amount'], unit, signed=True)}"
             for row in rows if Decimal(str(row["amount"] or 0)) != 0]  # fmt: skip
    change = money(rows[0]["mean_change"], unit, signed=True)
    return words["moved"].format(previous=build["previous_as_of"], change=change, parts="; ".join(parts) or "–")


def _deals(rows: list[Row], words: dict[str, str]) -> list[str]:
    if not rows:
        return [words["no_deals"]]
    lang = settings().lang
    table = []
    for row in rows:
        given = row["reasons"] or []
        own = [reason for reason in given if reason["theme"] != "season"]  # the calendar is the same for all deals
        reasons = [reason[lang] for reason in (own or given)[:1]]
        table.append([
            str(row["account_name"] or row["opportunity_name"] or row["opportunity_id"]), money(row["open_gross_amount"], lang),
            percent(row["p_win_by_period_end"]), points(row["p_win_by_period_end_change"]), str(row["owner_name"] or "–"), *reasons,
        ])  # fmt: skip
    return [words["deals"].format(n=len(rows)), *columns(table)]


def _evaluation(rows: list[Row], build: Row, words: dict[str, str]) -> list[str]:
    if not rows:
        return [words["no_evaluation"].format(tier=build["tier"])]
    by_contender: dict[str, dict[str, float]] = {}
    for row in rows:
        by_contender.setdefault(row["contender"], {})[row["metric"]] = row["value"]
    table = [[name, f"ROC-AUC {found.get('roc_auc', float('nan')):.3f}", f"log loss {found.get('log_loss', float('nan')):.4f}"]
             for name, found in sorted(by_contender.items(), key=lambda item: item[1].get("log_loss", 9))]  # fmt: skip
    return [words["model_line"].format(n=rows[0]["n_rows"]), *columns(table)]


def _leads(rows: list[Row], words: dict[str, str]) -> list[str]:
    """The line on the leads of the build; none where the tenant has no lead model."""
    lines = []
    for row in rows:
        told = words["leads"].format(n=row["n"], tier=row["tier"])
        if row["lift"] is not None:
            share = percent(TOP_SHARE * row["lift"])
            told += words["lift"].format(
                top=percent(TOP_SHARE), share=share, lift=f"{row['lift']:.2f}", auc=f"{row['roc_auc']:.3f}"
            )
        lines.append(told)
    return lines


def _operations(found: Row, build: Row | None, words: dict[str, str], elapsed_s: float | None) -> list[str]:
    receipts, loads = found.get("receipts", {}), found.get("loads", {})
    lines = []
    if build is not None:
        states = {"sent": "acked", "rejected": "rejected", "unknown": "unknown"}
        counts = {name: receipts.get(state, 0) for name, state in states.items()}
        kept = {name: loads.get(name, 0) for name in ("quarantined", "echoed", "held_back")}
        lines.append(words["written"].format(**counts, **kept))
    steps = sorted(found.get("steps", []), key=lambda row: -(row["seconds"] or 0))
    said = [f"{row['step']} {row['seconds']:.0f} s" for row in steps if row["seconds"] and row["seconds"] >= 1]
    total = [f"{elapsed_s:.0f} s"] if elapsed_s else []
    if said:
        lines.append(words["steps"].format(items=" · ".join([*total, *said])))
    for row in found.get("warned", [])[:SHOWN_WARNINGS]:
        lines.append(shorten(words["warned"].format(check=row["suite"], reason=row["reason"]), LONGEST_LINE))
    for row in found.get("drifted", []):
        lines.append(shorten(words["drifted"].format(said=row[f"said_{settings().lang}"]), LONGEST_LINE))
    failed = [row for row in found.get("steps", []) if row["state"] in ("failed", "blocked")]
    for row in found.get("blocked", []):
        lines.append(words["failed"].format(step=f"gate {row['border']}", reason=row["reason"]))
    if failed or found.get("blocked"):
        lines.append(words["rerun"].format(command=f"make nightly AS_OF={found['day']}"))
        lines.append(words["next"].format(path=f"P8 {pages.address('p8')} · {settings().home / 'data_docs'}"))
    else:
        lines.append(words["next"].format(path=f"{pages.address()} · {settings().home / 'data_docs'} · make up"))
    return lines


def _strong(text: str) -> str:
    return f"\033[1m{text}\033[0m" if sys.stdout.isatty() else text
