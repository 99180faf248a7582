"""Quotes, contracts and receipts are filed beside the company's deals, and nothing of the company itself changes."""

from collections import Counter
from datetime import date
from itertools import pairwise

from sandbox.company import generate
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
