"""Chips leased through a company set up for them: its rent, its lenders, its owners.

The company buys the racks' share that it finances and leases it for an annuity; at the end the buyer
pays what is left and keeps them. In the buyer's books that is a debt (a finance lease). The company
passes on what it receives: debt service to its lender, the rest to whoever owns it.
"""

from __future__ import annotations

from collections.abc import Sequence

from gigawatt.finance.books import OUTSIDE, Books
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
from gigawatt.scenario.instruments import ChipLease

from .financed import Financed
from .parties import BUYER
from .racks import cost_of_racks

__all__ = ["lease_chips"]

_MONTHS = 12.0


def lease_chips(
    books: Books,
    facts: Facts,
    key: str,
    lease: ChipLease,
    party: str,
    before: Sequence[Financed],
) -> Row:
    """Add a chip lease; returns what it finances by month."""
    sheet, months = books.sheet, int(lease.term)
    company = books.party(f"{key}-company", f"Company of {key}", "lessor")
    lender = books.party(lease.lender, lease.lender, "lender")

    def term(name: str, unit: str, doc: str) -> Term:
        return facts.term(sheet, f"lease_{name}", key, unit, doc)

    limit, share = (
        term("limit", "USD", "most that is financed"),
        term("share", "1", "part of the price financed"),
    )
    rate, left = (
        term("rate", "1/year", "rate in the rent") / _MONTHS,
        term("residual", "1", "part of the price left at the end"),
    )
    open_ = facts.row(sheet, "open", key, "1", f"1 while {key} finances")
    funded = sheet.row(f"lease_funded[{key}]")
    cost = cost_of_racks(books, lease.systems)
    if before:
        taken = sum_of([other.part_of(books, lease.systems, False) for other in before])
        cost = largest(cost - taken, 0.0)
    fund = sheet.line(
        f"lease_funding[{key}]",
        largest(smallest(cost * share * open_, limit - funded.past()), 0.0),
        f"racks financed by {key}",
    )
    sheet.line(funded.name, funded.past() + fund, "the same to date")
    running = sheet.line(
        f"lease_running[{key}]", fund.window(months), "cost of the racks that pay rent", "USD exact"
    )
    discount: Expr = (1.0 + rate) ** Number(-float(months))
    annuity = ratio(rate, 1.0 - discount, 1.0 / months) * (1.0 - left * discount)
    exact = sheet.row(f"lease_exact[{key}]")
    ended = running + running.past()  # nothing is owed, and no rounding grows, once nothing runs
    grown = exact.past() * (1.0 + rate) + fund
    paid = running.past() * annuity + fund.past(months) * left
    sheet.line(
        exact.name,
        where(ended, ">", 0.0, grown - paid, 0.0),
        "owed, before rounding",
        "USD exact",
    )
    owed = sheet.line(f"lease_owed[{key}]", exact * 1.0, f"owed to {company}, end of month")
    interest = sheet.line(f"lease_interest[{key}]", owed.past() * rate, "interest in the rent")
    principal = sheet.line(
        f"lease_principal[{key}]",
        owed.past() + fund - owed,
        "repayment in the rent, and what is left at the end",
    )
    books.pay(
        fund,
        company,
        BUYER,
        debit="leases_granted",
        credit="leases",
        label=f"Racks financed by {key}",
        flow="investing",
        payee_flow="financing",
    )
    books.pay(
        interest,
        BUYER,
        company,
        debit="interest",
        credit="interest_income",
        label=f"Rent of {key}",
        flow="financing",
        payee_flow="operations",
    )
    books.pay(
        principal,
        BUYER,
        company,
        debit="leases",
        credit="leases_granted",
        label=f"Rent of {key}",
        flow="financing",
        payee_flow="investing",
    )
    _company(books, facts, key, company, lender, party, (fund, owed, interest, principal))
    return fund


def _company(
    books: Books,
    facts: Facts,
    key: str,
    company: str,
    lender: str,
    owner: str,
    rows: tuple[Row, Row, Row, Row],
) -> None:
    sheet = books.sheet
    fund, owed, interest, principal = rows
    equity = facts.term(
        sheet, "lease_equity_share", key, "1", "part of the company's money that is equity"
    )
    rate = facts.term(sheet, "lease_debt_rate", key, "1/year", "interest of its debt") / _MONTHS
    debt = sheet.line(
        f"company_debt[{key}]", owed * (1.0 - equity), f"debt of {company}, end of month"
    )
    draw = sheet.line(f"company_draw[{key}]", fund * (1.0 - equity), f"borrowed by {company}")
    paid_in = sheet.line(
        f"company_equity[{key}]", fund - draw, f"paid in by the owner of {company}"
    )
    repaid = sheet.line(f"company_repaid[{key}]", debt.past() + draw - debt, f"repaid by {company}")
    cost = sheet.line(
        f"company_interest[{key}]", debt.past() * rate, f"interest of the debt of {company}"
    )
    back = sheet.line(
        f"company_equity_back[{key}]", principal - repaid, "equity returned to the owner"
    )
    gain = sheet.line(
        f"company_gain[{key}]", interest - cost, "what is left of the rent, to the owner"
    )
    books.pay(
        draw,
        lender,
        company,
        debit="loans_granted",
        credit="loans",
        label=f"Loan to {company}",
        flow="investing",
        payee_flow="financing",
    )
    books.pay(
        repaid,
        company,
        lender,
        debit="loans",
        credit="loans_granted",
        label=f"Repayment by {company}",
        flow="financing",
        payee_flow="investing",
    )
    books.pay(
        cost,
        company,
        lender,
        debit="interest",
        credit="interest_income",
        label=f"Interest of {company}",
        flow="financing",
        payee_flow="operations",
    )
    books.pay(
        paid_in,
        owner,
        company,
        debit="investments",
        credit="shares",
        label=f"Equity of {company}",
        flow="investing",
        payee_flow="financing",
    )
    books.pay(
        back,
        company,
        owner,
        debit="shares",
        credit="investments",
        label=f"Equity back from {company}",
        flow="financing",
        payee_flow="investing",
    )
    books.pay(
        gain,
        company,
        owner,
        debit="shares",
        credit="interest_income",
        label=f"Gain of {company}",
        flow="financing",
        payee_flow="operations",
    )
    assert owner != OUTSIDE
