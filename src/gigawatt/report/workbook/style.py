"""How the workbook looks: formats of cells and of numbers, widths of columns, pages on paper.

The customs are those of bank models: inputs blue on pale yellow, calculated black, sums bold under a
line, negative amounts in parentheses, a dash for zero.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any, ClassVar

from .names import clean
from .places import FIRST_ROW, LABEL, TOTAL, UNIT, Columns

__all__ = [
    "CALCULATED",
    "CHANGED_FLAG",
    "CHANGES",
    "FONT",
    "GIVEN",
    "INPUT",
    "LINE_HEIGHT",
    "QUIET",
    "STATUS",
    "YEARLY",
    "Style",
    "input_format",
    "lines_of",
    "on_paper",
    "row_format",
    "width_of",
]

NAVY, BLUE, PALE_YELLOW, BAND, LINE, GREY = (
    "#1F3864", "#0000FF", "#FFFBDD", "#E8EDF5", "#8EA0BF", "#7F7F7F",
)  # fmt: skip
FONT: dict[str, Any] = {"font_name": "Arial", "font_size": 9}
CALCULATED: dict[str, Any] = {}
GIVEN: dict[str, Any] = {"font_color": BLUE}
INPUT: dict[str, Any] = {
    "font_color": BLUE, "bg_color": PALE_YELLOW, "border": 1, "border_color": "#D9CF9A",
}  # fmt: skip
QUIET: dict[str, Any] = {"font_color": GREY}
YEARLY: dict[str, Any] = {"bg_color": "#F5F7FA"}
# States are numbers, so that they can be added up; the format says them in words.
STATUS: dict[str, Any] = {
    "num_format": '[Red]0" failed";[Red]0" failed";"OK"',
    "font_color": "#1E7B34", "align": "right", "bold": True,
}  # fmt: skip
CHANGES: dict[str, Any] = {"num_format": '[Red]0" changed";;"as planned"', "align": "right"}
CHANGED_FLAG: dict[str, Any] = {"num_format": '[Red]"changed";;', "bold": True}

SHARES = frozenset({"%", "share", "fraction", "1/month", "1/year"})
"""Units shown as percentages."""
LINE_HEIGHT = 12.0
"""Of a row of text [points]."""
MONEY = frozenset({"USD", "USD exact"})

_DASH = '"–"_)'
"""Zero; with the room that a parenthesis takes, so that digits stand under digits."""
_PRINTED_PX = 277.0 / 25.4 * 96.0
"""Width of A4 across, less margins."""


def row_format(unit: str, values: Iterable[float]) -> str:
    """The format of a row of figures, by unit and size.

    Parameters
    ----------
    unit : str
        Dollars are shown whole, shares as percentages.
    values : iterable of float
        What the row shows.

    Examples
    --------
    >>> row_format("share", [0.5]), row_format("1", [0.25]), row_format("MW", [1500.5])
    ('0.0%_);-0.0%_);"–"_)', '#,##0.0000_);-#,##0.0000_);"–"_)', '#,##0_);-#,##0_);"–"_)')
    """
    sizes = [abs(value) for value in values if value]
    peak = max(sizes, default=0.0)
    if unit in SHARES:
        shown = "0.0%" if peak >= 0.02 else "0.00%"
        return f"{shown}_);-{shown}_);{_DASH}"
    if unit in MONEY:
        return f"#,##0_);(#,##0);{_DASH}"
    if peak >= 1000.0 or all(size.is_integer() for size in sizes):
        shown = "#,##0"
    elif peak >= 0.01:
        shown = "#,##0.00" if peak >= 1.0 else "#,##0.0000"
    else:
        shown = "0.00E+00"
    return f"{shown}_);-{shown}_);{_DASH}"


def input_format(unit: str, value: float) -> str:
    """The format of an assumption: with all digits that somebody may have meant.

    Examples
    --------
    >>> input_format("1/year", 0.0425), input_format("USD/MWh", 45.5), input_format("USD", 3.9e6)
    ('0.00%', '#,##0.0', '#,##0')
    """
    if unit in SHARES:
        return f"0.{'0' * max(1, _decimals(value * 100.0))}%"
    if value and not 1e-6 <= abs(value) < 1e15:
        return "0.00E+00"
    decimals = _decimals(value)
    if unit in MONEY and decimals:
        decimals = 2
    return f"#,##0.{'0' * decimals}" if decimals else "#,##0"


def _decimals(value: float) -> int:
    """Decimals of a number as people write it, to six digits."""
    text = f"{float(f'{value:.6g}'):.12f}".rstrip("0")
    return len(text.partition(".")[2])


def width_of(values: Iterable[float], unit: str) -> int:
    """Characters that the figures of a row need."""
    peak = max((abs(value) for value in values), default=0.0)
    if unit in SHARES:
        return len(f"{peak:,.1%}")
    return len(f"{peak:,.0f}") + (2 if unit in MONEY else 3 if peak < 1000.0 else 1)


class Style:
    """Formats of one workbook, each made once."""

    def __init__(self, book: Any) -> None:
        self._book = book
        self._made: dict[tuple[tuple[str, Any], ...], Any] = {}

    def of(self, *parts: dict[str, Any], **more: Any) -> Any:
        """The format with these properties; later ones win."""
        properties: dict[str, Any] = {**FONT, "valign": "vcenter"}
        for part in (*parts, more):
            properties |= part
        key = tuple(sorted(properties.items()))
        if key not in self._made:
            self._made[key] = self._book.add_format(properties)
        return self._made[key]

    TITLE: ClassVar[dict[str, Any]] = {"font_size": 14, "bold": True, "font_color": NAVY}

    @property
    def title(self) -> Any:
        """Title of a worksheet."""
        return self.of(self.TITLE)

    def head(self, align: str = "right", **more: Any) -> Any:
        """Head of a column."""
        look = {"bold": True, "font_color": "#FFFFFF", "bg_color": NAVY, "align": align}
        if align == "right":
            look["num_format"] = "@_)"
        return self.of(look, more)

    @property
    def band(self) -> Any:
        """Year above the months."""
        return self.of(bold=True, font_color=NAVY, align="left", bottom=1, bottom_color=LINE)

    @property
    def section(self) -> Any:
        """Title of a section."""
        return self.of(bold=True, font_color=NAVY, bg_color=BAND)

    def row(self, kind: dict[str, Any], *, strong: bool = False, **more: Any) -> Any:
        """A cell of a row of figures, or its label."""
        emphasis = {"bold": True, "top": 1, "top_color": NAVY} if strong else {}
        return self.of(kind, emphasis, more)


def lines_of(text: str, width: float) -> int:
    """Lines that a text takes in a cell that wraps; a guess, on the safe side."""
    return max(1, math.ceil(len(text) / (1.15 * width)))


def on_paper(worksheet: Any, title: str, columns: Columns | None, widths: dict[int, float]) -> None:
    """Set up printing: A4 across, heads on every sheet of paper, a year to each where there are many.

    Parameters
    ----------
    worksheet : xlsxwriter Worksheet
        To be printed.
    title : str
        Printed at the foot.
    columns : Columns or None
        Years and months; None where there are none.
    widths : dict of int to float
        Width of each column that is shown [characters].
    """
    worksheet.set_landscape()
    worksheet.set_paper(9)
    worksheet.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.6)
    # An ampersand starts a code of the footer, and a digit after a size would belong to it.
    name = clean(title, 80).replace("&", "&&")
    worksheet.set_footer(f"&L&8 {name}&C&8 &A&R&8 &P / &N")
    worksheet.repeat_rows(0, FIRST_ROW - 1)
    if columns is None or len(columns.parts()) < 2:
        worksheet.fit_to_pages(1, 0)
        return
    worksheet.repeat_columns(LABEL, TOTAL)
    worksheet.print_across()
    repeated = sum(_pixels(widths[at]) for at in (LABEL, UNIT, TOTAL))
    starts = [columns.first + first for _, first, _ in columns.years]
    worksheet.set_v_pagebreaks(starts if TOTAL + 1 in widths else starts[1:])
    parts = [*columns.years, ("", -len(columns.years), -1)]
    widest = max(
        sum(_pixels(widths.get(columns.first + at, 0.0)) for at in range(first, last + 1))
        for _, first, last in parts
    )
    worksheet.set_print_scale(max(20, min(100, int(97.0 * _PRINTED_PX / (repeated + widest)))))


def _pixels(width: float) -> float:
    return 7.0 * width + 5.0 if width else 0.0
