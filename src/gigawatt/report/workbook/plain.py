"""A worksheet that takes formulas as they are.

XlsxWriter looks in every formula for thirty functions that newer versions of Excel brought, which takes
longer than all else. The formulas here have none of them.
"""

from __future__ import annotations

from xlsxwriter.worksheet import Worksheet

__all__ = ["PlainWorksheet"]


class PlainWorksheet(Worksheet):  # type: ignore[misc]
    """A worksheet whose formulas use none but the oldest functions."""

    def _prepare_formula(self, formula: str, expand_future_functions: bool = False) -> str:
        return formula.removeprefix("=")
