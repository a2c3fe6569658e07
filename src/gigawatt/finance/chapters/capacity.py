"""Capacity contracted from others: what the buyer pays, and the provider's own books of it."""

from __future__ import annotations

from gigawatt.finance.books import OUTSIDE, Books
from gigawatt.finance.facts import Facts
from gigawatt.finance.formula import Expr, Number, Row

from .parties import BUYER, vendor_of

__all__ = ["contract_capacity"]


def contract_capacity(books: Books, facts: Facts) -> None:
    """Every partner."""
    for partner in facts.partners:
        books.party(partner, facts.partner_names.get(partner, partner), "provider")
        _buyer(books, facts, partner)
        _provider(books, facts, partner)


def _buyer(books: Books, facts: Facts, partner: str) -> None:
    due = _as_agreed(books, facts, partner)
    if due is None:
        return
    sheet = books.sheet
    if facts.known("contract_open", partner):
        open_ = facts.row(
            sheet, "contract_open", partner, "1", f"1 until the contract with {partner} is ended"
        )
        agreed = sheet.line(
            f"capacity_agreed[{partner}]",
            due,
            f"what {partner} would be paid to the end of its term",
        )
        cost = sheet.line(f"capacity_cost[{partner}]", agreed * open_, f"paid to {partner}")
        fee = facts.term(
            sheet,
            "termination_fee",
            partner,
            "1",
            "part of what is left, due when the contract is ended",
        )
        end = facts.row(
            sheet,
            "contract_ends",
            partner,
            "1",
            f"1 in the month that ends the contract with {partner}",
        )
        ended = sheet.line(
            f"termination[{partner}]",
            end * fee * (agreed.total() - cost.total() + _beyond(books, facts, partner, agreed)),
            f"due to {partner} for the end of the contract",
        )
        books.pay(
            ended,
            BUYER,
            partner,
            debit="capacity",
            credit="revenue",
            label="Contracted capacity",
            flow="operations",
        )
    else:
        cost = sheet.line(f"capacity_cost[{partner}]", due, f"paid to {partner}")
    books.pay(
        cost,
        BUYER,
        partner,
        debit="capacity",
        credit="revenue",
        label="Contracted capacity",
        flow="operations",
    )


def _beyond(books: Books, facts: Facts, partner: str, agreed: Row) -> Expr:
    """What the contract would cost after the horizon: its last month, to the end of its term."""
    sheet, months = books.sheet, facts.months_of("contract_beyond", partner)
    last = [0.0] * (sheet.months - 1) + [1.0]
    flag = Row("last_month")
    if flag.name not in sheet.givens:
        sheet.given(flag.name, last, "1", "1 in the last month")
    name = f"capacity_last[{partner}]"
    return sheet.line(name, agreed * flag, "the same in the last month").total() * float(months)


def _as_agreed(books: Books, facts: Facts, partner: str) -> Expr | None:
    """What the contract costs in a month, however it is priced; none if it has no price."""
    sheet = books.sheet
    if facts.has("partner_commitment_usd", partner):
        whole = facts.term(
            sheet,
            "partner_commitment_usd",
            partner,
            "USD",
            f"whole value of the contract with {partner}",
        )
        running = facts.row(
            sheet, "contract_running", partner, "1", f"1 while the contract with {partner} runs"
        )
        return running * whole / facts.months_of("partner_term_months", partner)
    paid: Expr = Number(1.0)
    if facts.has("partner_price_usd", partner):
        price = facts.term(
            sheet,
            "partner_price_usd",
            partner,
            "USD/package/h",
            f"price of a GPU-hour of {partner}",
        )
        paid = (
            facts.row(
                sheet,
                "gpu_hours",
                partner,
                "package·h",
                f"GPU-hours of {partner}, used or paid all the same",
            )
            * price
        )
    elif facts.has("partner_power_price_usd", partner):
        price = facts.term(
            sheet,
            "partner_power_price_usd",
            partner,
            "USD/MW/month",
            f"price of power of {partner}",
        )
        paid = (
            facts.row(
                sheet,
                "paid_mw",
                partner,
                "MW on the partner's basis",
                f"power of {partner}, used or paid all the same",
            )
            * price
        )
    else:
        return None
    return paid


def _provider(books: Books, facts: Facts, partner: str) -> None:
    """What the provider's side costs: its racks, halls and electricity, at the catalog's figures."""
    sheet = books.sheet
    if facts.has("provider_racks", partner) and facts.has("provider_rack_price", partner):
        vendor = vendor_of(books, facts, partner)
        racks = facts.row(
            sheet, "provider_racks", partner, "rack", f"racks that {partner} adds for the buyer"
        )
        price = facts.term(
            sheet,
            "provider_rack_price",
            partner,
            "USD/rack",
            f"price of a rack of {partner}",
        )
        cost = sheet.line(f"provider_racks_cost[{partner}]", racks * price, f"racks of {partner}")
        share = facts.term(
            sheet,
            "provider_network_share",
            partner,
            "1",
            f"network of {partner}, per price of its racks",
        )
        links = sheet.line(
            f"provider_network_cost[{partner}]", racks * price * share, f"network of {partner}"
        )
        books.pay(
            links, partner, OUTSIDE, debit="racks", credit="", label="Network", flow="investing"
        )
        books.pay(
            cost,
            partner,
            vendor,
            debit="racks",
            credit="revenue",
            label="Racks",
            flow="investing",
            payee_flow="operations",
        )
        margin = facts.term(sheet, "vendor_margin", "", "1", "gross margin of those who sell racks")
        made = sheet.line(
            f"provider_cost_of_sales[{partner}]",
            cost * (1.0 - margin),
            f"what the racks of {partner} cost their vendor",
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
        bought = sheet.line(
            f"provider_racks_value[{partner}]", cost + links, "racks with their network"
        )
        _wear_out(books, partner, bought, "racks", facts.months_of("provider_rack_life", partner))
    if facts.has("provider_halls_mw", partner):
        power = facts.row(
            sheet, "provider_halls_mw", partner, "MW IT", f"power that {partner} adds for the buyer"
        )
        price = facts.term(
            sheet,
            "provider_hall_price",
            partner,
            "USD/MW IT",
            f"land, shell, power and cooling of {partner}",
        )
        cost = sheet.line(f"provider_halls_cost[{partner}]", power * price, f"halls of {partner}")
        books.pay(cost, partner, OUTSIDE, debit="halls", credit="", label="Halls", flow="investing")
        _wear_out(books, partner, cost, "halls", facts.months_of("hall_life"))
    if facts.has("provider_energy_mwh", partner):
        energy = facts.row(
            sheet, "provider_energy_mwh", partner, "MWh", f"energy of {partner} at the meter"
        )
        price = facts.term(
            sheet, "provider_energy_price", partner, "USD/MWh", f"price of energy of {partner}"
        )
        cost = sheet.line(
            f"provider_energy_cost[{partner}]", energy * price, f"electricity of {partner}"
        )
        books.pay(
            cost,
            partner,
            OUTSIDE,
            debit="energy",
            credit="",
            label="Electricity",
            flow="operations",
        )


def _wear_out(books: Books, partner: str, cost: Row, what: str, life: int) -> None:
    sheet = books.sheet
    serving = sheet.line(
        f"provider_{what}_serving_value[{partner}]", cost.window(life), "cost within its life"
    )
    worn = sheet.line(
        f"provider_{what}_worn[{partner}]", serving.to_date() / life, "depreciation to date"
    )
    fall = sheet.line(
        f"provider_{what}_depreciation[{partner}]",
        worn - worn.past(),
        f"depreciation of {what} of {partner}",
    )
    books.record(fall, partner, debit="depreciation", credit=what)
