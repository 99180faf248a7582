"""The company of docs/worked-example.xlsx, landed as the CRM would have sent it, with its settings, chances and frozen forecasts.

In: the input sheets of the workbook (events, targets, chances, forecasts). Out: landing rows, settings, scores and published builds of the
present tenant. Beside it, in regions of their own, stand planted deals and deals that live at random (`histories`).
"""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from openpyxl import load_workbook

from tests.dbt.tenant import Row, deal_record, land_rows, milliseconds
from tests.dbt.workbook import Workbook
from warehouse.connection import connect

BOOK = Path(__file__).resolve().parents[2] / "docs" / "worked-example.xlsx"
TENANT = "t_worked"
DAY = date(2026, 5, 15)
AS_OF = DAY.isoformat()
BUILD = "20260515_aaaaaaaaaaaa"
SCHEMA = f"build_{BUILD}"
STAGES = {1: "eq_lead", 2: "eq_need", 3: "eq_quote", 4: "eq_nego", 5: "won", 6: "lost"}
DEPARTMENTS = [
    ("D0", "company", None),
    ("D10", "region", "D0"),
    ("D20", "region", "D0"),
    ("D30", "region", "D0"),
    ("D101", "team", "D10"),
    ("D102", "team", "D10"),
    ("D201", "team", "D20"),
    ("D202", "team", "D20"),
]
REPS = {"1001": "D101", "1002": "D101", "1003": "D102", "2001": "D201", "2002": "D201", "2003": "D202"}
OPP = "fxiaoke__opportunities"
LONG_NAME = "".join(
    chr(0x4E00 + number * 7919 % 20000) for number in range(4400)
)  # 13 kB that no compression makes short
# What some deals carry besides: E10's contract is filed, E16's owner believes in another rate than the stage's; what owners call them.
BESIDES = {
    "E02": {"forecast_category__c": "commit"},
    "E09": {"forecast_category__c": "best_case"},
    "E10": {"contract_no__c": "HT-1"},
    "E13": {"forecast_category__c": "pipeline"},
    "E16": {"probability": "95", "forecast_category__c": "commit"},
}


def rows_of(sheet: str) -> Iterator[dict[str, Any]]:
    """The rows of an input sheet by the names in its first line."""
    lines = load_workbook(BOOK, read_only=True)[sheet].iter_rows(values_only=True)
    head = [str(cell) for cell in next(lines)]
    return (dict(zip(head, line, strict=True)) for line in lines)


def organise() -> None:
    """Departments and people; on 20 April team D202 goes from region D20 to D30."""
    departments = [
        (node, "2024-01-01 09:00", {"name": node, "dept_kind__c": kind, "parent_id": [parent] if parent else []})
        for node, kind, parent in DEPARTMENTS
    ]
    moved = {"name": "D202", "dept_kind__c": "team", "parent_id": ["D30"]}
    people = [
        (rep, "2024-01-01 09:00", {"user_id": rep, "full_name": rep, "main_department": [team], "status": "0"})
        for rep, team in REPS.items()
    ]
    land_rows(("fxiaoke__departments", *row) for row in [*departments, ("D202", "2026-04-20 09:00", moved)])
    land_rows(("fxiaoke__people", *row) for row in people)


def live() -> None:
    """Every event of the workbook as a landing record of its evening; stage 0 is a deletion."""
    created: dict[str, str] = {}
    rows: list[Row] = []
    for row in rows_of("events"):
        deal, at = str(row["deal"]), f"{row['when'].date()} 10:00"
        created.setdefault(deal, at)
        fields: dict[str, Any] = {
            "amount": f"{row['amount']:.2f}" if row["amount"] else None,
            "owner": [str(row["rep"])],
            "close_date": milliseconds(row["close"].date().isoformat()),
            **BESIDES.get(deal, {}),
        }
        record = deal_record(STAGES[row["stage"]], created[deal], **fields) if row["stage"] else {"is_deleted": True}
        rows.append((OPP, deal, at, record))
    land_rows(rows)


def plant() -> None:
    """Sixty software deals that went from the quote stage to their end: 21 won, so that its true rate is 0.35 and not the set 0.50; and
    an open one in a currency that nobody gave a rate, with a name of 13 kB. Quotes went out for E02 and E09; that for E19 was voided."""
    rows: list[Row] = []
    for number in range(60):
        day = date(2025, 8, 1) + timedelta(days=number)
        fields: dict[str, Any] = {"owner": ["2003"], "sales_process_id": "software", "amount": "1000.00"}
        for stage, when in (("sw_quote", day), ("won" if number % 20 < 7 else "lost", day + timedelta(days=30))):
            rows.append((OPP, f"P{number:02d}", f"{when} 10:00", deal_record(stage, f"{day} 10:00", **fields)))
    fields = {
        "owner": ["2003"],
        "sales_process_id": "software",
        "amount": "1000.00",
        "currency__c": "XDR",
        "name": LONG_NAME,
    }
    fields["close_date"] = milliseconds("2026-06-01")
    rows.append((OPP, "X1", "2026-05-04 10:00", deal_record("sw_lead", "2026-05-04 10:00", **fields)))
    for deal, status in (("E02", "normal"), ("E09", "normal"), ("E19", "invalid")):
        quote = {"new_opportunity_id": deal, "quote_amount": "1.00", "life_status": status}
        rows.append(("fxiaoke__quotes", f"Q-{deal}", "2026-05-12 10:00", quote))
    land_rows(rows)


def decide() -> None:
    """Targets of the workbook as the settings door leaves them."""
    with connect("loader") as connection:
        for row in rows_of("targets"):
            connection.execute(
                "insert into ops.settings (kind, key, value, valid_from, decided_at, decided_by, reason) values"
                " ('target', %s, jsonb_build_object('gross_amount', %s::text), '2025-12-01', '-infinity', 'test', 'plan')",
                (f"{row['node']}|{row['period']}", f"{row['target']:.2f}"),
            )


def score() -> None:
    """The chances of the day's open deals under the day's build, and the published forecasts of the quarter before."""
    with connect("ml") as connection:
        connection.execute(
            "insert into scores.models (model_version, model_name, as_of, tier, digest, metrics, is_promoted, reason)"
            " values ('win-1', 'win', '2025-12-01', 'small_model', 'x', '{}', true, 'test')"
        )
        for row in rows_of("chances"):
            connection.execute(
                "insert into scores.opportunity_scores (build_id, opportunity_id, as_of, p_win_ever, p_win_by_period_end, p_win_by_horizon,"
                " expected_close_week, tier, model_version, base_log_odds, contributions, reasons, features_digest)"
                " values (%s, %s, %s, 1, %s, '{}', '2026-06-01', 'small_model', 'win-1', 0, '{}', '[]', 'x')",
                (BUILD, row["deal"], AS_OF, row["p"]),
            )
        for row in rows_of("forecasts"):
            connection.execute(
                "insert into scores.period_forecasts (build_id, node_id, period_id, measure, won, from_open, from_new, mean, p10, p50, p90)"
                " values (%s, %s, '2026Q1', 'signed_gross_amount', %s, 0, 0, %s, %s, %s, %s)",
                (frozen_build(row["day"]), str(row["rep"]), *[row["mean"]] * 2, row["p10"], row["mean"], row["p90"]),
            )
        figures, book = Workbook(BOOK).table("2026Q2"), rows_of("new_business")
        for node, new in [(str(row["node"]), row["from_new"]) for row in book]:
            won, expected = figures["won_gross_amount"][node], figures["expected_open_gross_amount"][node]
            mean = f"{won + expected + new:.2f}"
            connection.execute(
                "insert into scores.period_forecasts"
                " (build_id, node_id, period_id, measure, won, from_open, from_new, mean, reason_no_range)"
                " values (%s, %s, '2026Q2', 'signed_gross_amount', %s, %s, %s, %s, 'few windows')",
                (BUILD, node, f"{won:.2f}", f"{expected:.2f}", f"{new:.2f}", mean),
            )
    with connect("transformer") as connection:
        days = {row["day"] for row in rows_of("forecasts")}
        for build_id, day in [(frozen_build(day), day.date()) for day in sorted(days)] + [(BUILD, AS_OF)]:
            connection.execute(
                "insert into ops.builds (build_id, as_of, inputs_digest, code_version, model_version, seed, state)"
                " values (%s, %s, 'x', 'x', 'win-1', 1, 'building')",
                (build_id, day),
            )
            if build_id != BUILD:
                connection.execute(
                    "insert into ops.publications (build_id, as_of, kind, manifest) values (%s, %s, 'publish', '{}')",
                    (build_id, day),
                )


def publish() -> None:
    """Note the day's build as published, once its marts are made."""
    with connect("transformer") as connection:
        connection.execute(
            "insert into ops.publications (build_id, as_of, kind, manifest) values (%s, %s, 'publish', '{}')",
            (BUILD, AS_OF),
        )


def frozen_build(day: date | datetime) -> str:
    """The build that was published on a day of the quarter before."""
    return f"{day:%Y%m%d}_bbbbbbbbbbbb"
