"""Steers a running Tryton through its own client; run by the Python of Tryton's environment, never imported by ours.

`erp_client.py URL fill|change|tell DAY`: `fill` makes a company with a ledger, goods, deals, orders, an invoice; `change` lives one more
day; `tell` prints, as JSON, what the server answers to this client (another protocol than the connector's) for the streams on stdin.
"""

import json
import sys
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from proteus import Model, Wizard  # type: ignore[import-not-found]
from proteus.config import set_xmlrpc_session  # type: ignore[import-not-found]

Book = dict[str, Any]


def found(model: str, *domain: Any) -> Any:
    """The first record of the model that matches."""
    (record,) = Model.get(model).find(list(domain), limit=1)
    return record


def saved(model: str, **fields: Any) -> Any:
    """A new record."""
    record = Model.get(model)(**fields)
    record.save()
    return record


def account(name: str, value: Any) -> Any:
    """The first open ledger account with that code or kind."""
    return found("account.account", (name, "=", value), ("closed", "!=", True))


def open_company(connection: Any) -> Any:
    """A company in yuan with the minimal chart of accounts."""
    yuan = saved("currency.currency", name="Renminbi", code="CNY", symbol="¥", rounding=Decimal("0.01"))
    saved("currency.currency.rate", currency=yuan, date=date(2020, 1, 1), rate=Decimal(1))
    wizard = Wizard("company.company.config")
    wizard.execute("company")
    wizard.form.party, wizard.form.currency = saved("party.party", name="华东机床集团"), yuan
    wizard.execute("add")
    connection._context = connection.get_proxy("res.user").get_preferences(True, {})
    company = found("company.company")
    chart = Wizard("account.create_chart")
    chart.execute("account")
    template = connection.get_proxy("ir.model.data").get_id("account.account_template_root_en", connection.context)
    chart.form.account_template, chart.form.company = Model.get("account.account.template")(template), company
    chart.execute("create_account")
    for kind in ("receivable", "payable"):
        setattr(chart.form, f"account_{kind}", account(f"type.{kind}", True))
    chart.execute("create_properties")
    return company


def open_year(company: Any, day: date) -> None:
    """A fiscal year around the day, with its periods and number ranges."""
    kinds = {kind: found("ir.sequence.type", ("name", "=", kind)) for kind in ("Account Move", "Invoice")}
    ranges = {
        kind: saved("ir.sequence.strict", name=kind, sequence_type=kinds[kind], company=company) for kind in kinds
    }
    start, end = date(day.year - 1, 1, 1), date(day.year + 1, 12, 31)
    year = Model.get("account.fiscalyear")(name="books", company=company, start_date=start, end_date=end)
    year.move_sequence = ranges["Account Move"]
    (invoices,) = year.invoice_sequences
    for name in ("out_invoice", "in_invoice", "out_credit_note", "in_credit_note"):
        setattr(invoices, f"{name}_sequence", ranges["Invoice"])
    year.click("create_period")


def open_shop(company: Any, day: date) -> Book:
    """Goods with stock since the day before, a seller, customers, and the ways in which they pay."""
    tax = saved(
        "account.tax", name="VAT 13%", description="VAT 13%", type="percentage", rate=Decimal("0.13"),
        invoice_account=account("code", "6.3.6"),
        credit_note_account=account("code", "6.3.6"),
    )  # fmt: skip
    category = Model.get("product.category")(name="machines", accounting=True)
    category.account_revenue = account("type.revenue", True)
    category.account_expense = account("type.expense", True)
    category.customer_taxes.append(tax)
    category.save()
    template = saved(
        "product.template", name="数控车床", code="CK6150", type="goods", salable=True, list_price=Decimal("1000.10"),
        default_uom=found("product.uom", ("name", "=", "Unit")), account_category=category,
    )  # fmt: skip
    (product,) = template.products
    inventory = Model.get("stock.inventory")(
        location=found("stock.location", ("code", "=", "STO")), date=day - timedelta(days=1)
    )
    inventory.lines.new(product=product, quantity=100.0)
    inventory.click("confirm")
    term = Model.get("account.invoice.payment_term")(name="30 days")
    # the server refuses a payment date that is past, and a test may see midnight
    term.lines.new(type="remainder").relativedeltas.new(days=30)
    term.save()
    cash = account("code", "1.1.1")
    saved(
        "account.invoice.payment.method", name="bank", company=company, credit_account=cash, debit_account=cash,
        journal=found("account.journal", ("type", "=", "cash")),
    )  # fmt: skip
    saved("account.payment.journal", name="by hand", process_method="manual", company=company)
    seller = saved("company.employee", party=saved("party.party", name="销售一"), company=company)
    parties = [saved("party.party", name=name) for name in ("苏州精工有限公司", "宁波轴承厂", "不再往来的公司")]
    return {"product": product, "term": term, "seller": seller, "parties": parties}


def deal(shop: Book, party: Any, title: str, amount: str) -> Any:
    """An opportunity for some machines."""
    record = Model.get("sale.opportunity")(description=title, party=party, employee=shop["seller"])
    record.payment_term, record.amount, record.conversion_probability = shop["term"], Decimal(amount), 0.5
    record.address = party.addresses[0] if party.addresses else None
    line = record.lines.new()
    line.product = shop["product"]
    line.quantity = 2.0
    record.click("opportunity")
    return record


def order(shop: Book, party: Any, *quantities: float) -> Any:
    """A draft order."""
    record = Model.get("sale.sale")(party=party, payment_term=shop["term"], invoice_method="order")
    for quantity in quantities:
        line = record.lines.new()
        line.product = shop["product"]
        line.quantity = quantity
    record.save()
    return record


def fill(connection: Any, day: date) -> None:
    """Three deals (one becomes an order), two more orders of which one has a posted invoice, one draft that will be deleted."""
    company = open_company(connection)
    open_year(company, day)
    shop = open_shop(company, day)
    first, second, _ = shop["parties"]
    deal(shop, first, "第一条生产线", "2000.20").click("convert")
    deal(shop, second, "replacement of lathes", "45000.00")
    deal(shop, first, "spare parts", "99.90")
    confirmed = order(shop, second, 2.0, 3.0)
    confirmed.click("quote")
    confirmed.click("confirm")
    (invoice,) = Model.get("sale.sale")(confirmed.id).invoices
    invoice.invoice_date = day
    invoice.click("post")
    order(shop, first, 1.0)
    order(shop, second, 7.0).click("cancel")


def change(connection: Any, day: date) -> None:
    """The draft from the deal is confirmed, the goods of the other order leave, its invoice is paid, a deal is lost, an order deleted."""
    won, shipped, _, cancelled = sorted(Model.get("sale.sale").find([]), key=lambda record: record.id)
    won.click("quote")
    won.click("confirm")
    (shipment,) = shipped.shipments
    shipment.effective_date = day
    for step in ("assign_try", "pick", "pack", "do"):
        shipment.click(step)
    (invoice,) = shipped.invoices
    line = next(line for line in invoice.lines_to_pay)
    journal = found("account.payment.journal")
    payment = Model.get("account.payment")(kind="receivable", party=invoice.party, journal=journal, line=line)
    payment.amount, payment.date = Decimal("1000.00"), day
    payment.click("submit")
    pay = invoice.click("pay")
    pay.form.payment_method, pay.form.date = found("account.invoice.payment.method"), day
    pay.form.amount = Decimal("4000.00")
    pay.execute("choice")
    pay.form.type = "partial"
    pay.execute("pay")
    lost = found("sale.opportunity", ("description", "=", "spare parts"))
    lost.click("lost")
    cancelled.delete()
    gone = found("party.party", ("name", "=", "不再往来的公司"))
    gone.active = False
    gone.save()


def told(value: Any) -> Any:
    """A value of the client as the landing keeps it."""
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, datetime):
        return value.isoformat()  # to the second: this protocol has no fractions
    return value.isoformat() if isinstance(value, date) else value


def at(record: Any, path: str) -> Any:
    """The value of a dotted field of a record as it was read."""
    head, _, rest = path.partition(".")
    return told(record[head]) if not rest else at(record[f"{head}."], rest) if record[f"{head}."] else None


def tell(connection: Any, day: date) -> Book:
    """Stream → record id → fields that are not empty, of all records."""
    answer: Book = {}
    for name, stream in json.load(sys.stdin).items():
        for place in stream["places"] or [None]:
            context = {**connection.context, "active_test": False}
            context |= {"locations": [place], "stock_date_end": day} if place else {}
            domain = [[stream["where"], "=", True]] if stream["where"] else []
            model = connection.get_proxy(stream["object"])
            for record in model.search_read(domain, 0, None, None, stream["fields"], context):
                values = {field: at(record, field) for field in stream["fields"]}
                key = f"{place}|{record['id']}" if place else str(record["id"])
                shown = {field: value for field, value in values.items() if value is not None}
                answer.setdefault(name, {})[key] = shown
    return answer


def main() -> None:
    """Entry point."""
    url, step, day, password = sys.argv[1], sys.argv[2], date.fromisoformat(sys.argv[3]), sys.argv[4]
    with set_xmlrpc_session(url, "admin", password) as connection:
        outcome = {"fill": fill, "change": change, "tell": tell}[step](connection, day)
    json.dump(outcome, sys.stdout)


if __name__ == "__main__":
    main()
