"""Equity by milestone or on dates, customers' prepayments, warrants: money that needs no repayment in cash."""

from __future__ import annotations

from gigawatt.finance.books import OUTSIDE, Books
from gigawatt.finance.facts import Facts
from gigawatt.finance.formula import Row, largest, smallest, sum_of
from gigawatt.scenario.instruments import Prepayment, Warrants

from .parties import BUYER

__all__ = ["invest", "prepay", "vest"]


def invest(books: Books, facts: Facts, key: str, party: str) -> None:
    """Tranches and equity on dates, as they are owed to the cent."""
    sheet = books.sheet
    paid = facts.row(sheet, "paid_in", key, "USD", f"paid in by {key}")
    row = sheet.line(f"equity_paid[{key}]", paid * 1.0, f"shares issued to {key}")
    books.pay(
        row,
        party,
        BUYER,
        debit="investments",
        credit="shares",
        label=f"Equity of {key}",
        flow="investing",
        payee_flow="financing",
    )


def prepay(
    books: Books, facts: Facts, key: str, terms: Prepayment, collected: list[Row], party: str
) -> None:
    """Cash ahead of the service, then set off against receipts.

    The customer keeps books of it only if the instrument names one; else it is of those outside.
    """
    sheet = books.sheet
    paid = facts.row(sheet, "paid_in", key, "USD", f"prepaid by {key}")
    row = sheet.line(f"prepaid[{key}]", paid * 1.0, f"prepaid by {key}")
    books.pay(
        row,
        party,
        BUYER,
        debit="prepayments_made",
        credit="prepaid_by_customers",
        label=f"Prepayment of {key}",
        flow="investing",
        payee_flow="operations",
    )
    if not collected or not terms.set_off:
        return
    share = facts.term(sheet, "set_off", key, "1", "part of the receipts that is set off")
    open_ = sheet.row(f"prepayment_left[{key}]")
    served = sheet.line(
        f"set_off_against[{key}]",
        smallest(sum_of(list(collected)) * share, open_.past()),
        f"receipts set off against the prepayment of {key}",
    )
    sheet.line(open_.name, open_.past() + row - served, f"prepayment of {key} not yet served")
    books.pay(
        served,
        BUYER,
        OUTSIDE,
        debit="prepaid_by_customers",
        credit="",
        label="Receipts set off against prepayments",
        flow="operations",
    )
    # The customer's bills are among all receipts; what is set off against them is service it has used.
    books.record(served, party, debit="capacity", credit="prepayments_made")


def vest(books: Books, facts: Facts, key: str, terms: Warrants, party: str) -> None:
    """Value of shares as they vest, and cash where they are sold at once."""
    sheet = books.sheet
    strike = facts.term(sheet, "strike", key, "USD", "price at which a share can be had")
    price = facts.row(sheet, "share_price", key, "USD", f"price of a share of {party}")
    shares = facts.row(sheet, "shares_vesting", key, "1", f"shares of {key} that vest")
    value = sheet.line(
        f"warrants_vested[{key}]",
        shares * largest(price - strike, 0.0),
        f"value of the shares of {key} that vest",
    )
    books.record(value, BUYER, debit="warrants_held", credit="warrant_income")
    # A discount that the supplier gives in shares: less revenue, against equity, no cash.
    books.record(value, party, debit="revenue", credit="shares")
    if terms.sell:
        sold = sheet.line(
            f"warrants_sold[{key}]", value * 1.0, f"shares of {key} sold as they vest"
        )
        books.pay(
            sold,
            OUTSIDE,
            BUYER,
            debit="",
            credit="warrants_held",
            label=f"Shares of {key} sold",
            flow="financing",
        )
