"""The books as an XLSX workbook that recalculates: assumptions, quantities by month, pages of live formulas."""

from __future__ import annotations

from .write import write_workbook

__all__ = ["write_workbook"]
