"""Delayed-draw term loans: drawn against what is built, sized by debt service cover, then repaid."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gigawatt.finance.books import Books
from gigawatt.finance.facts import Facts
from gigawatt.finance.formula import (
    Expr,
    Number,
    Row,
    Term,
    largest,
    ratio,
    smallest,
    sum_of,
    where,
)
from gigawatt.scenario.instruments import TermLoan

from .financed import Financed, cost_against
from .parties import BUYER

__all__ = ["cover_of_loans", "lend"]

_MONTHS = 12.0


def lend(
    books: Books,
    facts: Facts,
    key: str,
    loan: TermLoan,
    party: str,
    before: Sequence[Financed],
    senior: Sequence[str],
) -> Financed:
    """Add a term loan; returns what it finances.

    Parameters
    ----------
    books : Books
        Costs and income are on it already.
    facts : Facts
        `open` by month, `loan_end` (last month of availability), terms.
    key : str
        Id of the instrument.
    loan : TermLoan
        Its form: eligible systems, kind and length of repayment.
    party : str
        The lender.
    before : sequence of Financed
        What leases and earlier loans finance already, and no loan does again.
    senior : sequence of str
        Earlier loans, whose debt service comes first.
    """
    sheet = books.sheet

    def term(name: str, unit: str, doc: str) -> Term:
        return facts.term(sheet, f"loan_{name}", key, unit, doc)

    limit = term("limit", "USD", "commitment")
    base = facts.term(sheet, "base_rate", "", "1/year", "rate that margins stand on")
    rate = (base + term("margin", "1/year", "margin above it")) / _MONTHS
    open_ = facts.row(sheet, "open", key, "1", f"1 while {key} can be drawn")
    cash = Row("cash_for_debt")
    if senior:
        first = sum_of([Row(f"loan_service[{other}]") for other in senior])
        cash = sheet.line(
            f"cash_for_debt[{key}]", cash - first, f"what earlier loans leave for {key}"
        )
    left, service = _repayment(books, facts, key, loan, rate, cash)
    size = _size(books, facts, key, loan, limit, service, cash)
    eligible = cost_against(books, loan.systems, loan.halls)
    if before:
        taken = sum_of([other.part_of(books, loan.systems, loan.halls) for other in before])
        eligible = largest(eligible - taken, 0.0)
    drawn = sheet.row(f"loan_drawn[{key}]")
    advance = term("advance_rate", "1", "loan per eligible cost")
    draw = sheet.line(
        f"loan_draw[{key}]",
        largest(smallest(eligible * advance * open_, size - drawn.past()), 0.0),
        f"drawn on {key}",
    )
    sheet.line(drawn.name, drawn.past() + draw, "drawn to date")
    owed = sheet.line(f"loan_owed[{key}]", drawn * left, f"owed on {key}, end of month")
    repaid = sheet.line(f"loan_repaid[{key}]", owed.past() + draw - owed, f"repaid on {key}")
    interest = sheet.line(f"loan_interest[{key}]", owed.past() * rate, f"interest on {key}")
    committed = facts.row(sheet, "committed", key, "1", f"1 in the availability period of {key}")
    undrawn = term("undrawn_fee", "1/year", "fee on what is not drawn") / _MONTHS
    upfront = facts.row(sheet, "first_available", key, "1", f"1 in the first month of {key}")
    fees = sheet.line(
        f"loan_fees[{key}]",
        largest(size - drawn.past(), 0.0) * undrawn * committed
        + size * term("upfront_fee", "1", "fee on the commitment") * upfront,
        f"fees of {key}",
    )
    books.pay(
        draw,
        party,
        BUYER,
        debit="loans_granted",
        credit="loans",
        label=f"Drawn on {key}",
        flow="investing",
        payee_flow="financing",
    )
    books.pay(
        repaid,
        BUYER,
        party,
        debit="loans",
        credit="loans_granted",
        label=f"Repaid on {key}",
        flow="financing",
        payee_flow="investing",
    )
    for row in (interest, fees):
        books.pay(
            row,
            BUYER,
            party,
            debit="interest",
            credit="interest_income",
            label=f"Interest and fees of {key}",
            flow="financing",
            payee_flow="operations",
        )
    sheet.line(f"loan_service[{key}]", repaid + interest, f"debt service of {key}")
    return Financed(draw, loan.systems, loan.halls)


def cover_of_loans(books: Books, loans: Sequence[str]) -> None:
    """Debt service cover over twelve months: cash after tax, per service of all loans together."""
    if not loans:
        return
    sheet, year = books.sheet, 12
    cash = sheet.line(
        "cash_for_cover", Row("cash_for_debt") - Row("tax_paid"), "cash for debt service, after tax"
    )
    service = sheet.line(
        "debt_service", sum_of([Row(f"loan_service[{key}]") for key in loans]), "of all loans"
    )
    for key in loans:
        sheet.line(
            f"loan_cover[{key}]",
            ratio(cash.window(year), service.window(year) * Row(f"repaying[{key}]")),
            f"cover of all debt service over twelve months while {key} is repaid; 0 else",
            "1",
        )


def _repayment(
    books: Books, facts: Facts, key: str, loan: TermLoan, rate: Expr, cash: Row
) -> tuple[Row, Row]:
    """What is left of a dollar drawn, and what a dollar drawn costs in a month of repayment."""
    sheet, term = books.sheet, int(loan.amortisation)
    last = facts.months_of("loan_end", key)
    count = np.clip(np.arange(sheet.months) - last, 0, term).astype(float)
    paid = sheet.given(f"repayments[{key}]", count, "1", f"instalments of {key} paid")
    repaying = sheet.given(
        f"repaying[{key}]",
        (count > 0) & (np.arange(sheet.months) <= last + term),
        "1",
        f"1 while {key} is repaid",
    )
    straight: Expr = 1.0 - paid / term
    if loan.repayment == "annuity":
        growth = 1.0 + rate
        whole = growth ** Number(float(term))
        share: Expr = ratio(whole - growth**paid, whole - 1.0, straight)
    elif loan.repayment == "sculpted":
        worth = sheet.line(
            f"loan_worth[{key}]",
            largest(cash, 0.0) * repaying * (1.0 + rate) ** (0.0 - paid),
            "cash for debt service in the repayment months, at its value when they begin",
            "USD exact",
        )
        share = (
            ratio(worth.total() - worth.to_date(), worth.total(), straight) * (1.0 + rate) ** paid
        )
    else:
        share = straight
    # a lender is never made to lend again: a month without cash repays nothing, later ones make up for it
    left = sheet.row(f"loan_left[{key}]")
    before = where(paid, ">", 1.5, left.past(), 1.0)
    sheet.line(left.name, smallest(before, share), f"left of a dollar drawn on {key}", "1")
    service = sheet.line(
        f"loan_service_share[{key}]",
        (before - left + before * rate) * repaying,
        f"debt service of a dollar drawn on {key}",
        "1",
    )
    return left, service


def _size(
    books: Books,
    facts: Facts,
    key: str,
    loan: TermLoan,
    limit: Term,
    service: Row,
    cash: Row,
) -> Expr:
    """The commitment, or what the cash for debt service carries if that is less."""
    if loan.sizing is None:
        return limit
    sheet = books.sheet
    cover = facts.term(
        sheet, "loan_sizing", key, "1", "debt service cover that the loan is sized for"
    )
    if loan.repayment == "sculpted":
        carried: Expr = ratio(Row(f"loan_worth[{key}]").total(), cover)
    else:
        year, repaying = 12, Row(f"repaying[{key}]")
        there = sheet.line(f"loan_cash[{key}]", cash * repaying, f"cash while {key} is repaid")
        supports = sheet.line(
            f"loan_supports[{key}]",
            ratio(there.window(year), service.window(year) * cover * repaying, limit),
            f"loan that the cash of twelve months carries at the cover of {key}",
        )
        carried = supports.lowest()
    return largest(smallest(limit, carried), 0.0)
