"""The first worksheet: what this is, how it is read, what may be changed, whether it holds together."""

from __future__ import annotations

from typing import Any

from .assumptions import changed_cells
from .contents import Contents
from .names import clean, quoted
from .places import ASSUMPTIONS, QUANTITIES, WORKINGS, Heading, Leaf, View
from .style import CHANGES, GIVEN, INPUT, LINE_HEIGHT, QUIET, STATUS, Style, lines_of, row_format

__all__ = ["write_cover"]

NAME, TEXT, STATE, AMOUNT = range(4)
_WIDTHS = (26.0, 112.0, 14.0, 16.0)
HALF_A_CENT = 0.005

_READING = (
    "Every figure on the pages is a live formula. It follows from the assumptions and from the quantities "
    "by month; click on it to see how.",
    "Money is in US dollars, rounded to the cent in every month and shown in whole dollars. Negative "
    "amounts stand in parentheses; a dash is zero.",
    "Totals and years stand beside the months. What flows is added up; of a balance, a year shows its last "
    "month, in italics.",
    "A row that several pages show is computed on the first of them. The same month has the same column on "
    "every sheet.",
)
_KEY: tuple[tuple[dict[str, Any], str], ...] = (
    (INPUT, "an assumption: change it, and everything that follows from it changes"),
    (GIVEN, "a quantity by month, as the plan gives it"),
    ({}, "calculated: do not type over it"),
)
_CHANGING = (
    "The yellow cells of the sheet Assumptions. Each has a name, which formulas use; what the plan took "
    "stands beside it, so that there is a way back.",
    "Quantities by month come from the calendar of the plan, in which power, halls, racks and work fit one "
    "another. For others, change the scenario and plan again.",
)
_WHAT = {
    ASSUMPTIONS: "all values that may be changed, where they are set and the evidence for them",
    QUANTITIES: "what the calendar of the plan gives by month",
    WORKINGS: "lines that no page shows",
}


def write_cover(worksheet: Any, contents: Contents, style: Style) -> None:
    """Write the cover.

    Parameters
    ----------
    worksheet : xlsxwriter Worksheet
        Empty.
    contents : Contents
        What the workbook holds.
    style : Style
        Formats.
    """
    _CoverWriter(worksheet, contents, style).write()


class _CoverWriter:
    """The cover while it is written, from top to bottom."""

    def __init__(self, worksheet: Any, contents: Contents, style: Style) -> None:
        self.worksheet, self.contents, self.style = worksheet, contents, style
        self.row = 0

    def write(self) -> None:
        """All of it."""
        sheet, style = self.worksheet, self.style
        for column, width in enumerate(_WIDTHS):
            sheet.set_column(column, column, width)
        sheet.set_row(0, 30)
        sheet.write_string(
            0, NAME, clean(self.contents.title, 200), style.of(style.TITLE, font_size=18)
        )
        labels = self.contents.arrangement.columns.labels
        span = (
            f"{labels[0]} to {labels[-1]}, {len(labels)} month{'s' * (len(labels) > 1)}, US dollars"
        )
        sheet.write_string(1, NAME, clean(f"{span} · written by Gigawatt", 200), style.of(QUIET))
        self.row = 3
        self._section("Checks")
        self._checks()
        self._section("How to read it")
        for text in _READING:
            self._line("", text)
        for look, text in _KEY:
            cell = style.of(look, num_format="#,##0", align="center")
            sheet.write_number(self.row, NAME, 1234, cell)
            self._line(None, text)
        self._section("What may be changed")
        for text in _CHANGING:
            self._line("", text)
        self._section("Sheets")
        self._link(ASSUMPTIONS, _WHAT[ASSUMPTIONS])
        for leaf in self.contents.arrangement.leaves:
            titles = [item.title for item in leaf.items if isinstance(item, Heading)]
            self._link(leaf.name, _WHAT.get(leaf.name, " · ".join(titles)))
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 0)

    def _section(self, title: str) -> None:
        self.row += 1
        for column in (NAME, TEXT, STATE, AMOUNT):
            self.worksheet.write_string(
                self.row, column, title * (column == NAME), self.style.section
            )
        self.row += 1

    def _line(self, name: str | None, text: str) -> None:
        if name is not None:
            self.worksheet.write_string(self.row, NAME, clean(name, 200), self.style.of())
        text = clean(text, 1000)
        self.worksheet.write_string(self.row, TEXT, text, self.style.of(text_wrap=True))
        self.worksheet.set_row(self.row, LINE_HEIGHT * lines_of(text, _WIDTHS[TEXT]) + 3.0)
        self.row += 1

    def _link(self, sheet: str, text: str) -> None:
        link = self.style.of(font_color="#1F3864", underline=1)
        self.worksheet.write_url(self.row, NAME, f"internal:{quoted(sheet)}!A1", link, sheet)
        self._line(None, text)

    def _checks(self) -> None:
        """All checks, and before them whether one failed."""
        style, top = self.style, self.row
        self.row += 1
        for name in self.contents.checks:
            self._is_zero(name)
        for leaf in self.contents.arrangement.leaves:
            if leaf.entries:
                self._are_numbers(leaf)
        strong = style.of(bold=True)
        self.worksheet.write_string(top, NAME, "All checks", strong)
        self.worksheet.write_string(top, TEXT, "how many of the checks below failed", style.of())
        text = f"=SUM(C{top + 2}:C{self.row})" if self.row > top + 1 else "=0"
        failed = sum(self._departure(name) >= HALF_A_CENT for name in self.contents.checks)
        self.worksheet.write_formula(
            top, STATE, text, style.of(STATUS, bold=True), self._cached(failed)
        )
        self.worksheet.write_string(self.row, NAME, "Assumptions", style.of())
        self.worksheet.write_string(
            self.row, TEXT, "how many are not as the plan took them", style.of()
        )
        changed = f"=SUM({changed_cells(self.contents)})"
        self.worksheet.write_formula(self.row, STATE, changed, style.of(CHANGES), 0)
        self.row += 1

    def _is_zero(self, name: str) -> None:
        line = self.contents.sheet.lines[name]
        cells = View(self.contents.arrangement, "").all_months(name)
        departure = self._departure(name)
        self.worksheet.write_formula(
            self.row, AMOUNT, f"=MAX(MAX({cells}),-MIN({cells}))",
            self.style.of(QUIET, num_format=row_format(line.unit, [departure])), self._cached(departure),
        )  # fmt: skip
        self.worksheet.write_formula(
            self.row, STATE, f"=IF(D{self.row + 1}<{HALF_A_CENT},0,1)",
            self.style.of(STATUS), self._cached(float(departure >= HALF_A_CENT)),
        )  # fmt: skip
        self._line(name, f"{line.doc}: zero in every month, and the largest departure from it")

    def _are_numbers(self, leaf: Leaf) -> None:
        columns, rows = self.contents.arrangement.columns, leaf.entries
        cells = (
            f"{quoted(leaf.name)}!${columns.letters[0]}${rows[0].row + 1}"
            f":${columns.letters[-1]}${rows[-1].row + 1}"
        )
        self.worksheet.write_formula(
            self.row, STATE, f"=IF(ISNUMBER(SUM({cells})),0,1)", self.style.of(STATUS), 0
        )
        self._line(leaf.name, "every figure of the sheet can be computed")

    def _departure(self, name: str) -> float:
        return max(abs(value) for value in self.contents.figures[name])

    def _cached(self, value: float) -> float:
        return value if self.contents.cached else 0
