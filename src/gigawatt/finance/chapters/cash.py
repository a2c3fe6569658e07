"""The end of the waterfall: tax, interest on the revolver, and who fills what is missing.

Whatever a month lacks to the cash that is always kept is drawn on revolving facilities in the order of
the file, then paid in by the buyer's owners; what is left over repays the facilities first and stays as
cash otherwise. What nobody may fill is `unfunded`, and a plan with any of it is refused.
"""

from __future__ import annotations

from gigawatt.finance.books import ACCOUNTS, OUTSIDE, Books
from gigawatt.finance.facts import Facts
from gigawatt.finance.formula import Expr, Row, Term, largest, ratio, smallest, sum_of
from gigawatt.scenario.instruments import Revolver

from .parties import BUYER

__all__ = ["capitalise_interest", "fill_gaps", "pay_revolver_interest", "pay_tax"]

_MONTHS = 12.0


def pay_revolver_interest(books: Books, facts: Facts, key: str, party: str) -> None:
    """Interest on what was owed a month ago, and the fee on the rest."""
    sheet = books.sheet
    base = facts.term(sheet, "base_rate", "", "1/year", "rate that margins stand on")
    margin = facts.term(sheet, "revolver_margin", key, "1/year", "margin above it")
    fee = facts.term(sheet, "revolver_undrawn_fee", key, "1/year", "fee on what is not drawn")
    limit = facts.term(sheet, "revolver_limit", key, "USD", "most that may be owed")
    open_ = facts.row(sheet, "open", key, "1", f"1 while {key} can be drawn")
    owed = sheet.row(f"revolver_owed[{key}]")
    due = sheet.line(
        f"revolver_due[{key}]", owed.past() * (1.0 - open_), f"owed on {key} when it has ended"
    )
    books.pay(
        due,
        BUYER,
        party,
        debit="revolver",
        credit="loans_granted",
        label=f"Repaid on {key}",
        flow="financing",
        payee_flow="investing",
    )
    cost = sheet.line(
        f"revolver_interest[{key}]",
        owed.past() * (base + margin) / _MONTHS
        + largest(limit * open_ - owed.past(), 0.0) * fee / _MONTHS,
        f"interest and fees of {key}",
    )
    books.pay(
        cost,
        BUYER,
        party,
        debit="interest",
        credit="interest_income",
        label=f"Interest and fees of {key}",
        flow="financing",
        payee_flow="operations",
    )


def capitalise_interest(books: Books, facts: Facts) -> None:
    """Interest while halls are under construction is part of their cost: its share by value."""
    sheet, life = books.sheet, facts.months_of("hall_life")
    if not any(name.startswith("halls_paid[") for name in sheet.lines):
        return
    building = Row(f"construction[{BUYER}]").past()
    others: list[Expr] = [Row(f"halls[{BUYER}]").past()]
    if any(name.startswith("racks_cost[") for name in sheet.lines):
        others.append(Row(f"racks[{BUYER}]").past())
    interest = books.expenses(BUYER, ["interest"])
    share = sheet.line(
        "construction_share",
        ratio(building, building + sum_of(others)),
        "halls under construction, per halls and racks",
        "1",
    )
    kept = sheet.line(
        "interest_capitalised",
        interest * share,
        "interest during construction, added to the cost of halls",
    )
    books.record(kept, BUYER, debit="capitalised_interest", credit="interest")
    serving = sheet.row("interest_serving_value")
    sheet.line(
        serving.name, serving.past() + kept - kept.past(life), "the same within the life of halls"
    )
    worn = sheet.line("interest_worn_share", serving / life, "its depreciation")
    books.record(worn, BUYER, debit="depreciation", credit="capitalised_interest")


def pay_tax(books: Books, facts: Facts) -> None:
    """Tax on profit after losses carried forward, paid in the month."""
    sheet = books.sheet
    rate = facts.term(sheet, "tax_rate", "", "1", "tax on profit")
    of_profit = [
        name
        for name, account in ACCOUNTS.items()
        if account.kind in {"income", "expense"} and name != "warrant_income"
    ]
    before = sheet.line(
        "profit_before_tax", 0.0 - books.expenses(BUYER, of_profit), "profit before tax"
    )
    losses = sheet.row("losses_carried")
    sheet.line(losses.name, largest(losses.past() - before, 0.0), "losses carried forward")
    tax = sheet.line(
        "tax_paid", largest(before - losses.past(), 0.0) * rate, "tax on profit beyond them"
    )
    books.pay(tax, BUYER, OUTSIDE, debit="tax", credit="", label="Tax", flow="operations")


def fill_gaps(
    books: Books, facts: Facts, revolvers: dict[str, tuple[Revolver, str]], opening: Term
) -> None:
    """Revolvers, then the owners, fill what is missing."""
    sheet = books.sheet
    least = facts.term(sheet, "least_cash", "", "USD", "cash that is always kept")
    first = sheet.given(
        "first_month", [1.0] + [0.0] * (sheet.months - 1), "1", "1 in the first month"
    )
    start = sheet.line("opening_cash_paid_in", first * opening, "cash at the start")
    books.open_with(start, BUYER)
    before = sheet.line(
        "cash_before",
        Row(f"cash[{BUYER}]").past() + start + books.cash_flow(BUYER),
        "cash before revolving facilities and owners",
    )
    missing: Expr = sheet.line(
        "missing", largest(least - before, 0.0), "missing to the cash that is always kept"
    )
    over: Expr = sheet.line("left_over", largest(before - least, 0.0), "left over above it")
    for key, (_, party) in revolvers.items():
        limit = Term(f"revolver_limit[{key}]")
        open_ = Row(f"open[{key}]")
        owed = sheet.row(f"revolver_owed[{key}]")
        draw = sheet.line(
            f"revolver_draw[{key}]",
            largest(smallest(missing, limit * open_ - owed.past()), 0.0),
            f"drawn on {key}",
        )
        due = Row(f"revolver_due[{key}]")
        back = sheet.line(
            f"revolver_repaid[{key}]",
            smallest(over, owed.past() - due),
            f"repaid on {key} from what is left over",
        )
        sheet.line(owed.name, owed.past() + draw - back - due, f"owed on {key}, end of month")
        books.pay(
            draw,
            party,
            BUYER,
            debit="loans_granted",
            credit="revolver",
            label=f"Drawn on {key}",
            flow="investing",
            payee_flow="financing",
        )
        books.pay(
            back,
            BUYER,
            party,
            debit="revolver",
            credit="loans_granted",
            label=f"Repaid on {key}",
            flow="financing",
            payee_flow="investing",
        )
        missing = sheet.line(f"missing_after[{key}]", missing - draw, f"missing after {key}")
        over = sheet.line(f"left_over_after[{key}]", over - back, f"left over after {key}")
    paid = sheet.row("owners_paid_in")
    to_date = sheet.row("owners_paid_to_date")
    if "sponsor_limit" in facts.figures:
        limit = facts.term(sheet, "sponsor_limit", "", "USD", "most that the buyer's owners bring")
        sheet.line(
            paid.name,
            largest(smallest(missing, limit - to_date.past()), 0.0),
            "paid in by the buyer's owners",
        )
    else:
        sheet.line(paid.name, missing * 1.0, "paid in by the buyer's owners")
    sheet.line(to_date.name, to_date.past() + paid, "paid in by the owners to date")
    sheet.line("unfunded", missing - paid, "what nobody fills; 0")
    books.pay(
        paid,
        OUTSIDE,
        BUYER,
        debit="",
        credit="sponsor",
        label="Paid in by the owners",
        flow="financing",
    )
