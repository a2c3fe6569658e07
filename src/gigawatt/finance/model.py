"""The whole of the books: every chapter in the order in which money moves."""

from __future__ import annotations

from collections.abc import Mapping

from gigawatt.scenario.instruments import (
    ChipLease,
    Equity,
    Investment,
    MilestoneEquity,
    Prepayment,
    Revolver,
    TermLoan,
    Warrants,
)

from .books import Books
from .chapters.capacity import contract_capacity
from .chapters.cash import capitalise_interest, fill_gaps, pay_revolver_interest, pay_tax
from .chapters.equity import invest, prepay, vest
from .chapters.halls import build_halls
from .chapters.income import earn
from .chapters.leases import lease_chips
from .chapters.loans import lend
from .chapters.parties import BUYER
from .chapters.racks import buy_racks
from .chapters.running import run_sites
from .facts import Facts
from .formula import Row, sum_of
from .sheet import Sheet

__all__ = ["books_of", "party_of"]


def party_of(key: str, instrument: Investment) -> str:
    """Who stands behind an instrument."""
    return instrument.party or key


def books_of(
    facts: Facts, instruments: Mapping[str, Investment], names: Mapping[str, str]
) -> Books:
    """The books of the buyer and of everybody it deals with.

    Parameters
    ----------
    facts : Facts
        Figures and quantities.
    instruments : mapping of str to Investment
        In the order in which they are asked for money.
    names : mapping of str to str
        Names of parties by id, where they have one.
    """
    books = Books(Sheet(facts.months))
    books.party(BUYER, facts.buyer, "buyer")
    earn(books, facts)
    run_sites(books, facts)
    contract_capacity(books, facts)
    _prepayments(books, facts, instruments)
    prepaid = [Row(name) for name in books.sheet.lines if name.startswith("prepaid[")]
    books.sheet.line(
        "cash_for_debt",
        books.cash_flow(BUYER, ["operations"]) - sum_of(prepaid),
        "receipts, less those prepaid, less running costs: cash for debt service, before tax",
    )
    buy_racks(books, facts)
    build_halls(books, facts)
    _instruments(books, facts, instruments, names)
    capitalise_interest(books, facts)
    pay_tax(books, facts)
    opening = facts.term(books.sheet, "opening_cash", "", "USD", "cash at the start")
    revolvers = {
        key: (instrument, party_of(key, instrument))
        for key, instrument in instruments.items()
        if isinstance(instrument, Revolver)
    }
    fill_gaps(books, facts, revolvers, opening)
    books.close()
    return books


def _prepayments(books: Books, facts: Facts, instruments: Mapping[str, Investment]) -> None:
    collected = [Row(name) for name in books.sheet.lines if name.startswith("collected[")]
    for key, instrument in instruments.items():
        if isinstance(instrument, Prepayment):
            prepay(books, facts, key, instrument, collected)


def _instruments(
    books: Books, facts: Facts, instruments: Mapping[str, Investment], names: Mapping[str, str]
) -> None:
    financed: list[Row] = []
    loans: list[tuple[str, TermLoan, str]] = []
    for key, instrument in instruments.items():
        party = party_of(key, instrument)
        role = "lender" if isinstance(instrument, (TermLoan, Revolver)) else "investor"
        if not isinstance(instrument, Prepayment):
            books.party(
                party, names.get(party, party), "lender" if role == "lender" else "investor"
            )
        if isinstance(instrument, (MilestoneEquity, Equity)):
            invest(books, facts, key, party)
        elif isinstance(instrument, Warrants):
            vest(books, facts, key, instrument, party)
        elif isinstance(instrument, ChipLease):
            financed.append(lease_chips(books, facts, key, instrument, party))
        elif isinstance(instrument, Revolver):
            pay_revolver_interest(books, facts, key, party)
        elif isinstance(instrument, TermLoan):
            loans.append((key, instrument, party))
    for key, loan, party in loans:
        lend(books, facts, key, loan, party, financed)
