"""What customers owe and pay for an order: receivables, receipts, matches (核销), refunds, bills received.

Comes in: a deal and its shipments. Goes out: lines of AR_receivable, AR_RECEIVEBILL, AR_REFUNDBILL, AR_Match and CN_BILLRECEIVABLE. An
entry of a match is one side of it, with the sign of its bill; receivables' sides and receipts' sides of a match add up to the same amount.
"""

from random import Random

from sandbox.company.names import weighted
from sandbox.company.seasons import local_day
from sandbox.erp.catalogue import ORGANISATION
from sandbox.erp.lines import Line, Row, approved, bill, day_text, in_books, office, time_text, without_tax, yuan
from sandbox.erp.sales import Deal, Shipment

RECEIVABLE, RECEIPT, REFUND = "AR_receivable", "AR_RECEIVEBILL", "AR_REFUNDBILL"
PREPAID_SHARE = 0.3  # of equipment orders
TERM_DAYS = {"eq": 60, "sw": 30, "pt": 30}
NEVER_SHARE, LATE_SHARE, VERY_LATE_SHARE = 0.02, 0.30, 0.08  # of invoices
HALVES_SHARE = 0.15  # of payments: two halves, a month apart
BILL_SHARE = 0.25  # of payments for equipment in yuan
BILL_DAYS = 180
FATES = {"collected": 0.66, "discounted": 0.15, "endorsed": 0.15, "dishonoured": 0.04}  # what becomes of a bill
KINDS = ["bank", "bank", "commercial", "finance_company"]
PAID_BY = {"bank": "JSFS04_SYS", "bill": "JSFS06_SYS"}
Side = tuple[str, int, int]  # form, bill's number, cents with the bill's sign


class Account:
    """The money side of one deal. `lines` grows in the order of what happens."""

    def __init__(self, deal: Deal, dice: Random) -> None:
        self.deal, self._dice, self._taken = deal, dice, dict.fromkeys((20, 28, 60, 80), 0)
        self.lines: list[Line] = []

    def settle(self, shipments: list[Shipment]) -> list[Line]:
        """Invoice every shipment and let the customer pay, or not."""
        deal, advance = self.deal, 0
        prepaid = int(deal.gross * PREPAID_SHARE) if deal.line.startswith("eq") else 0
        if prepaid:
            early = local_day(deal.won_ms) + 3 + int(self._dice.random() * 10)
            advance = self._receipt(early, prepaid, "bank", "SFKYT01_SYS")
        for shipment in shipments:
            invoiced = shipment.day + 1 + int(self._dice.random() * 2)
            number = self._invoice(shipment, invoiced)
            used = min(prepaid, shipment.gross)
            if used:
                prepaid -= used
                self._match(invoiced, [(RECEIVABLE, number, used), (RECEIPT, advance, used)])
            self._pay(shipment, number, invoiced, shipment.gross - used)
        return self.lines

    def _invoice(self, shipment: Shipment, day: int) -> int:
        number = self.deal.fid + 30 + shipment.place
        amounts = [(part.material.number, part.material.tax, part.gross) for part in shipment.parts]
        self._receivable(number, day, day + TERM_DAYS[self.deal.line[:2]], amounts)
        return number

    def _receivable(self, number: int, day: int, due: int, amounts: list[tuple[str, int, int]]) -> None:
        deal = self.deal
        header: Row = {
            "FBillNo": f"AR{number}", "FDATE": day_text(day), "FENDDATE_H": day_text(due), "FCUSTOMERID.FNumber": deal.customer_number,
            "FCUSTOMERID.FName": deal.customer_name, "FSALEORGID.FNumber": ORGANISATION, "FCURRENCYID.FCODE": deal.currency,
            "FORDERNUMBER": f"XSDD{deal.fid}",
        }  # fmt: skip
        entries: list[Row] = []
        for material, rate, gross in amounts:
            books, net = in_books(gross, deal.is_usd), without_tax(gross, rate)
            entries.append(
                {
                    "FMATERIALID.FNumber": material, "FEntryTaxRate": float(rate), "FALLAMOUNTFOR_D": yuan(gross),
                    "FNoTaxAmountFor_D": yuan(net), "FTAXAMOUNTFOR_D": yuan(gross - net), "FALLAMOUNT_D": yuan(books),
                    "FNOTAXAMOUNT_D": yuan(without_tax(books, rate)),
                }
            )  # fmt: skip
        at = office(day, self._dice)
        steps = approved(at, at + 900_000, header, "FDOCUMENTSTATUS")
        self.lines += bill(RECEIVABLE, number, steps, entries, entry_key="FEntityDetail_FEntryID")

    def _pay(self, shipment: Shipment, number: int, invoiced: int, owed: int) -> None:
        """Receipts for one invoice, a red-letter invoice for what came back, a refund where it was paid for already."""
        dice, chance = self._dice, self._dice.random()
        late = 60 + int(dice.random() * 60) if chance < VERY_LATE_SHARE else int(dice.random() * 45)
        paid_on = (
            invoiced + TERM_DAYS[self.deal.line[:2]] - 5 + (late if chance < LATE_SHARE else int(dice.random() * 8))
        )
        is_paid = dice.random() >= NEVER_SHARE
        if shipment.returned:
            is_refunded = shipment.returned > owed or (is_paid and paid_on <= shipment.returned_on)
            owed -= self._give_back(shipment, number, is_refunded=is_refunded)
        if not is_paid or owed <= 0:
            return
        halves = (
            [(paid_on, owed // 2), (paid_on + 30, owed - owed // 2)]
            if dice.random() < HALVES_SHARE
            else [(paid_on, owed)]
        )
        for day, amount in halves:
            is_bill = self.deal.line.startswith("eq") and not self.deal.is_usd and dice.random() < BILL_SHARE
            receipt = self._receipt(day, amount, "bill" if is_bill else "bank", "SFKYT02_SYS")
            self._match(day, [(RECEIVABLE, number, amount), (RECEIPT, receipt, amount)])
            if is_bill:
                self._bill(day, amount, receipt, number)

    def _give_back(self, shipment: Shipment, number: int, *, is_refunded: bool) -> int:
        """The red-letter invoice of a return; the amount by which less is to be paid."""
        red, back, day = self.deal.fid + 35 + shipment.place, shipment.returned, shipment.returned_on + 1
        part = shipment.parts[0]
        self._receivable(red, day, day, [(part.material.number, part.material.tax, -back)])
        if not is_refunded:
            self._match(day, [(RECEIVABLE, number, back), (RECEIVABLE, red, -back)])
            return back
        refund = self.deal.fid + 40 + shipment.place
        self._cash(REFUND, refund, day + 9, back, "bank")
        self._match(day + 9, [(RECEIVABLE, red, -back), (REFUND, refund, -back)])
        return 0

    def _receipt(self, day: int, amount: int, paid_by: str, purpose: str) -> int:
        number = self._next(20)
        self._cash(RECEIPT, number, day, amount, paid_by, purpose)
        return number

    def _cash(self, form: str, number: int, day: int, amount: int, paid_by: str, purpose: str | None = None) -> None:
        deal, at = self.deal, office(day, self._dice)
        is_refund = form == REFUND
        name, prefix = ("FREFUNDAMOUNT", "SKTKD") if is_refund else ("FRECAMOUNT", "SKD")
        header: Row = {
            "FBillNo": f"{prefix}{number}", "FDATE": day_text(day), "FCONTACTUNIT.FNumber": deal.customer_number,
            "FCONTACTUNIT.FName": deal.customer_name, "FCURRENCYID.FCODE": deal.currency, "FCREATEDATE": time_text(at),
        }  # fmt: skip
        entry: Row = {
            "FSETTLETYPEID.FNumber": PAID_BY[paid_by], f"{name}FOR_E": yuan(amount), f"{name}_E": yuan(in_books(amount, deal.is_usd)),
        }  # fmt: skip
        if not is_refund:
            entry["FPURPOSEID.FNumber"] = purpose
        key = "FREFUNDBILLENTRY_FEntryID" if is_refund else "FRECEIVEBILLENTRY_FEntryID"
        steps = approved(at, at + 600_000, header, "FDOCUMENTSTATUS")
        self.lines += bill(form, number, steps, [entry], entry_key=key, modified="FMODIFYDATE")

    def _match(self, day: int, sides: list[Side]) -> None:
        number, at = self._next(60), office(day, self._dice)
        prefixes = {RECEIVABLE: "AR", RECEIPT: "SKD", REFUND: "SKTKD"}
        entries: list[Row] = [
            {
                "FSOURCEFROMID": form, "FSRCBILLNO": f"{prefixes[form]}{source}", "FCURWRITTENOFFAMOUNTFOR": yuan(cents),
                "FCURWRITTENOFFAMOUNT": yuan(in_books(cents, self.deal.is_usd)),
            }
            for form, source, cents in sides
        ]  # fmt: skip
        steps: list[tuple[int, Row]] = [(at, {"FBillNo": f"HX{number}", "FDATE": day_text(day)})]
        self.lines += bill("AR_Match", number, steps, entries, entry_key="FEntity_FEntryID")

    def _bill(self, day: int, amount: int, receipt: int, invoice: int) -> None:
        """The bill that a receipt consists of, and what becomes of it; a dishonoured one takes the receipt back."""
        dice, deal, number = self._dice, self.deal, self._next(80)
        fate = weighted(dice, FATES)
        ends = day + BILL_DAYS if fate in ("collected", "dishonoured") else day + 20 + int(dice.random() * 100)
        header: Row = {
            "FBILLNUMBER": f"1{number:029d}", "FBILLTYPE": KINDS[int(dice.random() * len(KINDS))], "FBILLSTATUS": "received",
            "FCONTACTUNIT.FNumber": deal.customer_number, "FCONTACTUNIT.FName": deal.customer_name,
            "FCURRENCYID.FCODE": deal.currency, "FPARAMOUNTFOR": yuan(amount), "FPARAMOUNT": yuan(amount),
            "FSOURCEBILLNO": f"SKD{receipt}", "FISSUEDATE": day_text(day - 3), "FDUEDATE": day_text(day + BILL_DAYS),
            "FSTATUSDATE": day_text(day),
        }  # fmt: skip
        at = office(day, dice)
        told = (office(ends, dice), {"FBILLSTATUS": fate, "FSTATUSDATE": day_text(ends)})
        self.lines += bill(
            "CN_BILLRECEIVABLE", number, [*approved(at, at + 900_000, header, "FDOCUMENTSTATUS"), told], [{}]
        )
        if fate == "dishonoured":
            red = self._next(28)
            self._cash(RECEIPT, red, ends, -amount, "bill", "SFKYT02_SYS")
            self._match(ends, [(RECEIVABLE, invoice, -amount), (RECEIPT, red, -amount)])

    def _next(self, first: int) -> int:
        self._taken[first] += 1
        return self.deal.fid + first + self._taken[first] - 1
