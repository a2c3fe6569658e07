"""Workbooks of whole plans, recalculated: shipped scenarios, random deals, and one with a changed term."""

from __future__ import annotations

import os

import numpy as np
import openpyxl
import pytest

import gigawatt as gw
from finance.test_books import everything
from gigawatt.finance.evaluate import evaluate
from gigawatt.finance.model import books_of
from gigawatt.finance.statements import pages_of
from gigawatt.report.plan_workbook import plan_workbook
from gigawatt.report.workbook import write_workbook
from gigawatt.report.workbook.names import term_names
from gigawatt.report.workbook.places import arrange
from gigawatt.scenario.load import shipped_scenarios
from recalculate import Figures, Office

pytestmark = pytest.mark.office


@pytest.fixture(scope="module")
def office(tmp_path_factory) -> Office:
    return Office(tmp_path_factory.mktemp("office"))


def wrong_cells(sheet, pages, months, lines, figures: Figures):
    """Cells of lines at home that LibreOffice makes other amounts of: all in cents, exactly."""
    arrangement, found, checked = arrange(sheet, pages, months), [], 0
    for name, line in sheet.lines.items():
        place = arrangement.homes[name]
        size = max(1.0, float(np.abs(lines[name]).max()))
        for column, ours in zip(arrangement.columns.letters, lines[name].tolist(), strict=True):
            theirs = figures[place.leaf][f"{column}{place.row + 1}"]
            assert isinstance(theirs, (int, float)), (name, theirs)
            same = (
                round(theirs * 100) == round(ours * 100)
                if line.unit == "USD"
                else abs(theirs - ours) <= 1e-9 * size
            )
            checked += 1
            if not same:
                found.append((name, column, ours, theirs))
    return found, checked


def test_shipped_scenarios_recalculate_to_the_cent(office, tmp_path):
    """Formulas alone are in the files: every figure is LibreOffice's own."""
    plans = {
        name: gw.plan(gw.load(name)) for name in shipped_scenarios() if not name.startswith("part-")
    }
    paths = [tmp_path / f"{name}.xlsx" for name in plans]
    for path, plan in zip(paths, plans.values(), strict=True):
        plan_workbook(plan, path, cached=False)
    for plan, figures in zip(plans.values(), office.recalculate(*paths), strict=True):
        sheet = plan.books.books.sheet
        pages = pages_of(plan.books.books, plan.scenario.spec.investment)
        months = [str(plan.horizon.start + t) for t in range(plan.horizon.months)]
        wrong, checked = wrong_cells(sheet, pages, months, plan.books.lines, figures)
        assert not wrong, (plan.scenario.name, wrong[:10])
        assert checked == len(sheet.lines) * plan.horizon.months


def test_random_deals_recalculate_to_the_cent(office, tmp_path):
    """All instruments together on random amounts, rates, terms and lags."""
    deals, paths = [], []
    for seed in range(int(os.environ.get("GIGAWATT_DEALS", "6"))):
        made, instruments = everything(seed)
        books = books_of(made, instruments, {})
        lines, pages = evaluate(books.sheet), pages_of(books, instruments)
        months = [f"m{t}" for t in range(made.months)]
        path = tmp_path / f"{seed}.xlsx"
        write_workbook(path, books.sheet, lines, pages, title="deal", months=months, cached=False)
        deals.append((books.sheet, pages, months, lines))
        paths.append(path)
    for deal, figures in zip(deals, office.recalculate(*paths), strict=True):
        wrong, checked = wrong_cells(*deal, figures)
        assert not wrong, wrong[:10]
        assert checked > 3000


def test_a_changed_price_recalculates_to_what_a_new_plan_says(office, tmp_path):
    """A person types 9 MUSD over the price of a rack: the workbook follows the planner."""
    plan = gw.plan(gw.load("one-campus"))
    plan_workbook(plan, tmp_path / "plan.xlsx")
    book = openpyxl.load_workbook(tmp_path / "plan.xlsx")
    name = term_names(plan.books.books.sheet.terms)["rack_price[vr-nvl72]"]
    ((title, cell),) = book.defined_names[name].destinations
    book[title][cell.replace("$", "")].value = 9e6
    book.save(tmp_path / "changed.xlsx")
    (figures,) = office.recalculate(tmp_path / "changed.xlsx")
    dearer = gw.plan(gw.load("one-campus").set({"hardware.vr-nvl72.price": "9 MUSD/rack"}))
    pages = pages_of(plan.books.books, plan.scenario.spec.investment)
    months = [str(plan.horizon.start + t) for t in range(plan.horizon.months)]
    wrong, _ = wrong_cells(dearer.books.books.sheet, pages, months, dearer.books.lines, figures)
    assert not wrong, wrong[:10]
    assert not np.array_equal(
        dearer.books.lines["owners_paid_in"], plan.books.lines["owners_paid_in"]
    )
