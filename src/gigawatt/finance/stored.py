"""Books as plain data and back, so that a run folder keeps the formulas beside the figures."""

from __future__ import annotations

from typing import Any

import numpy as np

from . import formula
from .books import Books, CashItem, Party, WaterfallRow
from .formula import Binary, Call, Expr, Number, TimeExpr
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
    """What `books_to_plain` made, without the postings, which closed books no longer need."""
    sheet = Sheet(
        data["months"],
        {name: TermValue(*term) for name, term in data["terms"].items()},
        {name: Given(np.array(g[0]), *g[1:]) for name, g in data["givens"].items()},
        {name: Line(_from_plain(line[0]), *line[1:]) for name, line in data["lines"].items()},
    )
    return Books(
        sheet,
        {row[0]: Party(*row) for row in data["parties"]},
        [CashItem(*row) for row in data["cash_items"]],
        [WaterfallRow(*row) for row in data["waterfall"]],
        data["opening"],
    )


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


def _from_plain(data: list[Any]) -> Expr:
    kind, *rest = data
    if kind == "Binary":
        return Binary(rest[0], _from_plain(rest[1]), _from_plain(rest[2]))
    if kind == "Call":
        return Call(rest[0], tuple(map(_from_plain, rest[1:])))
    node: type[Expr] = getattr(formula, kind)
    if not issubclass(node, (Number, formula.Term, formula.Row, formula.Past, TimeExpr)):
        raise ValueError(f"{kind} is no node of a formula")
    return node(*rest)
