"""The worksheet of assumptions: every term in an input cell with a name of its own."""

from __future__ import annotations

from typing import Any

from .contents import Contents
from .exact import Exact
from .names import clean, quoted, sentence
from .places import ASSUMPTIONS, FIRST_ROW, letters
from .style import CHANGED_FLAG, INPUT, LINE_HEIGHT, QUIET, Style, input_format, lines_of, on_paper

__all__ = ["changed_cells", "write_assumptions"]

LABEL, VALUE, UNIT, PLANNED, CHANGED, NAME, PATH, NOTE = range(8)
_HEADS = (
    "Assumption", "Value", "Unit", "As planned", "Changed", "Name in formulas", "Set at", "Evidence",
)  # fmt: skip
_WIDTHS = (50.0, 17.0, 15.0, 17.0, 9.0, 34.0, 38.0, 60.0)


def write_assumptions(book: Any, worksheet: Any, contents: Contents, style: Style) -> None:
    """Write all terms; each value has a defined name, and what the plan took stands beside it.

    Parameters
    ----------
    book, worksheet : xlsxwriter Workbook, Worksheet
        Where to write.
    contents : Contents
        The terms, their rows and names.
    style : Style
        Formats.
    """
    put = worksheet.write_string
    top = {"valign": "top"}
    plain, quiet, wrapped = style.of(top), style.of(QUIET, top), style.of(top, text_wrap=True)
    put(0, 0, ASSUMPTIONS, style.title)
    subtitle = f"{contents.title} · change what is blue on yellow, and everything follows"
    put(1, 0, clean(subtitle, 300), quiet)
    worksheet.set_row(0, 22)
    for column, (head, width) in enumerate(zip(_HEADS, _WIDTHS, strict=True)):
        right = column in {VALUE, PLANNED}
        align = "right" if right else "center" if column == CHANGED else "left"
        put(FIRST_ROW - 1, column, head, style.head(align, indent=int(column == UNIT)))
        worksheet.set_column(column, column, width)
    flag, unit = (
        style.of(CHANGED_FLAG, top, align="center"),
        style.of(QUIET, top, align="left", indent=1),
    )
    for name, term in contents.sheet.terms.items():
        row, value = contents.arrangement.terms[name].row, contents.terms[name]
        shown, defined = input_format(term.unit, value), contents.arrangement.term_names[name]
        label, note = clean(sentence(term.doc or name), 500), clean(contents.notes.get(name, ""))
        put(row, LABEL, label, wrapped)
        worksheet.write_number(row, VALUE, Exact(value), style.of(INPUT, top, num_format=shown))
        put(row, UNIT, clean(term.unit.removesuffix(" exact"), 60), unit)
        worksheet.write_number(row, PLANNED, Exact(value), style.of(QUIET, top, num_format=shown))
        test = f"=IF({letters(VALUE)}{row + 1}={letters(PLANNED)}{row + 1},0,1)"
        worksheet.write_formula(row, CHANGED, test, flag, 0)
        put(row, NAME, defined, plain)
        put(row, PATH, clean(term.path, 500), quiet)
        put(row, NOTE, note, wrapped)
        lines = max(lines_of(label, _WIDTHS[LABEL]), lines_of(note, _WIDTHS[NOTE]))
        worksheet.set_row(row, min(409.0, LINE_HEIGHT * lines + 2.0))
        book.define_name(defined, f"={quoted(ASSUMPTIONS)}!${letters(VALUE)}${row + 1}")
    if not contents.sheet.terms:
        put(FIRST_ROW, LABEL, "None.", quiet)
    worksheet.freeze_panes(FIRST_ROW, UNIT)
    on_paper(worksheet, contents.title, None, {})


def changed_cells(contents: Contents) -> str:
    """The cells that are 1 where an assumption was changed, as other worksheets refer to them."""
    column, last = letters(CHANGED), FIRST_ROW + max(1, len(contents.terms))
    return f"{quoted(ASSUMPTIONS)}!${column}${FIRST_ROW + 1}:${column}${last}"
