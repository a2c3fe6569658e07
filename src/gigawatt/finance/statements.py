"""Pages of the books: each party's cash, profit and balance sheet, the instruments, the costs."""

from __future__ import annotations

from collections.abc import Iterable

from .books import ACCOUNTS, FLOWS, Books
from .layout import Page, Section, Shown

__all__ = ["instrument_page", "pages_of", "statement_page"]


def pages_of(books: Books, instruments: Iterable[str]) -> tuple[Page, ...]:
    """All pages: the buyer first, then everybody it deals with, then instruments and costs."""
    pages = [statement_page(books, party) for party in books.parties]
    of_instruments = instrument_page(books, instruments, pages)
    if of_instruments.sections:
        pages.append(of_instruments)
    pages.append(_costs(books, pages))
    return tuple(page for page in pages if page.sections)


def statement_page(books: Books, party: str) -> Page:
    """Cash, profit and balance of one party."""
    lines = books.sheet.lines
    cash: list[Shown] = []
    for flow in FLOWS:
        rows = [row for row in books.waterfall if row.party == party and row.flow == flow]
        cash += [Shown(row.line, row.label) for row in rows]
        if rows:
            cash.append(Shown(f"cash_from_{flow}[{party}]", f"Cash from {flow}", strong=True))
    cash += [Shown(name, "Cash at the start") for name in books.opening.get(party, [])]
    cash.append(Shown(f"cash[{party}]", "Cash, end of month", strong=True, flow=False))
    cash.append(Shown(f"sources[{party}]", "Sources"))
    cash.append(Shown(f"uses[{party}]", "Uses"))
    cash.append(
        Shown(f"cash_check[{party}]", "Sources less uses less change of cash; 0", flow=False)
    )
    sections = [Section("Cash", tuple(cash))]
    profit = [
        Shown(f"{name}[{party}]", account.label)
        for name, account in ACCOUNTS.items()
        if account.kind in {"income", "expense"} and f"{name}[{party}]" in lines
    ]
    profit.append(Shown(f"profit[{party}]", "Profit", strong=True))
    sections.append(Section("Profit", tuple(profit)))
    balance: list[Shown] = []
    for kind, title in (("asset", "assets"), ("liability", "liabilities"), ("equity", "equity")):
        balance += [
            Shown(f"{name}[{party}]", account.label, flow=False)
            for name, account in ACCOUNTS.items()
            if account.kind == kind and name != "cash" and f"{name}[{party}]" in lines
        ]
        if kind == "equity":
            balance.append(Shown(f"retained[{party}]", "Profit kept", flow=False))
        if kind == "asset":
            balance.insert(0, Shown(f"cash[{party}]", "Cash", flow=False))
        balance.append(Shown(f"{title}[{party}]", f"All {title}", strong=True, flow=False))
    balance.append(
        Shown(f"balance_check[{party}]", "Assets less liabilities and equity; 0", flow=False)
    )
    sections.append(Section("Balance", tuple(balance)))
    return Page(books.parties[party].name, tuple(sections))


_STOCKS = (
    "owed",
    "drawn",
    "funded",
    "left",
    "worn",
    "serving_value",
    "halls_value",
    "supports",
    "cover",
    "debt",
    "exact",
    "running",
    "to_date",
)


def instrument_page(books: Books, instruments: Iterable[str], before: Iterable[Page]) -> Page:
    """Every instrument with its lines: drawn, owed, paid, covered."""
    shown = {row.name for page in before for section in page.sections for row in section.rows}
    sections = []
    for key in instruments:
        rows = tuple(
            Shown(name, _sentence(line.doc), flow=line.unit == "USD" and not _is_stock(name))
            for name, line in books.sheet.lines.items()
            if name.endswith(f"[{key}]") and name not in shown
        )
        if rows:
            sections.append(Section(key, rows))
    return Page("Instruments", tuple(sections))


def _costs(books: Books, before: Iterable[Page]) -> Page:
    shown = {row.name for page in before for section in page.sections for row in section.rows}
    groups = {
        "Racks": ("racks_", "deposit", "on_delivery[", "acceptance_due[", "on_acceptance[", "network_cost[",
                  "installation["),
        "Halls": ("halls_",),
        "Running costs": (
            "energy_", "rack_maintenance", "hall_maintenance", "maintenance_", "staff_", "rack_insurance",
            "hall_insurance", "insurance_", "site_rent", "rent_", "capacity_", "termination",
        ),
        "Income": ("revenue_from[", "collected["),
    }  # fmt: skip
    sections = []
    for title, starts in groups.items():
        rows = tuple(
            Shown(name, _sentence(line.doc), flow=not _is_stock(name))
            for name, line in books.sheet.lines.items()
            if name.startswith(starts) and name not in shown
        )
        if rows:
            sections.append(Section(title, rows))
    return Page("Costs and income", tuple(sections))


def _is_stock(name: str) -> bool:
    return any(word in name.partition("[")[0] for word in _STOCKS)


def _sentence(doc: str) -> str:
    return doc[:1].upper() + doc[1:]
