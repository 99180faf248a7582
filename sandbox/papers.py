"""What clerks file in the CRM beside a deal: quotes, the contract, and the receipts (回款) that they copy from the ERP.

Comes in: the company's patches in order. Goes out: the same with those of QuoteObj, SaleContractObj and PaymentObj between them. What is
filed follows from the deal alone, as its documents in the ERP do; now and then a quote is late or missing, a contract is signed for another
amount, a receipt is typed wrong or forgotten.
"""

import heapq
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import Any

from sandbox.company.patches import EPOCH, Patch
from sandbox.company.seasons import DAY_MS, instant
from sandbox.erp.book import documents, line_of, number_of
from sandbox.erp.cash import RECEIPT
from sandbox.erp.sales import Deal

DEALS, QUOTES, CONTRACTS, PAYMENTS = "NewOpportunityObj", "QuoteObj", "SaleContractObj", "PaymentObj"
QUOTED = ("_quote", "_nego")
QUOTE_MISSING_SHARE, QUOTE_LATE_SHARE = 0.05, 0.10  # of deals that reach the quote stage
CONTRACT_MISSING_SHARE, CONTRACT_OTHER_SHARE = (
    0.02,
    0.02,
)  # of wins with a contract number: no contract filed, one of another amount
PAYMENT_MISSING_SHARE, PAYMENT_WRONG_SHARE = 0.02, 0.01  # of receipts: forgotten, typed wrong
KINDS = {QUOTES: 5, CONTRACTS: 6, PAYMENTS: 7}
Paper = tuple[int, str, str, dict[str, Any], str]  # instant (ms), object, id, fields, who


@dataclass(slots=True)
class _Deal:
    fields: dict[str, Any]
    is_quoted: bool = False
    is_won: bool = False


def with_papers(patches: Iterable[Patch], seed: int) -> Iterator[Patch]:
    """The patches with what is filed beside the deals among them, in order of time, up to the last patch."""
    deals: dict[str, _Deal] = {}
    filed: list[Paper] = []
    for patch in patches:
        now = round((patch.at - EPOCH) / timedelta(milliseconds=1))
        while filed and filed[0][0] < now:
            yield _patch(heapq.heappop(filed))
        yield patch
        if patch.object == DEALS and patch.op != "delete":
            deal = deals.setdefault(patch.id, _Deal({}))
            deal.fields |= patch.fields
            for paper in _papers(patch, deal, now, seed):
                heapq.heappush(filed, paper)


def _patch(paper: Paper) -> Patch:
    at, name, key, fields, who = paper
    return Patch(EPOCH + timedelta(milliseconds=at), name, key, "create", fields | {"create_time": at}, who)


def _papers(patch: Patch, deal: _Deal, now: int, seed: int) -> Iterator[Paper]:
    stage, dice = str(patch.fields.get("sales_stage", "")), Random(f"papers {seed} {patch.id}")
    if not deal.is_quoted and (stage.endswith(QUOTED) or stage == "won"):
        deal.is_quoted = True
        yield from _quote(patch.id, deal.fields, now, dice)
    if stage == "won" and not deal.is_won and deal.fields.get("amount"):
        deal.is_won = True
        dice = Random(f"won {seed} {patch.id}")
        yield from _contract(patch.id, deal.fields, now, dice)
        yield from _payments(patch.id, deal.fields, now, dice, seed)


def _paper(name: str, at: int, key: str, deal_fields: dict[str, Any], fields: dict[str, Any]) -> Paper:
    owner = deal_fields.get("owner", ["1000"])
    common = {"owner": owner, "currency__c": deal_fields.get("currency__c", "CNY"), "life_status": "normal"}
    return at, name, f"65f0{KINDS[name]:02x}{key:>018}", common | fields, str(owner[0])


def _quote(deal_id: str, told: dict[str, Any], now: int, dice: Random) -> Iterator[Paper]:
    chance = dice.random()
    if chance < QUOTE_MISSING_SHARE:
        return
    at = now + (3 * DAY_MS if chance < QUOTE_MISSING_SHARE + QUOTE_LATE_SHARE else 600_000) + int(dice.random() * 3e6)
    fields = {"name": f"BJ-{number_of(deal_id):07d}", "new_opportunity_id": deal_id, "account_id": told.get("account_id"),
              "quote_amount": told.get("amount"), "quote_time": at}  # fmt: skip
    yield _paper(QUOTES, at, f"{number_of(deal_id):x}", told, fields)


def _contract(deal_id: str, told: dict[str, Any], now: int, dice: Random) -> Iterator[Paper]:
    chance, number = dice.random(), told.get("contract_no__c")
    if not number or chance < CONTRACT_MISSING_SHARE:
        return
    amount = float(told["amount"]) * (0.97 if chance < CONTRACT_MISSING_SHARE + CONTRACT_OTHER_SHARE else 1)
    fields = {"name": number, "new_opportunity_id": deal_id, "account_id": told.get("account_id"), "contract_amount": f"{amount:.2f}",
              "confirm_time": told.get("signed_date__c", now)}  # fmt: skip
    yield _paper(CONTRACTS, now + 3_600_000 + int(dice.random() * 7.2e6), f"{number_of(deal_id):x}", told, fields)


def _payments(deal_id: str, told: dict[str, Any], now: int, dice: Random, seed: int) -> Iterator[Paper]:
    is_usd = told.get("currency__c") == "USD"
    gross = round(float(told["amount"]) * 100)
    deal = Deal(deal_id, number_of(deal_id), now, "", "", line_of(told), None, "", "", gross, is_usd)
    for line in documents(deal, str(seed)) if deal.is_ordered else []:
        chance, shown = dice.random(), line.versions[-1][1]
        if line.form != RECEIPT or chance < PAYMENT_MISSING_SHARE:
            continue
        paid = date.fromisoformat(str(shown["FDATE"])[:10]).toordinal()
        amount = shown["FRECAMOUNTFOR_E"] * (10 if chance > 1 - PAYMENT_WRONG_SHARE else 1)
        fields = {"name": f"HK-{shown['FBillNo']}", "receipt_no__c": shown["FBillNo"], "account_id": told.get("account_id"),
                  "payment_amount": f"{amount:.2f}", "payment_time": instant(paid)}  # fmt: skip
        at = instant(paid + int(dice.random() * 4), 64_800) + int(dice.random() * 3e6)
        yield _paper(PAYMENTS, max(at, now + 60_000), f"{line.key[0]:x}", told, fields)
