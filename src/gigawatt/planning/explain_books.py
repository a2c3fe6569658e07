"""Lines of the books explained: formula, the rows and assumptions that it reads, down to their sources."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from gigawatt.core.months import Month
from gigawatt.core.provenance import Evidence
from gigawatt.finance.formula import Expr, Lowest, Past, Row, Term, TimeExpr, Total, walk
from gigawatt.finance.words import in_words

from .explanation import Explanation

if TYPE_CHECKING:
    from .plan import Plan

__all__ = ["explain_line", "line_nodes", "term_evidence"]

_DEPTH = 6


def explain_line(plan: Plan, name: str, month: Month) -> Explanation:
    """One line of the books in one month."""
    return _named(_line(plan, name, month - plan.horizon.start, _DEPTH, set()), name)


def line_nodes(plan: Plan, name: str, month: Month, labels: Mapping[str, str]) -> list[Explanation]:
    """The lines that a figure is read from: with its labels in their braces, or for all of an axis."""
    if month not in plan.horizon:
        return []
    seen: set[tuple[str, int]] = set()
    at = month - plan.horizon.start
    axes = {
        "party": list(plan.books.books.parties),
        "site": list(plan.books.sites),
        "partner": list(plan.scenario.spec.partners),
    }
    asked = next((axis for axis in axes if f"{{{axis}}}" in name), None)
    if asked is None:
        lines = [name]
    else:
        chosen = [labels[asked]] if asked in labels else axes[asked]
        lines = [name.format(**{asked: label}) for label in chosen]
    return [
        _named(_line(plan, line, at, _DEPTH, seen), line)
        for line in lines
        if line in plan.books.lines
    ]


def _named(found: Explanation, line: str) -> Explanation:
    """A line under the name of the figure that it belongs to."""
    return replace(found, name="books.value", labels={"line": line, **found.labels})


def term_evidence(plan: Plan, name: str) -> Evidence | None:
    """Why an assumption of the books is what it is."""
    path = plan.books.books.sheet.terms[name].path
    if not path:
        return None
    if path.startswith("inputs."):
        entries = plan.evidence.get(path.removeprefix("inputs."), {})
        label = name.partition("[")[2].rstrip("]")
        return entries.get((label,) if label else ())
    return Evidence("stated").at(plan.scenario.tree.origin(path), path)


def _line(plan: Plan, name: str, at: int, depth: int, seen: set[tuple[str, int]]) -> Explanation:
    line = plan.books.books.sheet.lines[name]
    shown = {"month": str(plan.horizon.start + at)}
    value = float(plan.books.lines[name][at])
    unit = "USD" if line.unit == "USD exact" else line.unit
    if (name, at) in seen or depth == 0:
        return Explanation(
            name, shown, value, unit, doc=line.doc, remark="" if depth == 0 else "explained above"
        )
    seen.add((name, at))
    below = []
    for node in dict.fromkeys(walk(line.expr)):
        # a balance that stands on itself a month ago is not followed back to the first month
        own = isinstance(node, Past) and node.name == name
        child = _node(plan, node, at, 0 if own else depth - 1, seen)
        if child is not None:
            below.append(child)
    return Explanation(name, shown, value, unit, in_words(line.expr), line.doc, below=below)


def _node(
    plan: Plan, node: Expr, at: int, depth: int, seen: set[tuple[str, int]]
) -> Explanation | None:
    sheet = plan.books.books.sheet
    if isinstance(node, Term):
        term = sheet.terms[node.name]
        return Explanation(
            node.name, {}, float(np.asarray(term.value)), term.unit, doc=term.doc,
            evidence=term_evidence(plan, node.name),
        )  # fmt: skip
    if not isinstance(node, (Row, Past, TimeExpr)):
        return None
    when = at - node.months if isinstance(node, Past) else at
    if when < 0:
        return Explanation(node.name, {}, 0.0, remark="before the horizon")
    if isinstance(node, (Total, Lowest)) and node.name in sheet.lines:
        values = plan.books.lines[node.name]
        value = float(values.sum() if isinstance(node, Total) else values.min())
        unit = sheet.lines[node.name].unit.removesuffix(" exact")
        return Explanation(node.name, {"month": "all months"}, value, unit)
    if node.name in sheet.givens:
        given = sheet.givens[node.name]
        month = str(plan.horizon.start + when)
        return Explanation(
            node.name, {"month": month}, float(given.values[when]), given.unit, doc=given.doc
        )
    return _line(plan, node.name, when, depth, seen)
