"""Worksheets of rows by month: pages of lines, quantities, workings."""

from __future__ import annotations

import math
from typing import Any

from .contents import Contents
from .exact import Exact
from .formulas import formula
from .names import clean
from .places import FIRST_ROW, LABEL, QUANTITIES, TOTAL, UNIT, WORKINGS, Entry, Heading, Leaf, View
from .style import CALCULATED, GIVEN, QUIET, YEARLY, Style, on_paper, row_format, width_of

__all__ = ["write_leaf"]

LABEL_WIDTH, UNIT_WIDTH, LEAST_WIDTH, MOST_WIDTH, PATH_WIDTH = 46.0, 11.0, 9.0, 24.0, 30.0
YEAR_ROW, HEAD_ROW = FIRST_ROW - 2, FIRST_ROW - 1

_THIRD = {QUANTITIES: "Set at", WORKINGS: "Line"}
_SUBTITLES = {
    QUANTITIES: "quantities by month, as the plan gives them",
    WORKINGS: "lines that no page shows",
}


def write_leaf(worksheet: Any, leaf: Leaf, contents: Contents, style: Style) -> None:
    """Write one worksheet of rows by month.

    Parameters
    ----------
    worksheet : xlsxwriter Worksheet
        Empty.
    leaf : Leaf
        What stands on it.
    contents : Contents
        Formulas, figures and where everything else stands.
    style : Style
        Formats.
    """
    writer = _LeafWriter(worksheet, leaf, contents, style)
    writer.head()
    for item in leaf.items:
        if isinstance(item, Heading):
            writer.heading(item)
        else:
            writer.figures(item)
    if not leaf.items:
        worksheet.write_string(FIRST_ROW, LABEL, "None.", style.of(QUIET))
    on_paper(worksheet, contents.title, contents.arrangement.columns, writer.widths())


class _LeafWriter:
    """One worksheet while it is written."""

    def __init__(self, worksheet: Any, leaf: Leaf, contents: Contents, style: Style) -> None:
        self.worksheet, self.leaf, self.contents, self.style = worksheet, leaf, contents, style
        self.columns = contents.arrangement.columns
        self.view = View(contents.arrangement, leaf.name)
        self.summed = any(entry.summed for entry in leaf.entries)

    def head(self) -> None:
        """Titles and heads of columns."""
        put, columns, style = self.worksheet.write_string, self.columns, self.style
        subtitle = _SUBTITLES.get(self.leaf.name, "US dollars where no other unit stands")
        put(0, LABEL, clean(self.leaf.title, 200), style.title)
        put(1, LABEL, clean(f"{self.contents.title} · {subtitle}", 300), style.of(QUIET))
        self.worksheet.set_row(0, 22)
        put(HEAD_ROW, LABEL, "", style.head("left"))
        put(HEAD_ROW, UNIT, "Unit", style.head("left"))
        third = _THIRD.get(self.leaf.name, "Total")
        put(HEAD_ROW, TOTAL, third, style.head("right" if self.summed else "left"))
        for at, (year, first, last) in enumerate(columns.years):
            put(HEAD_ROW, TOTAL + 1 + at, year, style.head())
            for month in range(first, last + 1):
                put(YEAR_ROW, columns.first + month, year if month == first else "", style.band)
        for month, label in enumerate(columns.labels):
            put(HEAD_ROW, columns.first + month, clean(label, 40), style.head())
        self.worksheet.freeze_panes(FIRST_ROW, TOTAL + 1)

    def widths(self) -> dict[int, float]:
        """Set the widths of columns; returns those that are shown [characters]."""
        monthly, yearly, total = [LEAST_WIDTH], [LEAST_WIDTH], [LEAST_WIDTH]
        for entry in self.leaf.entries:
            unit = self.contents.unit(entry.shown.name)
            years, whole = self._sums(entry)
            monthly.append(width_of(self.contents.figures[entry.shown.name], unit))
            yearly.append(width_of(years, unit))
            total.append(width_of([whole], unit))
        month, year, sums = (min(MOST_WIDTH, max(found)) for found in (monthly, yearly, total))
        first, end = self.columns.first, self.columns.first + self.columns.count
        widths = {LABEL: LABEL_WIDTH, UNIT: UNIT_WIDTH, TOTAL: sums if self.summed else PATH_WIDTH}
        if self.summed:
            widths |= dict.fromkeys(range(TOTAL + 1, first), year)
        elif self.columns.years:
            self.worksheet.set_column(TOTAL + 1, first - 1, None, None, {"hidden": True})
        widths |= dict.fromkeys(range(first, end), month)
        for column, width in widths.items():
            self.worksheet.set_column(column, column, width)
        return widths

    def heading(self, heading: Heading) -> None:
        """Title of a section, as a band across."""
        self.worksheet.write_string(
            heading.row, LABEL, clean(heading.title, 200), self.style.section
        )
        for column in range(UNIT, self.columns.first + self.columns.count):
            self.worksheet.write_blank(heading.row, column, None, self.style.section)

    def figures(self, entry: Entry) -> None:
        """One row of figures."""
        name, row, strong = entry.shown.name, entry.row, entry.shown.strong
        contents, style = self.contents, self.style
        values, unit = contents.figures[name], contents.unit(name)
        is_given = name in contents.sheet.givens and entry.home
        shown = row_format(unit, values)
        quiet = style.row(QUIET, strong=strong)
        self.worksheet.write_string(
            row, LABEL, clean(entry.shown.label, 500), style.row(CALCULATED, strong=strong)
        )
        self.worksheet.write_string(row, UNIT, clean(unit, 60), quiet)
        if entry.summed:
            self._beside(entry, shown)
        else:
            where = contents.sheet.givens[name].path if is_given else name
            self.worksheet.write_string(row, TOTAL, clean(where, 500), quiet)
        cell = style.row(GIVEN if is_given else CALCULATED, strong=strong, num_format=shown)
        for month, value in enumerate(values):
            column = self.columns.first + month
            if is_given:
                self.worksheet.write_number(row, column, Exact(value), cell)
            else:
                self._formula(row, column, self._text(entry, month), cell, value)

    def _text(self, entry: Entry, month: int) -> str:
        name = entry.shown.name
        if not entry.home:
            return f"={self.view.cell(name, month)}"
        return formula(self.contents.sheet.lines[name], month, self.columns.count, self.view)

    def _beside(self, entry: Entry, shown: str) -> None:
        """Total and years: sums of what flows, else how it stands at the end of each year."""
        row, flow, number = entry.row, entry.shown.flow, entry.row + 1
        look = {"num_format": shown, "italic": not flow}
        cell = self.style.row(YEARLY, strong=entry.shown.strong, **look)
        months = self.columns.letters
        years, whole = self._sums(entry)
        if flow:
            self._formula(
                row, TOTAL, f"=SUM({months[0]}{number}:{months[-1]}{number})", cell, whole
            )
        else:
            self.worksheet.write_blank(row, TOTAL, None, cell)
        for at, (_, first, last) in enumerate(self.columns.years):
            end = f"{months[last]}{number}"
            text = f"=SUM({months[first]}{number}:{end})" if flow else f"={end}"
            self._formula(row, TOTAL + 1 + at, text, cell, years[at])

    def _sums(self, entry: Entry) -> tuple[list[float], float]:
        """What years and total show."""
        if not entry.summed:
            return [], 0.0
        values, years = self.contents.figures[entry.shown.name], self.columns.years
        if not entry.shown.flow:
            return [values[last] for _, _, last in years], 0.0
        return [math.fsum(values[first : last + 1]) for _, first, last in years], math.fsum(values)

    def _formula(self, row: int, column: int, text: str, cell: Any, value: float) -> None:
        # Adding zero turns a negative zero into a plain one.
        cached = value + 0.0 if self.contents.cached else 0
        self.worksheet.write_formula(row, column, text, cell, cached)
