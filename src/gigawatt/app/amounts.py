"""Dollars and counts as the terminal shows them."""

from __future__ import annotations

__all__ = ["count", "money"]


def money(usd: float) -> str:
    """Dollars with three or four significant digits: $51.3B, $940M, $12,000."""
    size = abs(usd)
    for scale, letter in ((1e12, "T"), (1e9, "B"), (1e6, "M")):
        if size >= scale:
            return f"${usd / scale:,.4g}{letter}"
    return f"${usd:,.0f}"


def count(number: float) -> str:
    """A count: 1.23 M from a million on, whole below."""
    return f"{number / 1e6:,.3g} M" if abs(number) >= 1e6 else f"{number:,.0f}"
