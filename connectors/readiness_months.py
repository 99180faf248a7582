"""Months of a history: whether what was promised for one keeps landing later, and how far a rule without any system is off.

In: `Deal`s, and a list of past forecasts where the folder has one. Out: the fifth symptom, and the error of the naive rule.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from connectors.exports import Export
from connectors.file_rows import amount_in
from connectors.readiness_deals import Deal
from connectors.readiness_symptoms import Symptom, is_total

PERIOD = ("月份", "期间", "季度", "month", "period", "quarter")
FORECAST = ("预测", "forecast")
ACTUAL = ("实际", "actual")
CLEARLY = Decimal("0.1")  # of the month: a smaller miss is no deviation
OVERWRITTEN = 0.1  # of the wins closed on the very day that was expected: more than chance, somebody writes the one over the other
FEWEST_MONTHS, LONGEST_MONTHS, RULE_MONTHS = 4, 12, 3
Amounts = dict[str, Decimal]
Pair = tuple[Decimal, Decimal]  # forecast, actual


@dataclass(frozen=True)
class Rule:
    """Σ|forecast − actual| ÷ Σ actual of "as in the last three months", over so many months; None: too few."""

    wape: float | None
    months: int


def deviation(deals: Sequence[Deal], files: Sequence[Export], as_of: date) -> Symptom:
    """By past forecasts where a file tells them beside what came; else by the close dates of deals that were won."""
    told, left_out = list[Pair](), list[str]()
    for export in files:
        pairs, odd = _forecasts(export)
        told += pairs
        left_out += odd
    found = _of_forecasts(told) if len(told) >= FEWEST_MONTHS else _of_close_dates(deals, as_of)
    return replace(found, left_out=tuple(left_out))


def _forecasts(export: Export) -> tuple[list[Pair], list[str]]:
    """(forecast, actual) of each period of a list of past forecasts, and which rows were left out since a cell is no amount. Totals are
    no periods, one without forecast or actual is still to come; nothing where the file is another."""
    period, forecast, actual = (
        next((name for name in export.headings if any(word in name.lower() for word in words)), "")
        for words in (PERIOD, FORECAST, ACTUAL)
    )
    if not (period and forecast and actual):
        return [], []
    pairs, odd = list[Pair](), list[str]()
    for row in export.rows:
        said = (row[forecast].strip(), row[actual].strip())
        if is_total(row[period]) or not all(said):
            continue
        try:
            pairs.append((amount_in(said[0]), amount_in(said[1])))
        except ValueError:
            odd.append(f"{export.path.name} {row[period].strip()}")
    return [pair for pair in pairs if pair[1] > 0], odd


def _of_forecasts(told: Sequence[Pair]) -> Symptom:
    over = sum(1 for forecast, actual in told if forecast > actual * (1 + CLEARLY))
    under = sum(1 for forecast, actual in told if forecast < actual * (1 - CLEARLY))
    bias = sum(forecast - actual for forecast, actual in told) / sum(actual for _, actual in told)
    signs = {"periods_too_high": over, "periods_too_low": under}
    return Symptom("deviation", signs, abs(float(bias)), len(told))


def _of_close_dates(deals: Sequence[Deal], as_of: date) -> Symptom:
    """The share of the amount promised for a whole past month, and won, that landed after its end.

    Wins on the very day expected are left out where they are many: their promise was written over."""
    won = [deal for deal in deals if deal.code == "WON" and deal.amount and deal.expected_on and deal.closed_on]
    same = sum(1 for deal in won if deal.expected_on == deal.closed_on)
    if same > OVERWRITTEN * len(won):
        won = [deal for deal in won if deal.expected_on != deal.closed_on]
    promised: Amounts = defaultdict(Decimal)
    late: Amounts = defaultdict(Decimal)
    for deal in won:
        month = f"{deal.expected_on:%Y-%m}"
        if month < f"{as_of:%Y-%m}":
            promised[month] += deal.amount or 0
            late[month] += (deal.amount or 0) if f"{deal.closed_on:%Y-%m}" > month else 0
    months = {month: late[month] / amount for month, amount in promised.items() if amount > 0}
    signs = {
        "months_landing_later": sum(1 for share in months.values() if share > CLEARLY),
        "wins_on_expected_day": same,
    }
    measured = float(sum(late.values()) / sum(promised.values())) if len(months) >= FEWEST_MONTHS else None
    return Symptom("deviation", signs, measured, len(months))


def rule(deals: Sequence[Deal], as_of: date) -> Rule:
    """Each of the last whole months of wins against the mean of the three before it."""
    won: Amounts = defaultdict(Decimal)
    for deal in deals:
        if deal.code == "WON" and deal.amount and deal.closed_on:
            won[f"{deal.closed_on:%Y-%m}"] += deal.amount
    months = sorted(month for month in won if month < f"{as_of:%Y-%m}")
    if len(months) < RULE_MONTHS + FEWEST_MONTHS:
        return Rule(None, 0)
    whole = _between(months[0], f"{as_of:%Y-%m}")
    asked = whole[RULE_MONTHS:][-LONGEST_MONTHS:]
    errors = [abs(_before(whole, month, won) - won.get(month, Decimal(0))) for month in asked]
    total = sum((won.get(month, Decimal(0)) for month in asked), Decimal(0))
    return Rule(float(sum(errors, Decimal(0)) / total) if total else None, len(asked))


def _before(whole: Sequence[str], month: str, won: Amounts) -> Decimal:
    place = whole.index(month)
    return sum((won.get(each, Decimal(0)) for each in whole[place - RULE_MONTHS : place]), Decimal(0)) / RULE_MONTHS


def _between(first: str, end: str) -> list[str]:
    """Months from `first` to the one before `end`."""
    year, month = map(int, first.split("-"))
    found = []
    while (text := f"{year:04}-{month:02}") < end:
        found.append(text)
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)
    return found
