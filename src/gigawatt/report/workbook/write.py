"""Writing the workbook: `write_workbook`."""

from __future__ import annotations

import datetime as dt
import io
import os
import uuid
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path

from numpy.typing import ArrayLike

from gigawatt.core.errors import MissingExtraError
from gigawatt.finance.layout import Page
from gigawatt.finance.sheet import Sheet

from .assumptions import write_assumptions
from .contents import Contents, gather
from .cover import write_cover
from .names import clean
from .pages import write_leaf
from .places import ASSUMPTIONS, COVER
from .style import FONT, Style

__all__ = ["write_workbook"]

# The same input gives the same bytes.
_CREATED = dt.datetime(2000, 1, 1)
_NO_NOTES: Mapping[str, str] = {}


def write_workbook(
    path: str | os.PathLike[str],
    sheet: Sheet,
    values: Mapping[str, ArrayLike],
    pages: Sequence[Page],
    *,
    title: str,
    months: Sequence[str],
    notes: Mapping[str, str] = _NO_NOTES,
    checks: Sequence[str] = (),
    cached: bool = True,
) -> None:
    """Write a sheet as an XLSX workbook of live formulas.

    Every line is a row on exactly one worksheet: on the first page that shows it, or on the worksheet
    Workings. Its months are formulas of other cells and of the named cells of assumptions.

    Parameters
    ----------
    path : path
        File to write; it appears whole or not at all, and replaces one that is there.
    sheet : Sheet
        Terms, quantities and lines of one plan, without draws.
    values : mapping of str to array, shape (T,)
        Lines as `gigawatt.finance.evaluate` computes them; viewers that do not recalculate show them.
    pages : sequence of Page
        How lines and quantities are shown, a worksheet each.
    title : str
        Title of the workbook.
    months : sequence of str
        Labels of the months, such as `2026-07`; with labels of this form, years are summed up.
    notes : mapping of str to str
        Term → evidence, shown beside the assumption.
    checks : sequence of str
        Lines that must be zero in every month; the cover says whether they are.
    cached : bool
        Whether formulas carry `values`; without them, only a recalculation shows figures.

    Raises
    ------
    MissingExtraError
        E601 if XlsxWriter is not installed.
    ValueError
        If the parts do not fit one another, a figure is not finite, or a formula is longer than a
        spreadsheet opens.
    """
    contents = gather(
        sheet, values, pages, title=title, months=months, notes=notes, checks=checks, cached=cached
    )
    data = _workbook(contents)
    target = Path(path)
    part = target.with_name(f".{uuid.uuid4().hex[:8]}.part")
    try:
        with part.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, target)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def _workbook(contents: Contents) -> bytes:
    if find_spec("xlsxwriter") is None:
        raise MissingExtraError.of("report", "The workbook")
    from xlsxwriter import Workbook

    from .plain import PlainWorksheet

    memory = io.BytesIO()
    book = Workbook(memory, {"in_memory": True, "default_format_properties": FONT})
    book.set_properties({"title": clean(contents.title, 200), "created": _CREATED})
    book.set_calc_mode("auto")
    book.set_size(2400, 1400)
    style = Style(book)
    names = [COVER, ASSUMPTIONS, *(leaf.name for leaf in contents.arrangement.leaves)]
    worksheets = {name: book.add_worksheet(name, PlainWorksheet) for name in names}
    for worksheet in worksheets.values():
        worksheet.hide_gridlines(2)
        worksheet.set_zoom(90)
    write_cover(worksheets[COVER], contents, style)
    write_assumptions(book, worksheets[ASSUMPTIONS], contents, style)
    for leaf in contents.arrangement.leaves:
        write_leaf(worksheets[leaf.name], leaf, contents, style)
    book.close()
    return memory.getvalue()
