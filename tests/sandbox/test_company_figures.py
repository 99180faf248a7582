"""The full-size company has the figures that docs/sandbox.md promises, measured from its CRM records alone."""

from collections import defaultdict
from datetime import UTC, date, datetime, timedelta, timezone
from statistics import mean, median
from typing import Any

import numpy as np
import pytest

from sandbox.company import Company, generate
from sandbox.company.seasons import is_working, quarter_end

pytestmark = pytest.mark.soak  # the full company takes minutes; test_company.py holds a small one to the same process

DAY = date(2026, 6, 30)
WINDOW_START = date(2023, 7, 1)
USD_RATE = 7.10
SHANGHAI = timezone(timedelta(hours=8))


def day_of(ms: int) -> date:
    return datetime.fromtimestamp(ms / 1000, tz=SHANGHAI).date()


@pytest.fixture(scope="module")
def company() -> Company:
    return generate(DAY)


@pytest.fixture(scope="module")
def records(company: Company) -> dict[str, dict[str, dict[str, Any]]]:
    """The last version of every record as of the end of DAY, by object and id."""
    out: dict[str, dict[str, dict[str, Any]]] = defaultdict(dict)
    end = datetime(2026, 6, 30, 16, tzinfo=UTC)
    for patch in company.patches:
        if patch.at < end:
            out[patch.object].setdefault(patch.id, {}).update(patch.fields)
    return out


@pytest.fixture(scope="module")
def deals(records: dict[str, dict[str, dict[str, Any]]]) -> list[dict[str, Any]]:
    return [deal for deal in records["NewOpportunityObj"].values() if day_of(deal["create_time"]) >= WINDOW_START]


@pytest.fixture(scope="module")
def won(records: dict[str, dict[str, dict[str, Any]]]) -> list[dict[str, Any]]:
    every = records["NewOpportunityObj"].values()
    return [d for d in every if d["sales_status"] == "won" and day_of(d["signed_date__c"]) >= WINDOW_START]


def value(deal: dict[str, Any]) -> float:
    return float(deal.get("amount", 0)) * (USD_RATE if deal["currency__c"] == "USD" else 1)


def test_three_years_hold_twelve_thousand_deals_thirty_thousand_leads_and_a_quarter_million_contacts(
    records: dict[str, dict[str, dict[str, Any]]], deals: list[dict[str, Any]]
) -> None:
    leads = [r for r in records["LeadsObj"].values() if day_of(r["create_time"]) >= WINDOW_START]
    contacts = [r for r in records["ActiveRecordObj"].values() if day_of(r["create_time"]) >= WINDOW_START]
    assert len(deals) == pytest.approx(12_000, rel=0.05)
    assert len(leads) == pytest.approx(30_000, rel=0.05)
    assert len(contacts) == pytest.approx(250_000, rel=0.06)


def test_about_six_hundred_million_are_signed_a_year(won: list[dict[str, Any]]) -> None:
    assert sum(map(value, won)) / 3 == pytest.approx(0.6e9, rel=0.10)


def test_a_quarter_of_closed_deals_is_won_and_less_of_their_value(deals: list[dict[str, Any]]) -> None:
    closed = [d for d in deals if d["sales_status"] != "open"]
    wins = [d for d in closed if d["sales_status"] == "won"]
    by_count = len(wins) / len(closed)
    by_value = sum(map(value, wins)) / sum(map(value, closed))
    assert by_count == pytest.approx(0.24, abs=0.02)
    assert by_value < by_count - 0.01


def test_amounts_are_skewed_as_promised(deals: list[dict[str, Any]]) -> None:
    amounts = sorted(value(d) for d in deals if "amount" in d)
    assert median(amounts) == pytest.approx(180_000, rel=0.10)
    assert sum(amounts[-len(amounts) // 20 :]) / sum(amounts) == pytest.approx(0.50, abs=0.05)


@pytest.mark.parametrize(("process", "days"), [("equipment", 95), ("software", 45), ("parts", 12)])
def test_won_deals_take_their_median_cycle(won: list[dict[str, Any]], process: str, days: int) -> None:
    cycles = [
        (day_of(d["signed_date__c"]) - day_of(d["create_time"])).days for d in won if d["sales_process_id"] == process
    ]
    assert median(c for c in cycles if c > 0) == pytest.approx(days, rel=0.12)


def test_the_last_quarter_and_the_last_ten_working_days_carry_the_year(won: list[dict[str, Any]]) -> None:
    years = [d for d in won if day_of(d["signed_date__c"]).year in (2024, 2025)]
    total = sum(map(value, years))
    fourth = sum(value(d) for d in years if day_of(d["signed_date__c"]).month >= 10)
    rush = 0.0
    for deal in won:
        signed = day_of(deal["signed_date__c"]).toordinal()
        left = sum(is_working(day) for day in range(signed + 1, quarter_end(signed) + 1))
        rush += value(deal) * (left < 10)
    assert fourth / total == pytest.approx(0.38, abs=0.05)  # a few large deals move two years' share by 0.04 (one sd)
    assert rush / sum(map(value, won)) == pytest.approx(0.45, abs=0.04)


@pytest.mark.parametrize("festival", [date(2024, 2, 10), date(2025, 1, 29), date(2026, 2, 17)])
def test_almost_nothing_is_signed_around_spring_festival(won: list[dict[str, Any]], festival: date) -> None:
    week = sum(0 <= (day_of(d["signed_date__c"]) - festival).days < 7 for d in won)
    usual = len(won) / (3 * 52)
    assert week < 0.15 * usual


def test_sources_and_leads_have_their_shares(
    records: dict[str, dict[str, dict[str, Any]]], deals: list[dict[str, Any]]
) -> None:
    leads = [r for r in records["LeadsObj"].values() if WINDOW_START <= day_of(r["create_time"]) < date(2026, 5, 1)]
    converted = sum("new_opportunity_id" in r for r in leads) / len(leads)
    told = [d["lead_source__c"] for d in deals if "lead_source__c" in d]
    assert converted == pytest.approx(0.14, abs=0.01)
    assert sum("leads_id__c" in d for d in deals) / len(deals) == pytest.approx(0.35, abs=0.02)
    assert told.count("dealer") / len(told) == pytest.approx(0.25, abs=0.025)
    assert told.count("tender") / len(told) == pytest.approx(0.15, abs=0.02)
    assert all("bid_date__c" in d for d in deals if d.get("lead_source__c") == "tender")
    assert 1 - len(told) / len(deals) == pytest.approx(0.15, abs=0.01)


def test_eighteen_in_a_hundred_wins_are_entered_within_a_week_after_signing(won: list[dict[str, Any]]) -> None:
    delays = [(day_of(d["create_time"]) - day_of(d["signed_date__c"])).days for d in won]
    assert sum(0 <= delay <= 7 for delay in delays) / len(won) == pytest.approx(0.18, abs=0.025)


def test_company_targets_stand_five_to_fifteen_percent_above_what_lands(
    company: Company, won: list[dict[str, Any]]
) -> None:
    landed: dict[str, float] = defaultdict(float)
    for deal in won:
        signed = day_of(deal["signed_date__c"])
        landed[f"{signed.year}Q{(signed.month + 2) // 3}"] += value(deal)
    whole = [t for t in company.targets if t["node_id"] == "D0" and "2023Q3" <= t["period_id"] <= "2026Q1"]
    assert len(whole) == 11
    for target in whole:
        assert 1.04 <= float(target["gross_amount"]) / landed[target["period_id"]] <= 1.17, target


def test_a_fifth_of_the_reps_leaves_each_year(company: Company) -> None:
    start = datetime(2023, 6, 30, 16, tzinfo=UTC)
    end = datetime(2026, 6, 30, 16, tzinfo=UTC)
    left = [p for p in company.patches if p.object == "PersonnelObj" and p.fields.get("status") == "1"]
    per_year = sum(start <= p.at < end for p in left) / 3
    assert per_year / 80 == pytest.approx(0.20, abs=0.05)


def test_the_quote_stage_wins_thirty_five_percent_though_its_set_rate_is_fifty(company: Company) -> None:
    reached = {p.id for p in company.patches if str(p.fields.get("sales_stage", "")).endswith("_quote")}
    ended = [t.outcome for deal, t in company.truth.opportunities.items() if deal in reached and not t.is_backfilled]
    decided = [outcome for outcome in ended if outcome in ("won", "lost")]
    assert decided.count("won") / len(decided) == pytest.approx(0.35, abs=0.04)


def test_the_dealers_cycle_grows_by_forty_percent_in_the_third_year(company: Company) -> None:
    """From entry to the true decision; the other sources' growth is the control."""
    days: dict[tuple[bool, bool], list[int]] = defaultdict(list)
    for patch in company.patches:
        fields, truth = patch.fields, company.truth.opportunities.get(patch.id)
        if truth is None or patch.op != "create" or fields["sales_process_id"] != "equipment" or truth.is_backfilled:
            continue
        entered = day_of(fields["create_time"])
        is_late = date(2025, 6, 30) <= entered <= DAY
        if truth.decided_on is not None and (is_late or WINDOW_START <= entered < date(2024, 7, 1)):
            days[fields.get("lead_source__c") == "dealer", is_late].append((truth.decided_on - entered).days)
    growth = {is_dealer: mean(days[is_dealer, True]) / mean(days[is_dealer, False]) for is_dealer in (True, False)}
    assert growth[True] / growth[False] == pytest.approx(1.4, abs=0.2)


def test_even_the_oracle_ranks_open_deals_only_moderately_well(company: Company) -> None:
    """True probabilities at every third weekly snapshot against what came; the same outcomes must also add up to them."""
    start, last = WINDOW_START.toordinal(), date(2026, 3, 31).toordinal()
    soon: list[tuple[float, bool]] = []
    ever: list[tuple[float, bool]] = []
    for day in [d for d in company.truth.snapshot_days() if start <= d.toordinal() <= last][::3]:
        for deal, chance in company.truth.won_within(day).items():
            truth = company.truth.opportunities[deal]
            if truth.outcome == "deleted":
                continue
            won = truth.outcome == "won" and not truth.is_reopened
            within = won and truth.signed_on is not None and (truth.signed_on - day).days <= 30
            soon.append((chance["30"], within))
            ever.append((chance["ever"], won))
    assert 0.75 <= auc(soon) <= 0.85
    assert 0.75 <= auc(ever) <= 0.85
    assert sum(p for p, _ in soon) == pytest.approx(sum(won for _, won in soon), rel=0.10)


def auc(pairs: list[tuple[float, bool]]) -> float:
    """The share of (won, not won) pairs that the probability orders rightly; ties count half."""
    chances, outcomes = np.array([p for p, _ in pairs]), np.array([won for _, won in pairs])
    _, place, counts = np.unique(chances, return_inverse=True, return_counts=True)
    rank = (counts.cumsum() - (counts - 1) / 2)[place]
    wins = int(outcomes.sum())
    return float((rank[outcomes].sum() - wins * (wins + 1) / 2) / (wins * (len(pairs) - wins)))
