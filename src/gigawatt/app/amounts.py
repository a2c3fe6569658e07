"""Dollars and counts as the terminal shows them."""

from __future__ import annotations

from gigawatt.core.amounts import count, digits, money

__all__ = ["count", "digits", "money"]
