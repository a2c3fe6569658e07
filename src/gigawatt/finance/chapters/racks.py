"""Racks and their network: ordered, paid in parts, depreciated while they serve, sold when retired."""

from __future__ import annotations

from gigawatt.finance.books import OUTSIDE, Books
from gigawatt.finance.facts import Facts
from gigawatt.finance.formula import Expr, Row, Term, sum_of

from .parties import BUYER, vendor_of

__all__ = ["buy_racks", "cost_of_racks"]

_COSTS = ("racks_cost[", "network_cost[", "installation[")


def buy_racks(books: Books, facts: Facts) -> None:
    """Every system that is bought within the horizon."""
    for system in facts.systems:
        if facts.has("racks_bought", system):
            _pay(books, facts, system)
            _wear_out(books, facts, system)


def cost_of_racks(books: Books, systems: tuple[str, ...] | None) -> Expr:
    """Price of the racks and network delivered in a month, of some systems or of all."""
    keys = [name for name in books.sheet.lines if name.startswith(_COSTS)]
    chosen = [k for k in keys if systems is None or k.partition("[")[2].rstrip("]") in systems]
    return sum_of([Row(key) for key in chosen])


def _pay(books: Books, facts: Facts, system: str) -> None:
    sheet, vendor = books.sheet, vendor_of(books, facts, system)
    price = facts.term(
        sheet,
        "price_usd",
        system,
        "USD/rack",
        f"price of a rack of {system}",
        f"rack_price[{system}]",
    )
    network = facts.term(
        sheet, "network_share", system, "1", "network and storage, per price of the racks"
    )
    bought = facts.row(
        sheet,
        "racks_bought",
        system,
        "rack",
        f"racks of {system} delivered, weighted by the price path",
    )
    cost = sheet.line(
        f"racks_cost[{system}]", bought * price, f"price of the racks of {system} delivered"
    )
    share = facts.term(sheet, "rack_deposit", "", "1", "part of the price paid with the order")
    on_delivery = facts.term(
        sheet, "rack_on_delivery", "", "1", "part of the price paid on delivery"
    )
    deposit = sheet.line(
        f"deposit_due[{system}]", cost * share, "part of it that was paid with the order"
    )
    paid = sheet.line(
        f"deposit[{system}]",
        deposit.ahead(facts.months_of("order_lag", system)),
        f"deposits on racks of {system} ordered; the first month includes earlier orders",
    )
    books.pay(
        paid,
        BUYER,
        vendor,
        debit="deposits_paid",
        credit="deposits_received",
        label="Racks",
        flow="investing",
        payee_flow="operations",
    )
    books.record(deposit, BUYER, debit="racks", credit="deposits_paid")
    books.record(deposit, vendor, debit="deposits_received", credit="revenue")
    delivered = sheet.line(
        f"on_delivery[{system}]", cost * on_delivery, "part of it paid on delivery"
    )
    books.pay(
        delivered,
        BUYER,
        vendor,
        debit="racks",
        credit="revenue",
        label="Racks",
        flow="investing",
        payee_flow="operations",
    )
    rest = sheet.line(
        f"acceptance_due[{system}]", cost - deposit - delivered, "part of it due on acceptance"
    )
    books.record(rest, BUYER, debit="racks", credit="payables")
    books.record(rest, vendor, debit="receivables", credit="revenue")
    wait = facts.months_of("rack_acceptance")
    last = sheet.line(
        f"on_acceptance[{system}]", rest.past(wait) if wait else rest, "paid on acceptance"
    )
    books.pay(
        last,
        BUYER,
        vendor,
        debit="payables",
        credit="receivables",
        label="Racks",
        flow="investing",
        payee_flow="operations",
    )
    links = sheet.line(
        f"network_cost[{system}]", bought * price * network, f"network and storage of {system}"
    )
    books.pay(
        links,
        BUYER,
        OUTSIDE,
        debit="racks",
        credit="",
        label="Network and storage",
        flow="investing",
    )
    share = _installation(books, facts)
    work = sheet.line(f"installation[{system}]", bought * price * share, f"installing {system}")
    books.pay(
        work, BUYER, OUTSIDE, debit="racks", credit="", label="Installation", flow="investing"
    )
    margin = facts.term(sheet, "vendor_margin", "", "1", "gross margin of those who sell racks")
    made = sheet.line(
        f"cost_of_sales[{system}]",
        cost * (1.0 - margin),
        f"what the racks of {system} cost their vendor",
    )
    books.pay(
        made,
        vendor,
        OUTSIDE,
        debit="cost_of_sales",
        credit="",
        label="Cost of sales",
        flow="operations",
    )


def _installation(books: Books, facts: Facts) -> Term:
    doc = "unpacking, cabling and tests, per price of the racks"
    return facts.term(books.sheet, "rack_installation", "", "1", doc)


def _wear_out(books: Books, facts: Facts, system: str) -> None:
    sheet, life = books.sheet, facts.months_of("useful_life_months", system)
    if not facts.has("racks_starting", system):
        return
    price = facts.term(sheet, "price_usd", system, "USD/rack", "", f"rack_price[{system}]")
    network = facts.term(sheet, "network_share", system, "1", "")
    residual = facts.term(
        sheet, "rack_residual", "", "1", "part of the price that a retired rack brings"
    )
    starting = facts.row(
        sheet,
        "racks_starting",
        system,
        "rack",
        f"racks of {system} that go into service, with their spares, at the price paid for them",
    )
    value = sheet.line(
        f"racks_starting_value[{system}]",
        starting * price * (1.0 + network + _installation(books, facts)),
        f"cost of the racks of {system} that go into service, installed, with their network",
    )
    brings = sheet.line(
        f"racks_residual[{system}]",
        starting * price * residual,
        "what they will bring when retired",
    )
    wears = sheet.line(f"racks_to_wear[{system}]", value - brings, "their cost less that")
    serving = sheet.line(
        f"racks_serving_value[{system}]",
        wears.window(life),
        f"the same of those within their useful life of {life} months",
    )
    worn = sheet.line(
        f"racks_worn[{system}]",
        serving.to_date() / life,
        "depreciation to date, evenly over the useful life",
    )
    fall = sheet.line(
        f"racks_depreciation[{system}]", worn - worn.past(), f"depreciation of racks of {system}"
    )
    books.record(fall, BUYER, debit="depreciation", credit="racks")
    sold = sheet.line(f"racks_sold[{system}]", brings.past(life), f"retired racks of {system} sold")
    books.pay(
        sold, OUTSIDE, BUYER, debit="", credit="racks", label="Retired racks sold", flow="investing"
    )
