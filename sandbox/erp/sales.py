"""A won deal in the ERP: its order, its deliveries, and a return now and then.

Comes in: a `Deal`, what the CRM said when it was won. Goes out: lines of SAL_SaleOrder, SAL_OUTSTOCK and SAL_RETURNSTOCK, and the
`Shipment`s that `cash` invoices. Every figure follows from the company's seed and the deal's id.
"""

from dataclasses import dataclass, field
from hashlib import sha256
from random import Random

from sandbox.company.names import respelled
from sandbox.company.seasons import local_day
from sandbox.erp.catalogue import ORGANISATION, Material, of_line
from sandbox.erp.lines import Line, Row, approved, bill, day_text, in_books, office, time_text, without_tax, yuan

UNMAPPED_EVERY = 300  # deals: one in so many never gets an order
RETURN_SHARE = 0.03  # of orders: a unit comes back
SPLIT_FROM_CENTS = 50_000_000  # an order from so much on is delivered in two parts
DAYS_TO_DELIVER = {"eq": (25, 60), "sw": (5, 15), "pt": (2, 6)}


@dataclass(frozen=True, slots=True)
class Deal:
    """A won deal: `number` counts deals, `gross` is the signed amount with tax in cents of its currency."""

    id: str
    number: int
    won_ms: int
    customer_number: str
    customer_name: str
    line: str
    contract: str | None
    owner: str
    owner_name: str
    gross: int
    is_usd: bool

    @property
    def fid(self) -> int:
        """The first of the hundred bill ids that belong to the deal."""
        return 1_000_000 + self.number * 100

    @property
    def is_ordered(self) -> bool:
        """Whether the ERP hears of the deal: one in UNMAPPED_EVERY never gets an order, and what follows from one."""
        return self.number % UNMAPPED_EVERY != UNMAPPED_EVERY - 1

    @property
    def currency(self) -> str:
        """The deal's currency."""
        return "USD" if self.is_usd else "CNY"


@dataclass(slots=True)
class Part:
    """One line of an order: material, quantity, amount with tax in cents."""

    material: Material
    quantity: int
    gross: int


@dataclass(slots=True)
class Shipment:
    """What one delivery brought: its place in the order, its day, its parts, and the amount with tax that came back."""

    place: int
    day: int
    parts: list[Part]
    returned: int = 0
    returned_on: int = 0
    lines: list[Line] = field(default_factory=list)

    @property
    def gross(self) -> int:
        """The amount with tax, in cents."""
        return sum(part.gross for part in self.parts)


def customer_of(account_id: str, code: str | None, name: str) -> tuple[str, str]:
    """A customer's number and name in the ERP: one record for a credit code, spelled as its own clerks do."""
    digits = int.from_bytes(sha256((code or account_id).encode()).digest()[:6], "big")
    plain = name.strip()
    way = digits % 8
    if way < 4:
        return f"CUST{digits % 10**9:09d}", plain
    if way == 4:
        return f"CUST{digits % 10**9:09d}", plain.replace("有限公司", "有限责任公司")
    return f"CUST{digits % 10**9:09d}", respelled(plain, (0, 2, 3)[way - 5])


def salesperson_of(owner: str, name: str) -> tuple[str, str]:
    """A salesperson's number and name in the ERP: one in eight has a number of its own and a name with blanks, one is marked as left."""
    way = sha256(owner.encode()).digest()[0] % 8
    if way == 0:
        return f"XS{owner}", " ".join(name)
    return owner, f"{name}（离职）" if way == 1 else name


def parts_of(deal: Deal, dice: Random) -> list[Part]:
    """The deal's amount over one to three materials of its product line; the last takes the rest."""
    sold = of_line(deal.line) or of_line("pt_service")
    kinds = [sold[int(dice.random() * len(sold))] for _ in range(1 + int(dice.random() * 3))]
    left, parts = deal.gross, []
    for place, material in enumerate(kinds):
        gross = left if place == len(kinds) - 1 else int(left * (0.3 + 0.4 * dice.random()))
        left -= gross
        price = material.price * 100 * 100 // 710 if deal.is_usd else material.price * 100
        parts.append(Part(material, max(1, round(gross / price)), gross))
    return parts


def order(deal: Deal, parts: list[Part], shipped: int, dice: Random) -> list[Line]:
    """The order: entered within the hour of winning, approved, closed when all is `shipped` (a day)."""
    at = deal.won_ms + int((600 + 2400 * dice.random()) * 1000)
    seller, seller_name = salesperson_of(deal.owner, deal.owner_name)
    header: Row = {
        "FBillNo": f"XSDD{deal.fid}", "FDate": day_text(local_day(at)), "FCloseStatus": "A", "FSaleOrgId.FNumber": ORGANISATION,
        "FCustId.FNumber": deal.customer_number, "FCustId.FName": deal.customer_name, "FSalerId.FNumber": seller,
        "FSalerId.FName": seller_name, "F_LF_ContractNo": deal.contract, "FSettleCurrId.FCODE": deal.currency,
        "FCreateDate": time_text(at),
    }  # fmt: skip
    entries = [_order_entry(deal, part, place, shipped) for place, part in enumerate(parts)]
    steps = [
        *approved(at, at + int((900 + 1800 * dice.random()) * 1000), header),
        (office(shipped, dice), {"FCloseStatus": "B"}),
    ]
    return bill("SAL_SaleOrder", deal.fid, steps, entries, entry_key="FSaleOrderEntry_FEntryID")


def _order_entry(deal: Deal, part: Part, place: int, shipped: int) -> Row:
    books, net = in_books(part.gross, deal.is_usd), without_tax(part.gross, part.material.tax)
    return {
        "FSaleOrderEntry_FSeq": place + 1, "FMaterialId.FNumber": part.material.number, "FMaterialId.FName": part.material.name,
        "FQty": float(part.quantity), "FTaxPrice": round(part.gross / part.quantity / 100, 6), "FEntryTaxRate": float(part.material.tax),
        "FAmount": yuan(net), "FAllAmount": yuan(part.gross), "FAmount_LC": yuan(without_tax(books, part.material.tax)),
        "FAllAmount_LC": yuan(books), "FDeliveryDate": day_text(shipped),
    }  # fmt: skip


def shipments(deal: Deal, parts: list[Part], dice: Random) -> list[Shipment]:
    """The deliveries of an order: one, or two for large orders of several lines; sometimes a unit comes back."""
    first, last = DAYS_TO_DELIVER[deal.line[:2]]
    day = local_day(deal.won_ms) + first + int(dice.random() * (last - first))
    if deal.gross >= SPLIT_FROM_CENTS and len(parts) > 1:
        found = [Shipment(0, day, parts[:1]), Shipment(1, day + 20, parts[1:])]
    else:
        found = [Shipment(0, day, parts)]
    if dice.random() < RETURN_SHARE:
        part = found[0].parts[0]
        found[0].returned, found[0].returned_on = part.gross // part.quantity, day + 15 + int(dice.random() * 60)
    for shipment in found:
        shipment.lines = [*_delivery(deal, shipment, dice), *_return(deal, shipment, dice)]
    return found


def _delivery(deal: Deal, shipment: Shipment, dice: Random) -> list[Line]:
    number = deal.fid + 10 + shipment.place
    header: Row = {
        "FBillNo": f"XSCKD{number}", "FDate": day_text(shipment.day), "FCustomerID.FNumber": deal.customer_number,
        "FCustomerID.FName": deal.customer_name,
    }  # fmt: skip
    entries: list[Row] = [
        {"FMaterialID.FNumber": part.material.number, "FRealQty": float(part.quantity), "FStockID.FNumber": "CK001",
         "FSoorDerno": f"XSDD{deal.fid}"}
        for part in shipment.parts
    ]  # fmt: skip
    at = office(shipment.day, dice)
    return bill("SAL_OUTSTOCK", number, approved(at, at + 1_200_000, header), entries, entry_key="FEntity_FENTRYID")


def _return(deal: Deal, shipment: Shipment, dice: Random) -> list[Line]:
    if not shipment.returned:
        return []
    number = deal.fid + 15 + shipment.place
    header: Row = {
        "FBillNo": f"XSTHD{number}", "FDate": day_text(shipment.returned_on), "FRetcustId.FNumber": deal.customer_number,
        "FRetcustId.FName": deal.customer_name,
    }  # fmt: skip
    entry: Row = {
        "FMaterialId.FNumber": shipment.parts[0].material.number, "FRealQty": 1.0, "FStockId.FNumber": "CK001",
        "FOrderNo": f"XSDD{deal.fid}",
    }  # fmt: skip
    at = office(shipment.returned_on, dice)
    return bill("SAL_RETURNSTOCK", number, approved(at, at + 1_200_000, header), [entry], entry_key="FEntity_FENTRYID")
