"""The whole of the books: every chapter in the order in which money moves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

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

from .books import OUTSIDE, Books
from .chapters.capacity import contract_capacity
from .chapters.cash import capitalise_interest, fill_gaps, pay_revolver_interest, pay_tax
from .chapters.equity import invest, prepay, vest
from .chapters.financed import Financed
from .chapters.halls import build_halls
from .chapters.income import earn
from .chapters.leases import lease_chips
from .chapters.loans import cover_of_loans, lend
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
    _prepayments(books, facts, instruments, names)
    buy_racks(books, facts)
    build_halls(books, facts)
    financed = _leases(books, facts, instruments, names)
    _cash_for_debt(books, financed)
    loans = _instruments(books, facts, instruments, names, financed)
    capitalise_interest(books, facts)
    pay_tax(books, facts)
    cover_of_loans(books, loans)
    opening = facts.term(books.sheet, "opening_cash", "", "USD", "cash at the start")
    revolvers = {
        key: (instrument, party_of(key, instrument))
        for key, instrument in instruments.items()
        if isinstance(instrument, Revolver)
    }
    fill_gaps(books, facts, revolvers, opening)
    books.close()
    return books


def _prepayments(
    books: Books, facts: Facts, instruments: Mapping[str, Investment], names: Mapping[str, str]
) -> None:
    collected = [Row(name) for name in books.sheet.lines if name.startswith("collected[")]
    for key, instrument in instruments.items():
        if isinstance(instrument, Prepayment):
            party = OUTSIDE
            if instrument.party is not None:
                party = books.party(
                    instrument.party, names.get(instrument.party, instrument.party), "investor"
                )
            prepay(books, facts, key, instrument, collected, party)


def _leases(
    books: Books, facts: Facts, instruments: Mapping[str, Investment], names: Mapping[str, str]
) -> list[Financed]:
    financed: list[Financed] = []
    for key, instrument in instruments.items():
        if isinstance(instrument, ChipLease):
            party = party_of(key, instrument)
            books.party(party, names.get(party, party), "investor")
            paid = lease_chips(books, facts, key, instrument, party, financed)
            financed.append(Financed(paid, instrument.systems))
    return financed


def _cash_for_debt(books: Books, leases: Sequence[Financed]) -> None:
    """Receipts without what is prepaid, less running costs and rent of leased chips, before tax."""
    prepaid = [Row(name) for name in books.sheet.lines if name.startswith("prepaid[")]
    keys = [lease.paid.name.partition("[")[2] for lease in leases]
    rent = [Row(f"lease_{part}[{key}") for key in keys for part in ("interest", "principal")]
    books.sheet.line(
        "cash_for_debt",
        books.cash_flow(BUYER, ["operations"]) - sum_of([*prepaid, *rent]),
        "receipts, less those prepaid, less running costs and rent of chips: cash for debt service, before tax",
    )


def _instruments(
    books: Books,
    facts: Facts,
    instruments: Mapping[str, Investment],
    names: Mapping[str, str],
    financed: list[Financed],
) -> list[str]:
    """All instruments but leases and prepayments; returns the keys of loans."""
    loans: list[str] = []
    for key, instrument in instruments.items():
        party = party_of(key, instrument)
        name = names.get(party, party)
        if isinstance(instrument, (MilestoneEquity, Equity)):
            books.party(party, name, "investor")
            invest(books, facts, key, party)
        elif isinstance(instrument, Warrants):
            books.party(party, name, "investor")
            vest(books, facts, key, instrument, party)
        elif isinstance(instrument, Revolver):
            books.party(party, name, "lender")
            pay_revolver_interest(books, facts, key, party)
        elif isinstance(instrument, TermLoan):
            books.party(party, name, "lender")
            financed.append(lend(books, facts, key, instrument, party, financed, loans))
            loans.append(key)
    return loans
