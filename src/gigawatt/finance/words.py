"""A formula in words, for those who ask why a line is what it is."""

from __future__ import annotations

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
    ToDate,
    Total,
    Window,
)

__all__ = ["in_words"]

_SIGNS = {"*": "×", "/": "/", "+": "+", "-": "−", "^": "^", ">": ">", ">=": "≥"}
_STRENGTH = {">": 0, ">=": 0, "+": 1, "-": 1, "*": 2, "/": 2, "^": 3}


def in_words(expr: Expr) -> str:
    """The formula of a line.

    Examples
    --------
    >>> in_words(Row("cash").past() + Row("paid") * (1.0 - Term("share")))
    'cash, 1 month ago + paid × (1 − share)'
    """
    return _write(expr, 0)


def _write(expr: Expr, around: int) -> str:
    if isinstance(expr, Number):
        return f"{expr.value:g}"
    if isinstance(expr, (Term, Row)):
        return expr.name
    if isinstance(expr, Past):
        return f"{expr.name}, {expr.months} month{'s' * (expr.months != 1)} ago"
    if isinstance(expr, Ahead):
        return f"{expr.name}, {expr.months} months ahead"
    if isinstance(expr, AheadMean):
        return f"mean of {expr.name} over {expr.months} months from this one"
    if isinstance(expr, Window):
        return f"sum of {expr.name} over {expr.months} months to this one"
    if isinstance(expr, ToDate):
        return f"{expr.name} to date"
    if isinstance(expr, Total):
        return f"{expr.name} in all"
    if isinstance(expr, Lowest):
        return f"least {expr.name}"
    if isinstance(expr, Binary):
        strength = _STRENGTH[expr.op]
        right_around = strength + (expr.op in "-/")
        text = f"{_write(expr.left, strength)} {_SIGNS[expr.op]} {_write(expr.right, right_around)}"
        return f"({text})" if strength < around else text
    assert isinstance(expr, Call)
    args = [_write(arg, 0) for arg in expr.args]
    if expr.function == "where":
        return f"({args[1]} where {args[0]}, else {args[2]})"
    if expr.function == "ratio":
        return f"({_write(expr.args[0], 2)} / {_write(expr.args[1], 3)}, else {args[2]})"
    return f"{expr.function}({', '.join(args)})"
