"""Computing a sheet: rows that look back at themselves month by month, all others at once.

The formulas are turned into a Python function, compiled once for each structure: values change with every
plan, formulas with the scenario's instruments alone. Rows that refer to one another's past (a balance,
its interest, the tax that the interest saves) form groups; a group runs through the months in a loop,
on plain floats for one plan and on vectors for many draws. The two agree to the last bit.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import Any

import numpy as np

from gigawatt.core.arrays import Array

from .formula import (
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
    rows_of,
    walk,
)
from .groups import groups
from .rounding import cents_of_array, cents_of_float
from .sheet import Sheet

__all__ = ["evaluate"]


def evaluate(sheet: Sheet, keep: Collection[str] | None = None) -> dict[str, Array]:
    """All lines of a sheet, or those asked for.

    Parameters
    ----------
    sheet : Sheet
        Terms of shape () or (draws,), quantities of shape (T,) or (draws, T).
    keep : collection of str, optional
        Lines to return; the others are dropped as soon as nothing needs them. All if left out.

    Returns
    -------
    dict of str to array, shape (T,) or (draws, T)
    """
    wanted = frozenset(sheet.lines) if keep is None else frozenset(keep)
    terms = {name: np.asarray(term.value, dtype=float) for name, term in sheet.terms.items()}
    rows = {name: given.values for name, given in sheet.givens.items()}
    draws = [value.shape[0] for value in terms.values() if value.ndim]
    draws += [row.shape[0] for row in rows.values() if row.ndim > 1]
    lines = tuple((name, line.expr, line.unit == "USD") for name, line in sheet.lines.items())
    source, reads = _source(lines, frozenset(rows), frozenset(terms), wanted)
    program = _program(source, bool(draws))
    if not draws:
        plain = {name: value.item() for name, value in terms.items()}
        return program(sheet.months, {name: rows[name] for name in reads}, plain)
    count = max(draws)
    result = {name: np.empty((count, sheet.months)) for name in wanted}

    def compute(start: int) -> None:
        part = slice(start, start + _DRAWS_AT_A_TIME)
        of_rows = {name: _months_first(rows[name], part) for name in reads}
        of_terms = {name: value[part] if value.size > 1 else value for name, value in terms.items()}
        for name, row in program(sheet.months, of_rows, of_terms).items():
            result[name][part] = row.T

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(compute, range(0, count, _DRAWS_AT_A_TIME)))
    return result


_DRAWS_AT_A_TIME = 1024
"""So many draws of a line stay in the cache of a core while the next line is computed from them, and there
are few enough runs through the months."""


def _months_first(row: Array, draws: slice) -> Array:
    """Shape (T, draws), or (T, 1) where all draws are the same."""
    if row.ndim == 1:
        return row[:, None]
    return np.ascontiguousarray((row[draws] if len(row) > 1 else row).T)


@lru_cache(maxsize=64)
def _source(
    lines: tuple[tuple[str, Expr, bool], ...],
    givens: frozenset[str],
    terms: frozenset[str],
    wanted: frozenset[str],
) -> tuple[str, tuple[str, ...]]:
    """The program of a sheet as text, and the quantities that it reads."""
    writer = _Writer(lines, givens, terms)
    looks_at = {name: rows_of(expr) for name, expr, _ in lines}
    same_month = {name: rows_of(expr, same_month=True) for name, expr, _ in lines}
    order = groups(looks_at, same_month, wanted)
    last_use: dict[str, int] = {}
    for at, group in enumerate(order):
        for name in group.names:
            last_use.update(dict.fromkeys(looks_at[name], at))
    dead: dict[int, list[str]] = {}
    for name, at in last_use.items():
        if name in looks_at and name not in wanted:
            dead.setdefault(at, []).append(name)
    body: list[str] = []
    for at, group in enumerate(order):
        body += writer.loop(group.names) if group.recursive else writer.whole(group.names[0])
        body += [f"{writer.rows[name]} = None" for name in dead.get(at, [])]
    reads = [f"{writer.rows[name]} = rows[{name!r}]" for name in writer.reads]
    reads += [f"{alias} = terms[{name!r}]" for name, alias in writer.terms.items()]
    result = ", ".join(f"{name!r}: {writer.rows[name]}" for name in sorted(wanted))
    text = ["def program(T, rows, terms):", *reads, *body, f"return {{{result}}}"]
    return "\n    ".join(text), tuple(writer.reads)


class _Writer:
    """Writes the statements of lines, naming rows and terms as it meets them."""

    def __init__(
        self,
        lines: tuple[tuple[str, Expr, bool], ...],
        givens: frozenset[str],
        terms: frozenset[str],
    ) -> None:
        self.exprs = {name: expr for name, expr, _ in lines}
        self.money = {name: money for name, _, money in lines}
        self.givens, self.known_terms = givens, terms
        self.rows: dict[str, str] = {name: f"r{at}" for at, name in enumerate(self.exprs)}
        self.reads: dict[str, None] = {}
        self.terms: dict[str, str] = {}

    def whole(self, name: str) -> list[str]:
        """All months of a line at once."""
        expr = self.exprs[name]
        text = self._text(expr, self._row)
        if not any(_by_month(node) for node in walk(expr)):
            text = f"full(T, {text})"
        if self.money[name]:
            text = f"cents({text})"
        return [f"{self.rows[name]} = {text}"]

    def loop(self, names: list[str]) -> list[str]:
        """The months of a group one after another."""
        inside = set(names)
        before: list[str] = []
        outside: dict[str, str] = {}
        at_month: dict[int, str] = {}
        for name in names:
            for node in walk(self.exprs[name]):
                if isinstance(node, TimeExpr):
                    if node.name in inside:
                        raise ValueError(
                            f"{name} looks over months of {node.name} that follow from it"
                        )
                    alias = f"h{len(before)}_{self.rows[names[0]]}"
                    scalar = isinstance(node, (Total, Lowest))
                    before.append(f"{alias} = {'' if scalar else 'series'}({self._row(node)})")
                    at_month[id(node)] = alias if scalar else f"{alias}[t]"
                elif isinstance(node, (Row, Past)) and node.name not in inside:
                    alias = f"s_{self._row(Row(node.name))}"
                    outside[alias] = f"{alias} = series({self._row(Row(node.name))})"

        def month(node: Expr) -> str:
            if isinstance(node, TimeExpr):
                return at_month[id(node)]
            assert isinstance(node, (Row, Past))
            row = self.rows[node.name] if node.name in inside else f"s_{self._row(Row(node.name))}"
            if isinstance(node, Row):
                return f"{row}[t]"
            return f"({row}[t - {node.months}] if t >= {node.months} else 0.0)"

        steps = []
        for name in names:
            text = self._text(self.exprs[name], month, "1")
            if self.money[name]:
                text = f"cents1({text})"
            steps.append(f"    {self.rows[name]}[t] = {text}")
        return [
            *before,
            *outside.values(),
            *(f"{self.rows[name]} = [0.0] * T" for name in names),
            "for t in range(T):",
            *steps,
            *(f"{self.rows[name]} = stack({self.rows[name]})" for name in names),
        ]

    def _text(self, expr: Expr, row: Callable[[Expr], str], kind: str = "") -> str:
        if isinstance(expr, Number):
            return f"({expr.value!r})"
        if isinstance(expr, Term):
            if expr.name not in self.known_terms:
                raise ValueError(f"there is no term {expr.name}")
            return self.terms.setdefault(expr.name, f"k{len(self.terms)}")
        if isinstance(expr, Binary):
            op = "**" if expr.op == "^" else expr.op
            left, right = self._text(expr.left, row, kind), self._text(expr.right, row, kind)
            return f"({left} {op} {right})"
        if isinstance(expr, Call):
            args = [self._text(arg, row, kind) for arg in expr.args]
            if expr.function in {"min", "max"}:
                text = args[0]
                for arg in args[1:]:
                    text = f"{expr.function}imum{kind}({text}, {arg})"
                return text
            return f"{expr.function}{kind}({', '.join(args)})"
        return row(expr)

    def _row(self, node: Expr) -> str:
        """A row or a look over its months, all months at once."""
        assert isinstance(node, (Row, Past, TimeExpr))
        if node.name not in self.rows:
            if node.name not in self.givens:
                raise ValueError(f"there is no row {node.name}")
            self.rows[node.name] = f"g{len(self.reads)}"
        if node.name in self.givens:
            self.reads[node.name] = None
        name = self.rows[node.name]
        if isinstance(node, Row):
            return name
        look = _LOOKS[type(node)]
        if isinstance(node, TimeExpr) and self.money.get(node.name):
            look = f"{look}_usd"
        if isinstance(node, (Past, Ahead, AheadMean, Window)):
            return f"{look}({name}, {node.months})"
        return f"{look}({name})"


def _by_month(node: Expr) -> bool:
    """Whether a node has a value of its own in every month."""
    return isinstance(node, (Row, Past, TimeExpr)) and not isinstance(node, (Total, Lowest))


_LOOKS: Mapping[type[Expr], str] = {
    Past: "past",
    Ahead: "ahead",
    AheadMean: "ahead_mean",
    Window: "window",
    ToDate: "to_date",
    Total: "total",
    Lowest: "lowest",
}


def _past(row: Array, months: int) -> Array:
    result = np.zeros_like(row)
    if months < len(row):
        result[months:] = row[: len(row) - months] if months else row
    return result


def _ahead(row: Array, months: int) -> Array:
    result = np.zeros_like(row)
    last = len(row) - months
    if last > 0:
        result[:last] = row[months:]
    result[0] = _total(row[: months + 1])
    return result


def _ahead_mean(row: Array, months: int) -> Array:
    return np.asarray(_ahead_sum(row, months) / months)


def _ahead_sum(row: Array, months: int) -> Array:
    high, low = _running(np.concatenate([row, np.repeat(row[-1:], months, axis=0)]))
    start, end = slice(0, len(row)), slice(months, months + len(row))
    return np.asarray((high[end] - high[start]) + (low[end] - low[start]))


def _window(row: Array, months: int) -> Array:
    high, low = _running(row)
    start = np.maximum(np.arange(1, len(row) + 1) - months, 0)
    return np.asarray((high[1:] - high[start]) + (low[1:] - low[start]))


def _to_date(row: Array) -> Array:
    high, low = _running(row)
    return np.asarray(high[1:] + low[1:])


def _running(row: Array) -> tuple[Array, Array]:
    """Running sums, from 0 on, and what rounding took from them (Knuth's two-sum)."""
    zero = np.zeros_like(row[:1])
    high = np.concatenate([zero, np.cumsum(row, axis=0)])
    before, after = high[:-1], high[1:]
    added = after - before
    lost = (before - (after - added)) + (row - added)
    return high, np.concatenate([zero, np.cumsum(lost, axis=0)])


def _of_money(look: Callable[..., Array]) -> Callable[..., Array]:
    """The same look over amounts in whole cents, added up as whole numbers: no float creeps in."""

    def exact(row: Array, *months: int) -> Array:
        return np.asarray(look(np.rint(row * 100.0), *months) / 100.0)

    return exact


def _total(row: Array) -> Array:
    return np.asarray(_to_date(row)[-1])


def _lowest(row: Array) -> Array:
    return np.asarray(row.min(axis=0))


def _ratio(numerator: Array, denominator: Array, otherwise: Array) -> Array:
    above = np.asarray(denominator) > 0.0
    quotient = np.divide(numerator, np.where(above, denominator, 1.0))
    return np.asarray(np.where(above, quotient, otherwise))


def _ratio_of_floats(numerator: float, denominator: float, otherwise: float) -> float:
    return numerator / denominator if denominator > 0.0 else otherwise


def _lower(left: float, right: float) -> float:
    return left if left <= right else right


def _higher(left: float, right: float) -> float:
    return left if left >= right else right


def _choose(test: bool, then: float, other: float) -> float:
    return then if test else other


_WHOLE: dict[str, Any] = {
    "cents": cents_of_array,
    "past": _past,
    "ahead": _ahead,
    "ahead_usd": _of_money(_ahead),
    "ahead_mean": _ahead_mean,
    "ahead_mean_usd": lambda row, months: _of_money(_ahead_sum)(row, months) / months,
    "window": _window,
    "window_usd": _of_money(_window),
    "to_date": _to_date,
    "to_date_usd": _of_money(_to_date),
    "total": _total,
    "total_usd": _of_money(_total),
    "lowest": _lowest,
    "lowest_usd": _lowest,
    "minimum": np.minimum,
    "maximum": np.maximum,
    "where": np.where,
    "ratio": _ratio,
}
_FLOATS: dict[str, Any] = {
    "full": lambda months, value: np.full(months, value),
    "cents1": cents_of_float,
    "minimum1": _lower,
    "maximum1": _higher,
    "where1": _choose,
    "ratio1": _ratio_of_floats,
    "series": lambda row: row.tolist(),
    "stack": np.array,
}
_VECTORS: dict[str, Any] = {
    "full": lambda months, value: np.repeat(np.atleast_1d(value)[None, :], months, axis=0),
    "cents1": lambda x: cents_of_array(np.atleast_1d(np.asarray(x, dtype=float))),
    "minimum1": np.minimum,
    "maximum1": np.maximum,
    "where1": np.where,
    "ratio1": _ratio,
    "series": lambda row: row,
    "stack": lambda rows: np.stack(np.broadcast_arrays(*rows)),
}


@lru_cache(maxsize=64)
def _program(source: str, draws: bool) -> Callable[..., dict[str, Array]]:
    """The compiled program, on plain floats or on draws."""
    scope: dict[str, Any] = {**_WHOLE, **(_VECTORS if draws else _FLOATS)}
    exec(compile(source, "<sheet>", "exec"), scope)
    program: Callable[..., dict[str, Array]] = scope["program"]
    return program
