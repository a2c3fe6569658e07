"""The books in the words that the terminal shows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from .amounts import money

__all__ = ["book_rows"]


def book_rows(books: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    """Lines of the headline about money, from `summary["books"]`."""
    buyer, levelised = books["buyer"], books["levelised"]
    yield (
        f"cash of {buyer['name']}",
        (
            f"needs {money(buyer['peak_funding_usd'])} at most, in {buyer['peak_funding_month']}, before "
            f"financing; owners bring {money(buyer['owners_paid_in_usd'])}"
            if buyer["peak_funding_month"]
            else "needs no funding"
        ),
    )
    yield "present value", f"{money(buyer['npv_usd'])}, rate of return {_rate(buyer)}"
    costs = [
        (levelised["usd_per_gpu_hour"], "a GPU-hour"),
        (levelised["usd_per_effective_eflop"], "an effective EFLOP"),
        (levelised["usd_per_mtoken"], "a million tokens served"),
    ]
    text = ", ".join(f"{usd:,.4g} USD {what}" for usd, what in costs if usd is not None)
    yield "levelised cost", text or "nothing is delivered"
    for vendor, row in books["circularity"].items():
        by = f", all of it by {row['returned_by']}" if row["returned_by"] else ""
        yield (
            f"money back to {vendor}",
            f"{row['returned_share']:.0%} of {money(row['invested_usd'])} invested{by}; purchases of "
            f"{money(row['purchases_usd'])}",
        )
    for key, share in books["stakes"].items():
        yield f"share bought by {key}", f"{share:.1%} of {buyer['name']}, at the values stated"
    for key, row in books["cover"].items():
        if row["least"] is not None:
            broken = len(row["months_broken"])
            tail = f"; covenant of {row['covenant']:g} broken in {broken} months" if broken else ""
            yield f"debt service cover of {key}", f"at least {row['least']:.2f}{tail}"


def _rate(row: Mapping[str, Any]) -> str:
    if row["irr"] is None:
        return f"none: {row['irr_why']}"
    if not row["irr_unique"]:
        return f"not unique: {', '.join(f'{r:.1%}' for r in row['irr_roots'])}"
    return f"{row['irr']:.1%} a year"
