"""Quotes, contracts and receipts are filed beside the company's deals, and nothing of the company itself changes."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

from sandbox.company import generate
from sandbox.company.patches import Patch
from sandbox.papers import CONTRACTS, PAYMENTS, QUOTES, with_papers

FILED = (QUOTES, CONTRACTS, PAYMENTS)


def test_papers_are_filed_in_order_of_time_and_leave_the_company_as_it_is() -> None:
    company = generate(date(2026, 5, 20), scale=0.02, seed=3, days_ahead=2)
    told = list(with_papers(company.patches, 3))
    assert [patch for patch in told if patch.object not in FILED] == company.patches
    assert all(one.at <= other.at for one, other in pairwise(told))
    filed = [patch for patch in told if patch.object in FILED]
    assert len({(patch.object, patch.id) for patch in filed}) == len(filed)
    count = Counter(patch.object for patch in filed)
    assert count[QUOTES] > count[CONTRACTS] > 30
    assert count[PAYMENTS] > 30
    won = {key for key, truth in company.truth.opportunities.items() if truth.won_gross_amount is not None}
    assert {patch.fields["new_opportunity_id"] for patch in filed if patch.object == CONTRACTS} <= won
    assert all(patch.fields["receipt_no__c"].startswith("SKD") for patch in filed if patch.object == PAYMENTS)


def test_a_win_that_the_erp_never_hears_of_has_no_receipt_to_copy() -> None:
    """One deal in 300 gets no order; the CRM once had its receipts all the same, with numbers that the ERP did not know."""
    signed = datetime(2026, 1, 5, 2, tzinfo=UTC)
    won = {
        "sales_stage": "won",
        "amount": "90000.00",
        "sales_process_id": "parts",
        "contract_no__c": "HT-1",
        "owner": ["1001"],
    }
    deals = [
        Patch(signed, "NewOpportunityObj", f"{number:024x}", "create", {**won, "account_id": str(number)}, "1001")
        for number in (299, 300)
    ]
    later = Patch(signed + timedelta(days=900), "AccountObj", "A", "create", {}, "1001")
    filed = list(with_papers([*deals, later], 3))
    assert {patch.fields["account_id"] for patch in filed if patch.object == PAYMENTS} == {"300"}
    assert {patch.fields["account_id"] for patch in filed if patch.object == QUOTES} == {"299", "300"}
