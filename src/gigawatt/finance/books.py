"""Double entry over a sheet: every movement of money or value is posted in the books of those it touches.

A posting debits one account of a party and credits another by the same line, so that balance sheets
balance by construction of the entries and a missing half shows at once. Cash moves only through
`pay`, which posts both sides; so what one party pays, another receives, and the cash of all parties
together is what outsiders (utilities, builders, tax offices, customers) paid in or took out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from .formula import Expr, Row, sum_of
from .sheet import Sheet

__all__ = ["ACCOUNTS", "FLOWS", "OUTSIDE", "Account", "Books", "CashItem", "Party", "WaterfallRow"]

Kind = Literal["asset", "liability", "equity", "income", "expense"]
Flow = Literal["operations", "investing", "financing"]
FLOWS: tuple[Flow, ...] = ("operations", "investing", "financing")
Role = Literal["buyer", "vendor", "provider", "lender", "investor", "lessor"]


@dataclass(frozen=True, slots=True)
class Account:
    """An account, the same in everybody's books."""

    kind: Kind
    label: str


ACCOUNTS: dict[str, Account] = {
    "cash": Account("asset", "Cash"),
    "receivables": Account("asset", "Receivables"),
    "deposits_paid": Account("asset", "Deposits paid on racks"),
    "construction": Account("asset", "Halls under construction"),
    "racks": Account("asset", "Racks and network, net"),
    "halls": Account("asset", "Halls, net"),
    "capitalised_interest": Account("asset", "Interest during construction, net"),
    "warrants_held": Account("asset", "Shares from warrants"),
    "investments": Account("asset", "Shares in others, at cost"),
    "loans_granted": Account("asset", "Loans granted"),
    "leases_granted": Account("asset", "Leases granted"),
    "prepayments_made": Account("asset", "Prepaid for service"),
    "payables": Account("liability", "Payables"),
    "deposits_received": Account("liability", "Deposits received on racks"),
    "prepaid_by_customers": Account("liability", "Prepaid by customers"),
    "loans": Account("liability", "Loans"),
    "leases": Account("liability", "Leases"),
    "revolver": Account("liability", "Revolving facility"),
    "shares": Account("equity", "Shares issued to investors"),
    "sponsor": Account("equity", "Paid in by the owners"),
    "opening": Account("equity", "Opening equity"),
    "revenue": Account("income", "Revenue"),
    "interest_income": Account("income", "Interest and fees earned"),
    "warrant_income": Account("income", "Value of vested warrants"),
    "cost_of_sales": Account("expense", "Cost of sales"),
    "energy": Account("expense", "Electricity"),
    "capacity": Account("expense", "Contracted capacity"),
    "maintenance": Account("expense", "Maintenance"),
    "staff": Account("expense", "Staff"),
    "insurance": Account("expense", "Insurance"),
    "rent": Account("expense", "Land and shell"),
    "depreciation": Account("expense", "Depreciation"),
    "interest": Account("expense", "Interest and fees"),
    "tax": Account("expense", "Tax"),
}
"""All accounts, in the order of a statement."""

OUTSIDE = "outside"
"""Everybody whose books are not kept."""


@dataclass(frozen=True, slots=True)
class Party:
    """Somebody whose books are kept."""

    id: str
    name: str
    role: Role


@dataclass(frozen=True, slots=True)
class CashItem:
    """One movement of cash of a party: a line, its sign, and what it is called."""

    party: str
    other: str
    flow: Flow
    label: str
    line: str
    sign: int


@dataclass(frozen=True, slots=True)
class WaterfallRow:
    """One row of a party's waterfall: what all movements of one name add up to, by line."""

    party: str
    flow: Flow
    label: str
    line: str


@dataclass
class Books:
    """A sheet with the books of several parties on it."""

    sheet: Sheet
    parties: dict[str, Party] = field(default_factory=dict)
    cash_items: list[CashItem] = field(default_factory=list)
    waterfall: list[WaterfallRow] = field(default_factory=list)
    opening: dict[str, list[str]] = field(default_factory=dict)
    _moved: dict[str, dict[str, list[tuple[str, int]]]] = field(default_factory=dict)

    def party(self, key: str, name: str, role: Role) -> str:
        """Open the books of a party, once; a vendor who also invests stays a vendor."""
        self.parties.setdefault(key, Party(key, name, role))
        return key

    def pay(
        self,
        line: Row,
        payer: str,
        payee: str,
        *,
        debit: str,
        credit: str,
        label: str,
        flow: Flow,
        payee_flow: Flow | None = None,
    ) -> None:
        """Cash moves by a line from the payer, whose account `debit` it fills, to the payee.

        Parameters
        ----------
        line : Row
            Amount by month.
        payer, payee : str
            Parties, or `OUTSIDE`.
        debit : str
            Account of the payer: what the money is for.
        credit : str
            Account of the payee: what the money comes from.
        label : str
            What the waterfall calls it.
        flow, payee_flow : str
            Section of the payer's waterfall, and of the payee's if it is another.
        """
        if payer != OUTSIDE:
            self._post(payer, debit, "cash", line)
            self.cash_items.append(CashItem(payer, payee, flow, label, line.name, -1))
        if payee != OUTSIDE:
            self._post(payee, "cash", credit, line)
            self.cash_items.append(CashItem(payee, payer, payee_flow or flow, label, line.name, 1))

    def record(self, line: Row, party: str, *, debit: str, credit: str) -> None:
        """Value moves by a line between two accounts of a party, without cash."""
        if party != OUTSIDE:
            self._post(party, debit, credit, line)

    def _post(self, party: str, debit: str, credit: str, line: Row) -> None:
        if party not in self.parties:
            raise ValueError(f"the books of {party} are not open")
        for account in (debit, credit):
            if account not in ACCOUNTS:
                raise ValueError(f"there is no account {account}")
        of_party = self._moved.setdefault(party, {})
        of_party.setdefault(debit, []).append((line.name, 1))
        of_party.setdefault(credit, []).append((line.name, -1))

    def open_with(self, line: Row, party: str) -> None:
        """Cash that a party has at the start."""
        self._post(party, "cash", "opening", line)
        self.opening.setdefault(party, []).append(line.name)

    def cash_flow(self, party: str, flows: Iterable[Flow] = FLOWS) -> Expr:
        """What has been posted so far to the cash of a party, as an expression."""
        wanted = set(flows)
        return self._signed(
            [(i.line, i.sign) for i in self.cash_items if i.party == party and i.flow in wanted]
        )

    def expenses(self, party: str, accounts: Iterable[str]) -> Expr:
        """What has been posted so far to accounts of a party: debits less credits."""
        moved = self._moved.get(party, {})
        return self._signed([entry for name in accounts for entry in moved.get(name, [])])

    def _signed(self, terms: list[tuple[str, int]]) -> Expr:
        plus = [self.sheet.row(name) for name, sign in terms if sign > 0]
        minus = [self.sheet.row(name) for name, sign in terms if sign < 0]
        if not minus:
            return sum_of(list(plus))
        return sum_of(list(plus)) - sum_of(list(minus))

    def close(self) -> None:
        """Add the lines of all statements: cash, accounts, profit, and whether each balances.

        A party whose books nothing was posted in is left out.
        """
        self.parties = {key: party for key, party in self.parties.items() if key in self._moved}
        for party in self.parties:
            self._close(party)

    def _close(self, party: str) -> None:
        sheet = self.sheet
        balances: dict[Kind, list[Row]] = {"asset": [], "liability": [], "equity": []}
        profit: dict[str, list[Row]] = {"income": [], "expense": []}
        self._waterfall(party)
        for name, account in ACCOUNTS.items():
            moved = self.expenses(party, [name])
            if name not in self._moved[party] and name != "cash":
                continue
            label = account.label.lower()
            if account.kind in profit:
                signed = moved if account.kind == "expense" else -moved
                profit[account.kind].append(sheet.line(f"{name}[{party}]", signed, label))
                continue
            row = sheet.row(f"{name}[{party}]")
            grown = row.past() + moved if account.kind == "asset" else row.past() - moved
            balances[account.kind].append(sheet.line(row.name, grown, f"{label}, end of month"))
        result = sheet.line(
            f"profit[{party}]",
            sum_of(list(profit["income"])) - sum_of(list(profit["expense"])),
            "income less expenses",
        )
        retained = sheet.row(f"retained[{party}]")
        sheet.line(retained.name, retained.past() + result, "profit kept, end of month")
        assets = sheet.line(f"assets[{party}]", sum_of(list(balances["asset"])), "all assets")
        liabilities = sheet.line(
            f"liabilities[{party}]", sum_of(list(balances["liability"])), "all liabilities"
        )
        equity = sheet.line(
            f"equity[{party}]", sum_of([*balances["equity"], retained]), "all equity"
        )
        sheet.line(
            f"balance_check[{party}]",
            assets - liabilities - equity,
            "assets less liabilities and equity; 0",
        )
        change = Row(f"cash[{party}]") - Row(f"cash[{party}]").past()
        sheet.line(
            f"cash_check[{party}]",
            Row(f"sources[{party}]") - Row(f"uses[{party}]") - change,
            "sources less uses less what the month adds to cash; 0",
        )

    def _waterfall(self, party: str) -> None:
        """Movements of cash by what they are called, by section, and as sources and uses."""
        sheet = self.sheet
        for flow in FLOWS:
            items = [i for i in self.cash_items if i.party == party and i.flow == flow]
            sections = []
            for label in dict.fromkeys(i.label for i in items):
                moved = [(i.line, i.sign) for i in items if i.label == label]
                name = self._free_name(f"{flow}_{_slug(label)}", party)
                sections.append(sheet.line(name, self._signed(moved), label))
                self.waterfall.append(WaterfallRow(party, flow, label, name))
            if sections:
                sheet.line(
                    f"cash_from_{flow}[{party}]", sum_of(list(sections)), f"cash from {flow}"
                )
        mine = [i for i in self.cash_items if i.party == party]
        into: list[Expr] = [Row(i.line) for i in mine if i.sign > 0]
        into += [Row(name) for name in self.opening.get(party, [])]
        sheet.line(f"sources[{party}]", sum_of(into), "all cash that comes in")
        out: list[Expr] = [Row(i.line) for i in mine if i.sign < 0]
        sheet.line(f"uses[{party}]", sum_of(out), "all cash that goes out")

    def _free_name(self, start: str, party: str) -> str:
        """A name of a line that is not taken: labels may differ in what a name cannot hold."""
        name, count = f"{start}[{party}]", 1
        while name in self.sheet.lines:
            count += 1
            name = f"{start}_{count}[{party}]"
        return name


def _slug(label: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", label.lower()).strip("_")
