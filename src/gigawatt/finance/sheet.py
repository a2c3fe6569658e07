"""A sheet: terms, quantities by month, and lines that follow from them by formulas."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike

from gigawatt.core.arrays import Array

from .formula import Expr, Operand, Row, Term, as_expr

__all__ = ["Given", "Line", "Sheet", "TermValue"]


@dataclass(frozen=True, slots=True)
class TermValue:
    """An assumption.

    Attributes
    ----------
    value : float or array, shape (draws,)
        In its unit.
    unit, doc : str
        Unit, and what it is.
    path : str
        Where the scenario or the inputs of the plan say it.
    """

    value: ArrayLike
    unit: str
    doc: str
    path: str = ""


@dataclass(frozen=True, slots=True)
class Given:
    """A quantity by month that the calendar gives, shape (..., T)."""

    values: Array
    unit: str
    doc: str
    path: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """A row that follows from others.

    Attributes
    ----------
    expr : Expr
        Its formula.
    unit : str
        A line in `USD` is rounded to the cent in every month; one in `USD exact` is not.
    doc : str
        What it is.
    """

    expr: Expr
    unit: str
    doc: str


@dataclass
class Sheet:
    """Terms, quantities and lines by name; a name is used once.

    Examples
    --------
    >>> from gigawatt.finance.evaluate import evaluate
    >>> sheet = Sheet(3)
    >>> rate = sheet.term("rate", 0.01, "1/month", "interest of a month")
    >>> debt, interest = sheet.row("debt"), sheet.row("interest")
    >>> drawn = sheet.given("drawn", [100.0, 0.0, 0.0], "USD", "drawn")
    >>> _ = sheet.line("interest", debt.past() * rate, "interest on what was owed")
    >>> _ = sheet.line("debt", debt.past() + drawn + interest, "owed at the end of the month")
    >>> evaluate(sheet)["debt"].tolist()
    [100.0, 101.0, 102.01]
    """

    months: int
    terms: dict[str, TermValue] = field(default_factory=dict)
    givens: dict[str, Given] = field(default_factory=dict)
    lines: dict[str, Line] = field(default_factory=dict)

    def row(self, name: str) -> Row:
        """A row, defined already or later."""
        return Row(name)

    def term(self, name: str, value: ArrayLike, unit: str, doc: str, path: str = "") -> Term:
        """Add an assumption."""
        self._once(name)
        self.terms[name] = TermValue(value, unit, doc, path)
        return Term(name)

    def given(self, name: str, values: ArrayLike, unit: str, doc: str, path: str = "") -> Row:
        """Add a quantity by month."""
        self._once(name)
        self.givens[name] = Given(np.asarray(values, dtype=float), unit, doc, path)
        return Row(name)

    def line(self, name: str, expr: Operand, doc: str, unit: str = "USD") -> Row:
        """Add a line."""
        self._once(name)
        self.lines[name] = Line(as_expr(expr), unit, doc)
        return Row(name)

    def _once(self, name: str) -> None:
        if name in self.terms or name in self.givens or name in self.lines:
            raise ValueError(f"{name} is defined twice")
