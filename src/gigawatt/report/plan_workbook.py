"""The books of a plan as a workbook: what is shown where, and why each assumption is what it is."""

from __future__ import annotations

import os

from gigawatt.core.provenance import Evidence
from gigawatt.finance.statements import pages_of
from gigawatt.planning import Plan
from gigawatt.planning.explain_books import term_evidence

from .workbook import write_workbook

__all__ = ["plan_workbook"]


def plan_workbook(plan: Plan, path: str | os.PathLike[str], *, cached: bool = True) -> None:
    """Write the books of a plan as an XLSX workbook that recalculates.

    Parameters
    ----------
    plan : Plan
        Whose books.
    path : path
        File to write; it appears whole or not at all.
    cached : bool
        Whether formulas carry the figures of the plan, for viewers that do not recalculate.

    Raises
    ------
    MissingExtraError
        E601 if XlsxWriter is not installed.
    """
    books = plan.books.books
    write_workbook(
        path,
        books.sheet,
        plan.books.lines,
        pages_of(books, plan.scenario.spec.investment),
        title=plan.scenario.label,
        months=[str(plan.horizon.start + month) for month in range(plan.horizon.months)],
        notes={
            name: _words(evidence)
            for name in books.sheet.terms
            if (evidence := term_evidence(plan, name)) is not None
        },
        checks=[
            "unfunded",
            *(name for p in books.parties for name in (f"balance_check[{p}]", f"cash_check[{p}]")),
        ],
        cached=cached,
    )


def _words(evidence: Evidence) -> str:
    parts = [evidence.confidence, evidence.source, evidence.as_of, evidence.note, evidence.where]
    return " · ".join(part for part in parts if part)
