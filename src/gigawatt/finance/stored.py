"""Books as plain data and back, so that a run folder keeps the formulas beside the figures."""

from __future__ import annotations

from typing import Any

import numpy as np

from . import formula
from .books import FLOWS, Books, CashItem, Party, WaterfallRow
from .formula import Binary, Call, Expr, Number
from .sheet import Given, Line, Sheet, TermValue

__all__ = ["books_from_plain", "books_to_plain"]


def books_to_plain(books: Books) -> dict[str, Any]:
    """What JSON can hold."""
    sheet = books.sheet
    return {
        "months": sheet.months,
        "terms": {
            name: [np.asarray(t.value).tolist(), t.unit, t.doc, t.path]
            for name, t in sheet.terms.items()
        },
        "givens": {
            name: [g.values.tolist(), g.unit, g.doc, g.path] for name, g in sheet.givens.items()
        },
        "lines": {
            name: [_to_plain(line.expr), line.unit, line.doc] for name, line in sheet.lines.items()
        },
        "parties": [[p.id, p.name, p.role] for p in books.parties.values()],
        "cash_items": [
            [i.party, i.other, i.flow, i.label, i.line, i.sign] for i in books.cash_items
        ],
        "waterfall": [[r.party, r.flow, r.label, r.line] for r in books.waterfall],
        "opening": books.opening,
    }


def books_from_plain(data: dict[str, Any]) -> Books:
    """What `books_to_plain` made, without the postings, which closed books no longer need.

    Raises
    ------
    ValueError
        If it is not what `books_to_plain` makes.
    """
    sheet = Sheet(
        data["months"],
        {name: TermValue(*term) for name, term in data["terms"].items()},
        {name: Given(np.array(g[0]), *g[1:]) for name, g in data["givens"].items()},
        {name: Line(_from_plain(line[0]), *line[1:]) for name, line in data["lines"].items()},
    )
    books = Books(
        sheet,
        {row[0]: Party(*row) for row in data["parties"]},
        [CashItem(*row) for row in data["cash_items"]],
        [WaterfallRow(*row) for row in data["waterfall"]],
        data["opening"],
    )
    _check(books)
    return books


def _check(books: Books) -> None:
    """Refuse books whose parts do not fit one another."""
    sheet = books.sheet
    for name, given in sheet.givens.items():
        if given.values.shape != (sheet.months,) or not np.isfinite(given.values).all():
            raise ValueError(f"the quantity {name} is not a number for every month")
    for name, term in sheet.terms.items():
        if not _is_number(term.value):
            raise ValueError(f"the assumption {name} is not a number")
    said = [(name, term.unit, term.doc) for name, term in sheet.terms.items()]
    said += [(name, given.unit, given.doc) for name, given in sheet.givens.items()]
    said += [(name, line.unit, line.doc) for name, line in sheet.lines.items()]
    for name, unit, doc in said:
        if not isinstance(unit, str) or not isinstance(doc, str):
            raise ValueError(f"{name} does not say what it is")
    items = [(i.party, i.line, i.flow) for i in books.cash_items]
    items += [(r.party, r.line, r.flow) for r in books.waterfall]
    for party, line, flow in items:
        if party not in books.parties or line not in sheet.lines or flow not in FLOWS:
            raise ValueError(f"a movement of cash of {party} names what is not there")
    if any(item.sign not in {-1, 1} for item in books.cash_items):
        raise ValueError("a movement of cash has no sign")
    if "buyer" not in books.parties:
        raise ValueError("the buyer has no books")


def _to_plain(expr: Expr) -> list[Any]:
    kind = type(expr).__name__
    if isinstance(expr, Number):
        return [kind, expr.value]
    if isinstance(expr, Binary):
        return [kind, expr.op, _to_plain(expr.left), _to_plain(expr.right)]
    if isinstance(expr, Call):
        return [kind, expr.function, *map(_to_plain, expr.args)]
    months = getattr(expr, "months", None)
    name: str = expr.name  # type: ignore[attr-defined]
    return [kind, name] if months is None else [kind, name, months]


_NODES: dict[str, tuple[type[Expr], bool]] = {
    "Term": (formula.Term, False),
    "Row": (formula.Row, False),
    "Past": (formula.Past, True),
    "Ahead": (formula.Ahead, True),
    "AheadMean": (formula.AheadMean, True),
    "Window": (formula.Window, True),
    "ToDate": (formula.ToDate, False),
    "Total": (formula.Total, False),
    "Lowest": (formula.Lowest, False),
}
"""Nodes that name a row or a term, and whether they say a number of months."""
_OPS = frozenset({"+", "-", "*", "/", "^", ">", ">="})
_ARGS = {"min": (1, 1000), "max": (1, 1000), "where": (3, 3), "ratio": (3, 3)}
_MOST_MONTHS = 1200


def _from_plain(data: Any) -> Expr:
    """A node from a file that anybody may have edited: nothing but what `_to_plain` writes is taken."""
    if not isinstance(data, list) or not data or not isinstance(data[0], str):
        raise ValueError("a formula is not of the expected form")
    kind, *rest = data
    if kind == "Number" and len(rest) == 1 and _is_number(rest[0]):
        return Number(float(rest[0]))
    if kind == "Binary" and len(rest) == 3 and rest[0] in _OPS:
        return Binary(rest[0], _from_plain(rest[1]), _from_plain(rest[2]))
    if kind == "Call" and rest and rest[0] in _ARGS:
        least, most = _ARGS[rest[0]]
        if least <= len(rest) - 1 <= most:
            return Call(rest[0], tuple(map(_from_plain, rest[1:])))
    elif kind in _NODES and rest and isinstance(rest[0], str):
        node, by_months = _NODES[kind]
        if not by_months and len(rest) == 1:
            return node(rest[0])  # type: ignore[call-arg]
        months = rest[1] if len(rest) == 2 else None
        if by_months and type(months) is int and 0 <= months <= _MOST_MONTHS:
            return node(rest[0], months)  # type: ignore[call-arg]
    raise ValueError(f"'{str(data)[:40]}' is no node of a formula")


def _is_number(value: Any) -> bool:
    return type(value) in {int, float} and bool(np.isfinite(value))
