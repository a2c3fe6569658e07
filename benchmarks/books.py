"""The books of the flagship as subjects: one plan, and many draws."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

import gigawatt as gw
from gigawatt.finance.evaluate import evaluate
from gigawatt.finance.sheet import Sheet
from gigawatt.planning import books as planning_books
from gigawatt.planning import build as planning_build
from gigawatt.planning.resolve import resolve
from gigawatt.report.plan_workbook import plan_workbook

__all__ = ["books_subject", "draw", "draws_sheet", "headline_lines", "workbook_subject"]


def books_subject(name: str = "nvidia-openai-10gw") -> Callable[[], planning_books.KeptBooks]:
    """Making and computing the books of a shipped scenario, its build and workloads at hand."""
    scenario = gw.load(name)
    handed: list[object] = []
    keep = planning_books.keep_books

    def catch(*given: object) -> planning_books.KeptBooks:
        handed[:] = given
        return keep(*given)  # type: ignore[arg-type]

    planning_build.keep_books = catch  # the facts that the plan hands over are the subject's input
    try:
        planning_build.build(scenario, resolve(scenario))
    finally:
        planning_build.keep_books = keep
    return lambda: keep(*handed)  # type: ignore[arg-type]


def draws_sheet(draws: int, name: str = "nvidia-openai-10gw") -> Sheet:
    """The books of a shipped scenario with every assumption and every quantity drawn."""
    sheet = books_subject(name)().books.sheet
    rng = np.random.default_rng(7)
    terms = {
        key: replace(term, value=np.asarray(term.value) * rng.uniform(0.9, 1.1, draws))
        for key, term in sheet.terms.items()
    }
    givens = {
        key: replace(given, values=given.values * rng.uniform(0.9, 1.1, (draws, 1)))
        if given.unit not in {"1"}
        else given
        for key, given in sheet.givens.items()
    }
    return Sheet(sheet.months, terms, givens, sheet.lines)


def headline_lines(sheet: Sheet) -> list[str]:
    """Lines that the headline of a plan needs."""
    starts = ("cash[", "cash_from_", "owners_paid", "profit[", "unfunded", "tax_paid", "loan_owed[")
    return [name for name in sheet.lines if name.startswith(starts)]


def draw(sheet: Sheet) -> dict[str, np.ndarray]:
    """All draws at once."""
    return evaluate(sheet, headline_lines(sheet))


def workbook_subject(name: str = "nvidia-openai-10gw") -> Callable[[], None]:
    """Writing the workbook of a shipped scenario to a folder of its own."""
    plan = gw.plan(gw.load(name))
    folder = tempfile.mkdtemp()

    def write() -> None:
        plan_workbook(plan, Path(folder) / "books.xlsx")

    return write
