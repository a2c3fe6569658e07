"""The books of a plan: computed, checked, and what of them enters the plan's figures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

import numpy as np

from gigawatt.core.arrays import Array
from gigawatt.core.errors import Problem, RunFolderError, ScenarioError, did_you_mean
from gigawatt.core.money import owed
from gigawatt.finance.books import Books
from gigawatt.finance.chapters.parties import BUYER
from gigawatt.finance.evaluate import evaluate
from gigawatt.finance.facts import Facts
from gigawatt.finance.model import books_of
from gigawatt.scenario import Scenario
from gigawatt.scenario.instruments import TermLoan

from .buildout import Figures

__all__ = ["KeptBooks", "bound_shares", "keep_books"]


@dataclass(frozen=True)
class KeptBooks:
    """Books and the values of their lines.

    Attributes
    ----------
    books : Books
        Lines, parties, movements of cash.
    lines : dict of str to array, shape (T,)
        Values of all lines.
    bound : mapping of str to (float, int)
        Share of what each partner is paid that is due whatever the use [1], and months of its term after
        the horizon.
    sites : tuple of str
        Own sites, in the order of the plan.
    """

    books: Books
    lines: dict[str, Array]
    bound: Mapping[str, tuple[float, int]] = field(default_factory=dict)
    sites: tuple[str, ...] = ()

    def figures(self, owners_share: float) -> Figures:
        """What the plan keeps: every line, and what follows from them for each party.

        Parameters
        ----------
        owners_share : float
            Part of the buyer that is its owners' at the end [1].
        """
        names, months = list(self.books.sheet.lines), self.books.sheet.months
        parties = list(self.books.parties)
        free = self._line("cash_from_operations[buyer]") + self._line("cash_from_investing[buyer]")
        owners = -self._line("owners_paid_in") - self._line("opening_cash_paid_in")
        left = (f"cash[{BUYER}]", f"receivables[{BUYER}]")
        net = (
            sum(float(self._line(name)[-1]) for name in left)
            - self._line(f"liabilities[{BUYER}]")[-1]
        )
        owners[-1] += net * owners_share
        return {
            "books.value": np.stack([self.lines[name] for name in names], -1),
            "books.cash_usd": np.stack([self.lines[f"cash[{party}]"] for party in parties], -1),
            "books.at_stake_usd": np.stack([self._at_stake(party) for party in parties], -1),
            "finance.energy_cost_usd": side_by_side(
                [self._line(f"energy_cost[{site}]") for site in self.sites], months
            ),
            "finance.free_cash_usd": free,
            "finance.owners_usd": owners,
            "finance.commitments_left_usd": self._commitments_left(),
        }

    def owed(self, name: str) -> list[Decimal]:
        """A line of money by month, exact to the cent.

        Parameters
        ----------
        name : str
            Line in USD, such as `loan_repaid[ddtl]`.

        Raises
        ------
        RunFolderError
            E505 if the books have no such line, or it is no money.
        """
        line = self.books.sheet.lines.get(name)
        if line is None or line.unit != "USD":
            raise RunFolderError(
                Problem(
                    "E505",
                    f"The books have no line of money '{name}'.",
                    did_you_mean(
                        name,
                        [n for n, known in self.books.sheet.lines.items() if known.unit == "USD"],
                    ),
                )
            )
        return [owed(float(usd)) for usd in self.lines[name]]

    def _line(self, name: str) -> Array:
        """A line, or nothing in every month where there is none."""
        values = self.lines.get(name)
        return np.zeros(self.books.sheet.months) if values is None else values

    def _at_stake(self, party: str) -> Array:
        """What a party has put in and not got back: shares at cost, loans, leases, prepayments, receivables.

        A provider has laid out what its cash is below zero; the company of a lease puts in nothing of its
        own.
        """
        role = self.books.parties[party].role
        if role in {"buyer", "lessor"}:
            return np.zeros(self.books.sheet.months)
        if role == "provider":
            return np.maximum(-self._line(f"cash[{party}]"), 0.0)
        accounts = (
            "investments", "loans_granted", "leases_granted", "prepayments_made", "receivables",
        )  # fmt: skip
        return sum(
            (self._line(f"{account}[{party}]") for account in accounts),
            np.zeros(self.books.sheet.months),
        )

    def _commitments_left(self) -> Array:
        """What contracts for capacity still bind the buyer to pay, at the end of each month."""
        left = []
        for partner, (share, beyond) in self.bound.items():
            cost = self._line(f"capacity_cost[{partner}]")
            left.append((np.cumsum(cost[::-1])[::-1] - cost + cost[-1] * beyond) * share)
        return side_by_side(left, self.books.sheet.months)


def side_by_side(rows: list[Array], months: int) -> Array:
    """Rows by month as columns, be there none."""
    return np.stack(rows, -1) if rows else np.zeros((months, 0))


def keep_books(scenario: Scenario, facts: Facts) -> KeptBooks:
    """Make and compute the books of a plan.

    Raises
    ------
    ScenarioError
        E805 if a month cannot be funded; E806 if a loan cannot be sized; E807 if an amount is beyond
        what can be kept to the cent.
    """
    names = {key: facts.partner_names[key] for key in facts.partner_names}
    books = books_of(facts, scenario.spec.investment, names)
    with np.errstate(all="ignore"):  # what is beyond all meaning is refused by name below
        try:
            lines = evaluate(books.sheet)
        except OverflowError:
            lines = {}
    if too_much := _beyond_cents(books, lines):
        raise ScenarioError(too_much)
    problems = [*_unsized(scenario, lines), *_unfunded(scenario, lines)]
    if problems:
        raise ScenarioError(problems)
    return KeptBooks(books, lines, bound_shares(scenario), facts.sites)


def bound_shares(scenario: Scenario) -> dict[str, tuple[float, int]]:
    """Share of what each partner is paid that is due whatever the use, and months after the horizon."""
    found = {}
    horizon = scenario.spec.horizon.range
    for key, partner in scenario.spec.partners.items():
        paid = max(partner.utilisation, partner.take_or_pay)
        share = partner.take_or_pay / paid if paid > 0.0 else 0.0
        above = [month for month, power in partner.capacity.items() if power > 0.0]
        first = horizon.offset(min(above or partner.capacity))
        beyond = 0 if partner.term is None else max(0, first + int(partner.term) - horizon.months)
        found[key] = (1.0 if partner.commitment is not None else share, beyond)
    return found


_MOST_USD = 2.0**52 / 100.0
"""Above it a float has no cents [USD]."""


def _beyond_cents(books: Books, lines: dict[str, Array]) -> Problem | None:
    """The first line whose amounts, or their sum, are beyond what can be kept to the cent."""
    fix = "Lower the largest amounts, prices, rates or growth, or plan fewer months."
    if not lines:
        return Problem("E807", "An amount of the books grows beyond all numbers.", fix)
    sizes = np.abs(np.stack([lines[name] for name in books.sheet.lines]))
    sums, peaks = sizes.sum(axis=-1).tolist(), sizes.max(axis=-1).tolist()
    for (name, line), size, peak in zip(books.sheet.lines.items(), sums, peaks, strict=True):
        money = line.unit == "USD"
        if np.isfinite(size) and not (money and max(peak, size / 100.0) > _MOST_USD):
            continue
        at = f"{size:,.0f} USD in all" if np.isfinite(size) else "beyond all numbers"
        text = (
            f"{line.doc} ({name}) comes to {at}; cents are kept up to {_MOST_USD:,.0f} USD a month."
        )
        return Problem("E807", text[:1].upper() + text[1:], fix)
    return None


def _unfunded(scenario: Scenario, lines: dict[str, Array]) -> list[Problem]:
    short = lines["unfunded"]
    if not np.any(short > 0.0):
        return []
    at = int(np.argmax(short > 0.0))
    month = scenario.spec.horizon.range.start + at
    full = [
        f"'{key}' owes {lines[f'revolver_owed[{key}]'][at]:,.2f} USD of {instrument.limit:,.2f} USD"
        for key, instrument in scenario.spec.investment.items()
        if instrument.kind == "revolver"
    ]
    owners = scenario.spec.money.sponsor
    full.append(
        f"the owners have paid in {lines['owners_paid_to_date'][at]:,.2f} USD of {owners:,.2f} USD"
    )
    return [
        Problem(
            "E805",
            f"{month} cannot be funded: {short[at]:,.2f} USD are missing after every instrument; "
            f"{'; '.join(full)}. At the worst {short.max():,.2f} USD are missing.",
            "Raise money.sponsor or the limit of a revolver, leave money.sponsor out for no limit, or "
            "build more slowly.",
            "money.sponsor",
            scenario.tree.origin("money.sponsor"),
        )
    ]


def _unsized(scenario: Scenario, lines: dict[str, Array]) -> list[Problem]:
    problems = []
    for key, loan in scenario.spec.investment.items():
        if not isinstance(loan, TermLoan) or loan.sizing is None:
            continue
        cash = lines.get(f"cash_for_debt[{key}]", lines["cash_for_debt"])
        since = np.arange(len(cash)) - scenario.spec.horizon.range.offset(loan.until)
        repaying = (since > 0) & (since <= loan.amortisation)
        if loan.repayment == "sculpted":
            impossible = repaying.any() and not np.any(cash[repaying] > 0.0)
            at = int(np.argmax(repaying))
        else:
            supports = lines[f"loan_supports[{key}]"]
            impossible, at = bool(supports.min() <= 0.0), int(supports.argmin())
        if impossible:
            month = scenario.spec.horizon.range.start + at
            problems.append(
                Problem(
                    "E806",
                    f"The loan cannot be sized: in the year to {month} there is no cash for debt service "
                    f"({cash[at]:,.2f} USD in that month), so that no debt is covered {loan.sizing:g} times.",
                    "Give income or prices of served tokens, begin repayment later, or leave 'sizing' out.",
                    f"investment.{key}.sizing",
                    scenario.tree.origin(f"investment.{key}.sizing"),
                )
            )
    return problems
