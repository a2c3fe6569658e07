"""Expressions of the books as formulas of a spreadsheet.

Knows every node of `gigawatt.finance.formula` and how a spreadsheet writes it; where the cells stand is
told by `Cells`. Only functions that every spreadsheet has are used: SUM, MIN, MAX, IF and ROUND.
Brackets stand only where they must, because a reader should be able to follow; they keep the order in
which the engine computes.
"""

from __future__ import annotations

import math
from fractions import Fraction
from functools import lru_cache
from typing import Protocol

from gigawatt.finance.formula import (
    Ahead,
    AheadMean,
    Binary,
    Call,
    Expr,
    Lowest,
    Number,
    Past,
    Row,
    Term,
    TimeExpr,
    ToDate,
    Total,
    Window,
)
from gigawatt.finance.sheet import Line

__all__ = ["LONGEST", "Cells", "formula", "literal"]

LONGEST = 8192
"""Most characters of a formula that Excel opens."""

_COMPARISON, _SUM, _PRODUCT, _POWER, _ATOM = 1, 2, 3, 4, 5
_BINDS = {">": _COMPARISON, ">=": _COMPARISON, "+": _SUM, "-": _SUM, "*": _PRODUCT, "/": _PRODUCT}
_BINDS["^"] = _POWER


class Cells(Protocol):
    """Where rows and terms stand, as seen from one worksheet."""

    def cell(self, row: str, month: int) -> str:
        """One month of a row."""

    def since(self, row: str, month: int) -> str:
        """The first month of a row to this one, so that copying to the right extends it."""

    def span(self, row: str, first: int, last: int) -> str:
        """Some months of a row."""

    def all_months(self, row: str) -> str:
        """All months of a row, wherever the formula is copied to."""

    def term(self, name: str) -> str:
        """A term."""

    def in_cents(self, row: str) -> bool:
        """Whether a row is rounded to the cent."""


def formula(line: Line, month: int, months: int, cells: Cells) -> str:
    """The formula of a line in one month, with the equals sign.

    Parameters
    ----------
    line : Line
        A line in `USD` is rounded to the cent.
    month, months : int
        Month counted from 0, and how many there are.
    cells : Cells
        Where everything stands.

    Raises
    ------
    ValueError
        If Excel could not open so long a formula.
    """
    text, _ = _Writer(month, months, cells).write(line.expr)
    is_sum = isinstance(line.expr, TimeExpr) and not isinstance(line.expr, AheadMean)
    if line.unit == "USD" and not (is_sum and text.startswith("ROUND(")):
        text = f"ROUND({text},2)"
    if len(text) >= LONGEST:
        raise ValueError(
            f"a formula of {len(text):,} characters is longer than Excel opens: {line.doc}"
        )
    return f"={text}"


@lru_cache(maxsize=1024)
def literal(value: float) -> str:
    """A constant as a spreadsheet reads it back: to 15 digits, or as a fraction that has no end.

    Examples
    --------
    >>> literal(12.0), literal(0.05), literal(1 / 12), literal(-2.5), literal(1e21)
    ('12', '0.05', '(1/12)', '(-2.5)', '1E+21')
    """
    if not math.isfinite(value):
        raise ValueError(f"a formula cannot hold {value}")
    if value < 0.0:
        return f"(-{literal(-value)})"
    short = f"{value:.15g}"
    if float(short) != value:
        fraction = Fraction(value).limit_denominator(10_000)
        if fraction and fraction.numerator / fraction.denominator == value:
            return f"({fraction.numerator}/{fraction.denominator})"
        short = repr(value)
    return short.upper()


def _is_negation(expr: Binary) -> bool:
    return expr.op == "-" and expr.left == Number(0.0)


class _Writer:
    """Writes nodes for one month; each with how tightly its text binds."""

    def __init__(self, month: int, months: int, cells: Cells) -> None:
        self.month, self.last, self.cells = month, months - 1, cells

    def write(self, expr: Expr) -> tuple[str, int]:
        """Text, and how tightly it binds."""
        if isinstance(expr, Number):
            return literal(expr.value), _ATOM
        if isinstance(expr, Term):
            return self.cells.term(expr.name), _ATOM
        if isinstance(expr, Row):
            return self.cells.cell(expr.name, self.month), _ATOM
        if isinstance(expr, Binary):
            if expr.op in {">", ">="}:
                return f"IF({self._comparison(expr)},1,0)", _ATOM
            return self._arithmetic(expr)
        if isinstance(expr, Call):
            return self._call(expr)
        return self._look(expr)

    def _least(self, expr: Expr, binds: int) -> str:
        """Text that binds at least so tightly."""
        text, found = self.write(expr)
        return text if found >= binds else f"({text})"

    def _arithmetic(self, expr: Binary) -> tuple[str, int]:
        if _is_negation(expr):
            return f"-{self._least(expr.right, _ATOM)}", _SUM
        # Of equals the left one goes first, in a spreadsheet as in the engine; only a power says so.
        # Long sums are chains to the left, longer than calls may nest.
        binds, first, texts = _BINDS[expr.op], expr.left, []
        texts.append(f"{expr.op}{self._least(expr.right, binds + 1)}")
        while isinstance(first, Binary) and _BINDS[first.op] == binds < _POWER:
            if _is_negation(first):
                break
            texts.append(f"{first.op}{self._least(first.right, binds + 1)}")
            first = first.left
        left = self._least(first, _ATOM if binds == _POWER else binds)
        return "".join([left, *reversed(texts)]), binds

    def _comparison(self, expr: Expr) -> str:
        if not isinstance(expr, Binary) or expr.op not in {">", ">="}:
            return f"{self._least(expr, _SUM)}<>0"
        return f"{self._least(expr.left, _SUM)}{expr.op}{self._least(expr.right, _SUM)}"

    def _call(self, expr: Call) -> tuple[str, int]:
        if expr.function in {"min", "max"}:
            args = ",".join(self.write(arg)[0] for arg in expr.args)
            return f"{expr.function.upper()}({args})", _ATOM
        if expr.function == "where":
            test, then, other = expr.args
            text = f"IF({self._comparison(test)},{self.write(then)[0]},{self.write(other)[0]})"
            return text, _ATOM
        numerator, denominator, otherwise = expr.args
        quotient = f"{self._least(numerator, _PRODUCT)}/{self._least(denominator, _POWER)}"
        above = f"{self._least(denominator, _SUM)}>0"
        return f"IF({above},{quotient},{self.write(otherwise)[0]})", _ATOM

    def _look(self, expr: Expr) -> tuple[str, int]:
        """A node that looks at other months than this one."""
        month, last, cells = self.month, self.last, self.cells
        if isinstance(expr, Past):
            before = month - expr.months
            return cells.cell(expr.name, before) if before >= 0 else "0", _ATOM
        if isinstance(expr, Ahead):
            later = month + expr.months
            if month == 0:
                return self._sum(expr.name, cells.span(expr.name, 0, min(later, last))), _ATOM
            return cells.cell(expr.name, later) if later <= last else "0", _ATOM
        if isinstance(expr, AheadMean):
            end = month + expr.months - 1
            beyond = f"{end - last}*{cells.cell(expr.name, last)}" if end > last else ""
            span = cells.span(expr.name, month, min(end, last))
            return f"{self._sum(expr.name, span, beyond)}/{expr.months}", _PRODUCT
        if isinstance(expr, Window):
            if expr.months < 1:
                return "0", _ATOM
            first = max(0, month - expr.months + 1)
            return self._sum(expr.name, cells.span(expr.name, first, month)), _ATOM
        if isinstance(expr, ToDate):
            return self._sum(expr.name, cells.since(expr.name, month)), _ATOM
        if isinstance(expr, Total):
            return self._sum(expr.name, cells.all_months(expr.name)), _ATOM
        if isinstance(expr, Lowest):
            return f"MIN({cells.all_months(expr.name)})", _ATOM
        raise TypeError(f"no formula for {type(expr).__name__}")

    def _sum(self, row: str, span: str, beyond: str = "") -> str:
        """A sum over months; of amounts in cents it is in cents, and floats do not creep in."""
        text = f"SUM({span},{beyond})" if beyond else f"SUM({span})"
        return f"ROUND({text},2)" if self.cells.in_cents(row) else text
