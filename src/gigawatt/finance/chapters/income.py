"""Income: served tokens, and what comes from elsewhere; collected some months later."""

from __future__ import annotations

from gigawatt.finance.books import OUTSIDE, Books
from gigawatt.finance.facts import Facts

from .parties import BUYER

__all__ = ["earn"]


def earn(books: Books, facts: Facts) -> None:
    """Revenue by stream, and its collection."""
    sheet = books.sheet
    for stream in facts.streams:
        served = facts.has("served_mtokens", stream)
        if not served and not facts.has("income_usd", stream):
            continue
        if served:
            tokens = facts.row(
                sheet, "served_mtokens", stream, "Mtoken", f"output tokens of {stream} served"
            )
            price = facts.term(
                sheet,
                "token_price_usd",
                stream,
                "USD/Mtoken",
                f"price of output tokens of {stream}",
            )
            due = sheet.line(f"revenue_from[{stream}]", tokens * price, f"revenue of {stream}")
        else:
            path = facts.row(
                sheet, "income_usd", stream, "USD", f"income of {stream}, as the scenario says"
            )
            due = sheet.line(f"revenue_from[{stream}]", path * 1.0, f"revenue of {stream}")
        books.record(due, BUYER, debit="receivables", credit="revenue")
        wait = facts.months_of("collected_after", stream)
        got = sheet.line(
            f"collected[{stream}]",
            due.past(wait) if wait else due * 1.0,
            f"revenue of {stream} collected, {wait} months later",
        )
        books.pay(
            got,
            OUTSIDE,
            BUYER,
            debit="",
            credit="receivables",
            label="Receipts from customers",
            flow="operations",
        )
