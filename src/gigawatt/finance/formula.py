"""Expressions of the books: small trees that say how one row of a month-by-month sheet follows from others.

One tree serves twice: `evaluate` computes it with NumPy, and the workbook writes it as a formula of a
spreadsheet. So what a reader recalculates is what the plan computed, by construction.

A row is named by text and may be used before it is defined, which is how a balance refers to its own
past. Rows are sums of money or quantities by month; terms are single values that a person may change.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

__all__ = [
    "Ahead",
    "AheadMean",
    "Binary",
    "Call",
    "Expr",
    "Lowest",
    "Number",
    "Operand",
    "Past",
    "Row",
    "Term",
    "TimeExpr",
    "ToDate",
    "Total",
    "Window",
    "as_expr",
    "largest",
    "ratio",
    "rows_of",
    "smallest",
    "sum_of",
    "walk",
    "where",
]


@dataclass(frozen=True, slots=True)
class Expr:
    """Base of all nodes; arithmetic makes larger trees."""

    def __add__(self, other: Operand) -> Binary:
        return Binary("+", self, as_expr(other))

    def __radd__(self, other: Operand) -> Binary:
        return Binary("+", as_expr(other), self)

    def __sub__(self, other: Operand) -> Binary:
        return Binary("-", self, as_expr(other))

    def __rsub__(self, other: Operand) -> Binary:
        return Binary("-", as_expr(other), self)

    def __mul__(self, other: Operand) -> Binary:
        return Binary("*", self, as_expr(other))

    def __rmul__(self, other: Operand) -> Binary:
        return Binary("*", as_expr(other), self)

    def __truediv__(self, divisor: float) -> Binary:
        """Divide by a number that is known not to be zero; `ratio` is for everything else."""
        if not divisor:
            raise ZeroDivisionError("a formula divides by zero")
        return Binary("/", self, Number(float(divisor)))

    def __pow__(self, exponent: Operand) -> Binary:
        return Binary("^", self, as_expr(exponent))

    def __neg__(self) -> Binary:
        return Binary("-", Number(0.0), self)


Operand: TypeAlias = "Expr | float"


@dataclass(frozen=True, slots=True)
class Number(Expr):
    """A constant of the formula itself, such as months in a year."""

    value: float


@dataclass(frozen=True, slots=True)
class Term(Expr):
    """A single value that a person may change."""

    name: str


@dataclass(frozen=True, slots=True)
class Row(Expr):
    """The value of a row in the same month."""

    name: str

    def past(self, months: int = 1) -> Past:
        """The row some months earlier, 0 before the first month."""
        return Past(self.name, months)

    def ahead(self, months: int) -> Expr:
        """The row some months later; what would fall before the first month falls into it."""
        return Ahead(self.name, months) if months else self

    def ahead_mean(self, months: int) -> Expr:
        """The mean over this month and those after it; beyond the last month its value stands."""
        return AheadMean(self.name, months) if months > 1 else self

    def window(self, months: int) -> Window:
        """The sum of this month and of those before it, `months` in all."""
        return Window(self.name, months)

    def to_date(self) -> ToDate:
        """The sum from the first month to this one."""
        return ToDate(self.name)

    def total(self) -> Total:
        """The sum of all months, a single value."""
        return Total(self.name)

    def lowest(self) -> Lowest:
        """The least of all months, a single value."""
        return Lowest(self.name)


@dataclass(frozen=True, slots=True)
class Past(Expr):
    """A row `months` earlier; 0 before the first month."""

    name: str
    months: int


@dataclass(frozen=True, slots=True)
class TimeExpr(Expr):
    """A node that looks over several months of one row, and so cannot look at its own result."""

    name: str


@dataclass(frozen=True, slots=True)
class Ahead(TimeExpr):
    """A row `months` later; the first month takes all that would come before it."""

    months: int


@dataclass(frozen=True, slots=True)
class AheadMean(TimeExpr):
    """Mean of a row over `months` from this one on; the last value stands beyond the last month."""

    months: int


@dataclass(frozen=True, slots=True)
class Window(TimeExpr):
    """Sum of a row over this month and those before it, `months` in all."""

    months: int


@dataclass(frozen=True, slots=True)
class ToDate(TimeExpr):
    """Running sum of a row."""


@dataclass(frozen=True, slots=True)
class Total(TimeExpr):
    """Sum of a row over all months, a single value."""


@dataclass(frozen=True, slots=True)
class Lowest(TimeExpr):
    """Least value of a row over all months, a single value."""


@dataclass(frozen=True, slots=True)
class Binary(Expr):
    """Two operands and what is between them."""

    op: Literal["+", "-", "*", "/", "^", ">", ">="]
    left: Expr
    right: Expr


@dataclass(frozen=True, slots=True)
class Call(Expr):
    """A function of operands of the same month."""

    function: Literal["min", "max", "where", "ratio"]
    args: tuple[Expr, ...]


def as_expr(operand: Operand) -> Expr:
    """A node as it is, a number as a constant."""
    return operand if isinstance(operand, Expr) else Number(float(operand))


def smallest(*operands: Operand) -> Call:
    """The least of several."""
    return Call("min", tuple(map(as_expr, operands)))


def largest(*operands: Operand) -> Call:
    """The greatest of several."""
    return Call("max", tuple(map(as_expr, operands)))


def where(
    left: Operand, op: Literal[">", ">="], right: Operand, then: Operand, other: Operand
) -> Call:
    """`then` where the comparison holds, else `other`."""
    test = Binary(op, as_expr(left), as_expr(right))
    return Call("where", (test, as_expr(then), as_expr(other)))


def ratio(numerator: Operand, denominator: Operand, otherwise: Operand = 0.0) -> Call:
    """A quotient, and what stands where the denominator is not above zero."""
    return Call("ratio", (as_expr(numerator), as_expr(denominator), as_expr(otherwise)))


def sum_of(operands: Sequence[Expr]) -> Expr:
    """The sum of any number of operands, 0 of none: halves added up, so that trees stay shallow."""
    if len(operands) > _MOST_IN_A_ROW:
        half = len(operands) // 2
        return sum_of(operands[:half]) + sum_of(operands[half:])
    if not operands:
        return Number(0.0)
    total = operands[0]
    for operand in operands[1:]:
        total = total + operand
    return total


_MOST_IN_A_ROW = 40


def walk(expr: Expr) -> Iterator[Expr]:
    """All nodes of a tree."""
    yield expr
    if isinstance(expr, Binary):
        yield from walk(expr.left)
        yield from walk(expr.right)
    elif isinstance(expr, Call):
        for arg in expr.args:
            yield from walk(arg)


def rows_of(expr: Expr, *, same_month: bool = False) -> set[str]:
    """Names of the rows that a formula reads; with `same_month`, those it cannot do without first."""
    kinds = (Row, TimeExpr) if same_month else (Row, Past, TimeExpr)
    return {node.name for node in walk(expr) if isinstance(node, kinds)}
