"""All that a workbook holds, checked and put in its place before a cell is written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from gigawatt.core.arrays import Array
from gigawatt.finance.layout import Page
from gigawatt.finance.sheet import Sheet

from .places import Arrangement, arrange

__all__ = ["Contents", "gather"]


@dataclass(frozen=True, slots=True)
class Contents:
    """What is written.

    Attributes
    ----------
    sheet : Sheet
        Terms, quantities and lines.
    terms : mapping of str to float
        Value of each term.
    figures : mapping of str to list of float
        Quantities and lines by month.
    arrangement : Arrangement
        Where everything stands.
    title : str
        Title of the workbook.
    notes : mapping of str to str
        Evidence of terms.
    checks : tuple of str
        Lines that must be 0 in every month.
    cached : bool
        Whether formulas carry their computed value.
    """

    sheet: Sheet
    terms: Mapping[str, float]
    figures: Mapping[str, list[float]]
    arrangement: Arrangement
    title: str
    notes: Mapping[str, str]
    checks: tuple[str, ...]
    cached: bool

    def unit(self, row: str) -> str:
        """Unit of a quantity or line as readers see it; that a line is not rounded is not a unit."""
        where = self.sheet.givens if row in self.sheet.givens else self.sheet.lines
        return where[row].unit.removesuffix(" exact")


def gather(
    sheet: Sheet,
    values: Mapping[str, ArrayLike],
    pages: Sequence[Page],
    *,
    title: str,
    months: Sequence[str],
    notes: Mapping[str, str],
    checks: Sequence[str],
    cached: bool,
) -> Contents:
    """Check that the parts fit one another, and arrange them.

    Raises
    ------
    ValueError
        If a figure is missing, not finite, of several draws or of another number of months.
    """
    months_of = (sheet.months,)
    terms: dict[str, float] = {}
    for name, term in sheet.terms.items():
        terms[name] = float(_finite(name, term.value, ()))
    figures = {
        name: _finite(name, given.values, months_of).tolist()
        for name, given in sheet.givens.items()
    }
    for name in sheet.lines:
        if name not in values:
            raise ValueError(f"{name} was not computed")
        figures[name] = _finite(name, values[name], months_of).tolist()
    for name in checks:
        if name not in sheet.lines:
            raise ValueError(f"there is no line {name} to check")
    arrangement = arrange(sheet, pages, months)
    return Contents(sheet, terms, figures, arrangement, title, notes, tuple(checks), cached)


def _finite(name: str, value: ArrayLike, shape: tuple[int, ...]) -> Array:
    array = np.asarray(value, dtype=float)
    if array.shape != shape:
        raise ValueError(f"{name} has shape {array.shape}, not {shape}: a workbook shows one plan")
    if not np.isfinite(array).all():
        raise ValueError(f"{name} is not finite, and a spreadsheet has no such number")
    return array
