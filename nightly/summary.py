"""One screen after a night: where the period will land, what moved, what to look at, how the line ran.

Every business figure is read from the published build (schema `published`), everything about the run from `ops`; nothing is computed
here but layout. `facts` returns what `show` prints, so that a test can compare both with the tables.
"""

import sys
from datetime import date
from decimal import Decimal
from typing import Any

from config.settings import settings
from nightly.layout import columns, money, percent, points, shorten
from nightly.words import WORDS
from warehouse.frames import fetch_all

Row = dict[str, Any]
SHOWN_WARNINGS, LONGEST_LINE = 3, 140  # the rest is in Data Docs
PUBLISHED = {
    "build": "select * from published.mart_build",
    "forecast": "select * from published.mart_period_forecast where parent_node_id is null order by node_id limit 1",
    "movement": "select component, amount, mean_change from published.mart_forecast_movement order by component_order",
    "deals": "select * from published.mart_open_opportunities where p_win_by_period_end is not null "
    "order by expected_gross_amount * (1 - p_win_by_period_end) desc nulls last, opportunity_id limit 10",
}


def _rows(query: str, params: tuple[Any, ...] = ()) -> list[Row]:
    columns_of = f"select row_to_json(rows) from ({query}) as rows"  # noqa: S608 - our own constant statements
    return [row for (row,) in fetch_all("checker", columns_of, params)]


def _run_facts(as_of: date) -> Row:
    """What `ops` knows of this night: steps, loads, receipts, the model's evaluation."""
    steps = _rows(
        "select distinct on (step) step, state, round(extract(epoch from finished_at - started_at)::numeric, 1) as seconds, detail"
        " from ops.step_runs where as_of = %s order by step, run_id desc",
        (as_of,),
    )
    loads = _rows(
        "select coalesce(sum(requests), 0) as requests, coalesce(sum(landed), 0) as landed, coalesce(sum(echoed), 0) as echoed,"
        " coalesce(sum(quarantined), 0) as quarantined, coalesce(sum(held_back), 0) as held_back"
        " from (select distinct on (system, stream) * from ops.loads where as_of = %s order by system, stream, started_at desc) as walks",
        (as_of,),
    )[0]
    blocked = _rows(
        "select distinct on (border) border, verdict, reason from ops.gate_verdicts where as_of = %s order by border, verdict_id desc",
        (as_of,),
    )
    warned = _rows(
        "select suite, reason from (select distinct on (suite, expectation) * from ops.check_results"
        " where as_of = %s order by suite, expectation, check_id desc) as newest"
        " where level = 'warning' and state = 'failed' order by check_id",
        (as_of,),
    )
    stopped = [row for row in blocked if row["verdict"] == "blocked"]
    return {"steps": steps, "loads": loads, "blocked": stopped, "warned": warned}


def facts(as_of: date | None) -> Row:
    """Everything the summary says, as read: `build`, `forecast`, `movement`, `deals` from the published build; the rest from `ops`."""
    found: Row = {name: _rows(query) for name, query in PUBLISHED.items()} if _is_published() else {}
    build = found["build"][0] if found.get("build") else None
    day = as_of or (date.fromisoformat(build["as_of"]) if build else None)
    found["day"] = day
    if day is not None:
        found |= _run_facts(day)
    if build:
        found["receipts"] = {
            row["state"]: row["n"]
            for row in _rows(
                "select state, count(*) as n from ops.writeback_receipts where build_id = %s group by state",
                (build["build_id"],),
            )
        }
        found["evaluation"] = _rows(
            "select contender, metric, value, n_rows from scores.model_evaluations where model_version = %s"
            " and metric in ('roc_auc', 'log_loss') order by contender, metric",
            (build["model_version"],),
        )
    return found


def _is_published() -> bool:
    return bool(
        fetch_all(
            "checker", "select 1 from ops.published_build as p where to_regclass('published.mart_build') is not null"
        )
    )


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
    sources = ", ".join(f"{name} {until[:16]}" for name, until in sorted((build["freshness"] or {}).items()))
    lines = [
        _strong(words["title"].format(as_of=build["as_of"]) + f" · {build['period_id']}"),
        words["build"].format(build_id=build["build_id"], model=build["model_version"], tier=build["tier"]),
        words["freshness"].format(items=sources),
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
    return [*lines, *_evaluation(found["evaluation"], build, words)]


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
    failed = [row for row in found.get("steps", []) if row["state"] in ("failed", "blocked")]
    for row in found.get("blocked", []):
        lines.append(words["failed"].format(step=f"gate {row['border']}", reason=row["reason"]))
    if failed or found.get("blocked"):
        lines.append(words["rerun"].format(command=f"make nightly AS_OF={found['day']}"))
    else:
        lines.append(words["next"].format(path=f"{settings().home / 'data_docs'} · make up"))
    return lines


def _strong(text: str) -> str:
    return f"\033[1m{text}\033[0m" if sys.stdout.isatty() else text
