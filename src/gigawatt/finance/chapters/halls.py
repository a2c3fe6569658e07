"""Halls: land, shell, power and cooling, paid while they are built, worn out over decades."""

from __future__ import annotations

from gigawatt.finance.books import OUTSIDE, Books
from gigawatt.finance.facts import Facts
from gigawatt.finance.formula import Expr, Row, sum_of

from .parties import BUYER

__all__ = ["build_halls", "payments_for_halls"]


def build_halls(books: Books, facts: Facts) -> None:
    """Every site whose halls the buyer pays for."""
    for site in facts.sites:
        if facts.has("halls_new_mw", site):
            _build(books, facts, site)


def payments_for_halls(books: Books) -> Expr:
    """What is paid for halls in a month, at all sites."""
    return sum_of([Row(name) for name in books.sheet.lines if name.startswith("halls_paid[")])


def _build(books: Books, facts: Facts, site: str) -> None:
    sheet, build, life = books.sheet, facts.months_of("hall_build"), facts.months_of("hall_life")
    price = facts.term(
        sheet,
        "facility_cost_usd",
        site,
        "USD/MW IT",
        f"land, shell, power and cooling at {site}",
        f"hall_price[{site}]",
    )
    power = facts.row(
        sheet, "halls_new_mw", site, "MW IT", f"power of the halls energised at {site}"
    )
    cost = sheet.line(
        f"halls_cost[{site}]", power * price, f"cost of the halls energised at {site}"
    )
    to_date = sheet.line(f"halls_cost_to_date[{site}]", cost.to_date(), "the same to date")
    due = sheet.line(
        f"halls_paid_to_date[{site}]",
        to_date.ahead_mean(build),
        f"paid to date, evenly over {build} months up to energisation",
    )
    paid = sheet.line(
        f"halls_paid[{site}]",
        due - due.past(),
        f"paid for halls at {site}; the first month includes what fell due before",
    )
    books.pay(
        paid, BUYER, OUTSIDE, debit="construction", credit="", label="Halls", flow="investing"
    )
    books.record(cost, BUYER, debit="halls", credit="construction")
    serving = sheet.line(
        f"halls_serving_value[{site}]",
        cost.window(life),
        f"cost of the halls within their life of {life} months",
    )
    worn = sheet.line(f"halls_worn[{site}]", serving.to_date() / life, "depreciation to date")
    fall = sheet.line(
        f"halls_depreciation[{site}]", worn - worn.past(), f"depreciation of halls at {site}"
    )
    books.record(fall, BUYER, debit="depreciation", credit="halls")
