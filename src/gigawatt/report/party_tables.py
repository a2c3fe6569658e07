"""The books of each party by calendar year: a few lines of each, and the whole statement behind them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gigawatt.core.arrays import Array
from gigawatt.finance.books import FLOWS
from gigawatt.finance.chapters.parties import BUYER
from gigawatt.finance.layout import Shown
from gigawatt.finance.statements import statement_page

from .palette import OWNERS, Shade
from .table import Cell, Column, Table, rows
from .view import View, year_columns
from .wording import MONEY_USD, amount, money, scale

__all__ = ["PartyBooks", "party_books"]

_ROLES = {
    "buyer": "builds and runs the fleet", "vendor": "sells racks", "provider": "lets capacity",
    "lender": "lends", "investor": "invests", "lessor": "lets racks",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class PartyBooks:
    """One party as the page shows it.

    Attributes
    ----------
    key, name, role : str
        Id in the page, name, and what it does.
    shade : Shade
        Its colour.
    facts : tuple of str
        What its money comes to, in words.
    waterfall, statement : Table
        By year: the sums, and every label.
    """

    key: str
    name: str
    role: str
    shade: Shade
    facts: tuple[str, ...]
    waterfall: Table
    statement: Table


def party_books(view: View) -> list[PartyBooks]:
    """Every party whose books are kept, the buyer first."""
    return [_party(view, at, party) for at, party in enumerate(view.plan.books.books.parties)]


def _party(view: View, at: int, party: str) -> PartyBooks:
    record = view.plan.books.books.parties[party]
    shade = Shade(OWNERS) if party == BUYER else view.palette.parties[party]
    return PartyBooks(
        f"party-{at}", record.name, _ROLES[record.role], shade, _facts(view, party),
        _waterfall(view, party, f"party-{at}"), _statement(view, party, f"statement-{at}"),
    )  # fmt: skip


def _facts(view: View, party: str) -> tuple[str, ...]:
    row = view.sources.summary["books"]["parties"][party]
    facts = [
        f"receives {money(row['received_usd'])}",
        f"pays {money(row['paid_usd'])}",
        f"{'earns' if row['profit_usd'] >= 0.0 else 'loses'} {money(abs(row['profit_usd']))}",
    ]
    if "npv_usd" in row:
        facts.append(f"present value {money(row['npv_usd'])}")
    if row.get("at_stake_usd"):
        facts.append(f"at stake {money(row['at_stake_usd'])} in {row['at_stake_month']}")
    return tuple(facts)


def _waterfall(view: View, party: str, key: str) -> Table:
    flows = [flow for flow in FLOWS if f"cash_from_{flow}[{party}]" in view.plan.books.lines]
    shown = [Shown(f"cash_from_{flow}[{party}]", f"Cash from {flow}") for flow in flows]
    shown.append(Shown(f"cash[{party}]", "Cash at the end of the year", strong=True, flow=False))
    shown.append(Shown(f"profit[{party}]", "Profit"))
    values = [_values(view, row.name) for row in shown]
    stake = view.plan["books.at_stake_usd"].sel(party=party).values
    if stake.any():
        shown.append(Shown("", "At stake at the end of the year", flow=False))
        values.append(stake)
    return _yearly(
        view, key, f"{view.plan.books.books.parties[party].name} by year", shown, values, {}
    )


def _statement(view: View, party: str, key: str) -> Table:
    page = statement_page(view.plan.books.books, party)
    shown: list[Shown] = []
    heads: dict[int, str] = {}
    for section in page.sections:
        heads[len(shown)] = section.title
        shown += section.rows
    values = [_values(view, row.name) for row in shown]
    return _yearly(view, key, f"Full statement of {page.title}", shown, values, heads)


def _values(view: View, name: str) -> Array:
    kept = view.plan.books
    if name in kept.lines:
        return kept.lines[name]
    given = kept.books.sheet.givens.get(name)
    return (
        np.zeros(kept.books.sheet.months)
        if given is None
        else np.asarray(given.values, dtype=float)
    )


def _yearly(
    view: View,
    key: str,
    title: str,
    shown: Sequence[Shown],
    values: Sequence[Array],
    titles: dict[int, str],
) -> Table:
    """A row for each line by calendar year: sums of flows, ends of balances."""
    by_year = [
        view.in_year(v) if row.flow else view.at_year_end(v)
        for row, v in zip(shown, values, strict=True)
    ]
    largest = max((abs(v) for line in by_year for v in line), default=0.0)
    divisor, unit = scale(largest, MONEY_USD)
    digits = 2 if largest < 1000.0 * divisor else 1
    lines: list[list[Cell | str]] = []
    heads, strong = set(), set()
    for at, (row, yearly) in enumerate(zip(shown, by_year, strict=True)):
        if at in titles:
            heads.add(len(lines))
            lines.append([titles[at], *[""] * (len(yearly) + 1)])
        if row.strong:
            strong.add(len(lines))
        total = amount(sum(yearly) / divisor, digits) if row.flow else ""
        lines.append([row.label, *(amount(v / divisor, digits) for v in yearly), total])
    return Table(
        key, title,
        (Column("", unit, figures=False), *year_columns(view), Column("all years")),
        rows(lines), heads=frozenset(heads), strong=frozenset(strong), yearly=True,
    )  # fmt: skip
