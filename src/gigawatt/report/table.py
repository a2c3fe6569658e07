"""A table as the page shows it: columns with units, rows of cells, a caption. It knows no plan."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from .palette import Shade

__all__ = ["Cell", "Column", "Table", "columns", "link", "rows"]


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell.

    Attributes
    ----------
    text : str
        What is shown.
    shade : Shade or None
        Colour of the name that the cell holds.
    href : str
        Address to link to; made by `link`.
    kind : str
        `good` or `bad` for what is kept or missed, `quiet` for what stands back, or empty.
    parts : tuple of tuple of str and str
        Instead of the text: pairs of something strong and something quiet after it.
    """

    text: str
    shade: Shade | None = None
    href: str = ""
    kind: str = ""
    parts: tuple[tuple[str, str], ...] = ()

    @property
    def long(self) -> bool:
        """Whether the text may take more than one line."""
        return len(self.text) > 30 or bool(self.parts)


@dataclass(frozen=True, slots=True)
class Column:
    """One column.

    Attributes
    ----------
    label : str
        Heading.
    unit : str
        Unit of all its figures, beside the heading.
    figures : bool
        Whether it holds numbers, set flush right in tabular numerals.
    shade : Shade or None
        Colour of the name in the heading.
    """

    label: str
    unit: str = ""
    figures: bool = True
    shade: Shade | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """A table.

    Attributes
    ----------
    key : str
        Id in the page.
    title : str
        Caption.
    columns : tuple of Column
        The first is the heading of each row.
    rows : tuple of tuple of Cell
        Cells, in the order of the columns.
    empty : str
        What is said instead when there are no rows.
    note : str
        One sentence under the table.
    total : bool
        Whether the last row adds up those above.
    assumed : tuple of str
        Assumed inputs that its figures rest on.
    heads, strong : frozenset of int
        Rows that are headings of those below them, and rows that are sums.
    yearly : bool
        Whether its columns are years, alike in all such tables.
    """

    key: str
    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    empty: str = ""
    note: str = ""
    total: bool = False
    assumed: tuple[str, ...] = ()
    heads: frozenset[int] = frozenset()
    strong: frozenset[int] = frozenset()
    yearly: bool = False


def columns(first: str, *rest: Column) -> tuple[Column, ...]:
    """A heading column of words, then the others."""
    return (Column(first, figures=False), *rest)


def rows(lines: Iterable[Sequence[Cell | str]]) -> tuple[tuple[Cell, ...], ...]:
    """Cells from plain words and ready cells."""
    return tuple(
        tuple(cell if isinstance(cell, Cell) else Cell(cell) for cell in line) for line in lines
    )


def link(text: str, url: str) -> Cell:
    """A cell that links to a source; the address is only shown where it is not of the web.

    Parameters
    ----------
    text : str
        What is shown; the address if empty.
    url : str
        As written by whoever cites the source.
    """
    url = url.strip()
    try:
        parts = urlsplit(url)
        safe = parts.scheme.lower() in {"http", "https"} and bool(parts.hostname)
    except ValueError:
        safe = False
    if safe:
        return Cell(text or url, href=url)
    return Cell(f"{text} ({url})" if text and url else text or url)
