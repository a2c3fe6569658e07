"""Where everything stands: columns of months, rows of worksheets, the one home of each line.

A line has its home on the first page that shows it, or among the workings if none does; elsewhere it is
a plain reference to its home. The same month has the same column on every worksheet.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from gigawatt.finance.layout import Page, Shown
from gigawatt.finance.sheet import Sheet

from .names import quoted, sentence, sheet_names, term_names

__all__ = [
    "ASSUMPTIONS",
    "COVER",
    "FIRST_ROW",
    "LABEL",
    "QUANTITIES",
    "TOTAL",
    "UNIT",
    "WORKINGS",
    "Arrangement",
    "Columns",
    "Entry",
    "Heading",
    "Leaf",
    "Place",
    "View",
    "arrange",
    "letters",
]

COVER, ASSUMPTIONS, QUANTITIES, WORKINGS = "Cover", "Assumptions", "Quantities", "Workings"
LABEL, UNIT, TOTAL, FIRST_FREE = range(4)
"""Columns before those of years and months."""
FIRST_ROW = 5
"""First row below the header; rows count from 0 as the writer counts them."""
MOST_COLUMNS = 16_384


def letters(column: int) -> str:
    """A column as references name it.

    Examples
    --------
    >>> letters(0), letters(25), letters(26), letters(16383)
    ('A', 'Z', 'AA', 'XFD')
    """
    text = ""
    column += 1
    while column:
        column, digit = divmod(column - 1, 26)
        text = chr(65 + digit) + text
    return text


@dataclass(frozen=True, slots=True)
class Columns:
    """Columns of years and months, the same on every worksheet.

    Attributes
    ----------
    labels : tuple of str
        Months.
    years : tuple of (str, int, int)
        Year, its first and its last month counted from 0; none if the months are of one year or do not
        say it.
    letters : tuple of str
        Column of each month.
    """

    labels: tuple[str, ...]
    years: tuple[tuple[str, int, int], ...]
    letters: tuple[str, ...]

    @classmethod
    def of(cls, labels: Sequence[str]) -> Columns:
        """Columns for months such as `2026-07`."""
        years: list[tuple[str, int, int]] = []
        for at, label in enumerate(labels):
            year = label[:4] if re.fullmatch(r"\d{4}-\d{2}", label) else ""
            if years and years[-1][0] == year:
                years[-1] = (year, years[-1][1], at)
            else:
                years.append((year, at, at))
        if len(years) < 2 or len({year for year, *_ in years} - {""}) < len(years):
            years = []
        first = FIRST_FREE + len(years)
        if first + len(labels) > MOST_COLUMNS:
            raise ValueError(f"{len(labels):,} months are more than a worksheet has columns")
        named = tuple(letters(first + at) for at in range(len(labels)))
        return cls(tuple(labels), tuple(years), named)

    @property
    def first(self) -> int:
        """Column of the first month."""
        return FIRST_FREE + len(self.years)

    @property
    def count(self) -> int:
        """How many months there are."""
        return len(self.labels)

    def parts(self) -> list[tuple[str, int, int]]:
        """The years, or all months as one nameless year."""
        return list(self.years) or [("", 0, self.count - 1)]


@dataclass(frozen=True, slots=True)
class Place:
    """A row of a worksheet; counted from 0."""

    leaf: str
    row: int


@dataclass(frozen=True, slots=True)
class Heading:
    """Title of a section."""

    row: int
    title: str


@dataclass(frozen=True, slots=True)
class Entry:
    """A row of figures.

    Attributes
    ----------
    row : int
        Counted from 0.
    shown : Shown
        What stands there and how.
    home : bool
        Whether its figures are made here; a reference to its home if not.
    summed : bool
        Whether totals and years are shown beside the months.
    """

    row: int
    shown: Shown
    home: bool
    summed: bool = True


@dataclass(frozen=True, slots=True)
class Leaf:
    """A worksheet of rows by month."""

    name: str
    title: str
    items: tuple[Heading | Entry, ...]

    @property
    def entries(self) -> list[Entry]:
        """Its rows of figures."""
        return [item for item in self.items if isinstance(item, Entry)]

    @property
    def end(self) -> int:
        """The last row."""
        return max((item.row for item in self.items), default=FIRST_ROW)


@dataclass(frozen=True, slots=True)
class Arrangement:
    """The whole workbook, before a cell of it is written.

    Attributes
    ----------
    columns : Columns
        Years and months.
    quantities, workings : Leaf
        All quantities by month; lines that no page shows.
    pages : tuple of Leaf
        One for each page.
    homes : mapping of str to Place
        Row of each line and quantity.
    terms : mapping of str to Place
        Row of each term among the assumptions.
    term_names : mapping of str to str
        Defined name of each term.
    in_cents : frozenset of str
        Lines that are rounded to the cent.
    """

    columns: Columns
    quantities: Leaf
    pages: tuple[Leaf, ...]
    workings: Leaf
    homes: Mapping[str, Place]
    terms: Mapping[str, Place]
    term_names: Mapping[str, str]
    in_cents: frozenset[str]

    @property
    def leaves(self) -> list[Leaf]:
        """Worksheets of rows by month, in their order."""
        workings = [self.workings] if self.workings.items else []
        return [self.quantities, *self.pages, *workings]


def arrange(sheet: Sheet, pages: Iterable[Page], labels: Sequence[str]) -> Arrangement:
    """Give every term, quantity and line its place.

    Parameters
    ----------
    sheet : Sheet
        What is to be placed.
    pages : iterable of Page
        How it is shown.
    labels : sequence of str
        Months.

    Raises
    ------
    ValueError
        If there are not as many labels as months, or a page shows what the sheet does not have.
    """
    pages = tuple(pages)
    if len(labels) != sheet.months:
        raise ValueError(f"{len(labels)} labels for {sheet.months} months")
    reserved = (COVER, ASSUMPTIONS, QUANTITIES, WORKINGS)
    names = sheet_names([page.title for page in pages], reserved)
    quantities = _list_of(QUANTITIES, {name: given.doc for name, given in sheet.givens.items()})
    homes = {entry.shown.name: Place(QUANTITIES, entry.row) for entry in quantities.entries}
    leaves = [_page(page, name, sheet, homes) for page, name in zip(pages, names, strict=True)]
    rest = {name: line.doc for name, line in sheet.lines.items() if name not in homes}
    workings = _list_of(WORKINGS, rest)
    homes |= {entry.shown.name: Place(WORKINGS, entry.row) for entry in workings.entries}
    terms = {name: Place(ASSUMPTIONS, FIRST_ROW + at) for at, name in enumerate(sheet.terms)}
    return Arrangement(
        Columns.of(labels),
        quantities,
        tuple(leaves),
        workings,
        homes,
        terms,
        term_names(sheet.terms),
        frozenset(name for name, line in sheet.lines.items() if line.unit == "USD"),
    )


def _list_of(name: str, docs: Mapping[str, str]) -> Leaf:
    """A worksheet without sections and sums, because nobody said what adds up."""
    rows = [
        Entry(FIRST_ROW + at, Shown(key, sentence(doc or key)), home=True, summed=False)
        for at, (key, doc) in enumerate(docs.items())
    ]
    return Leaf(name, name, tuple(rows))


def _page(page: Page, name: str, sheet: Sheet, homes: dict[str, Place]) -> Leaf:
    """A page; lines that are shown for the first time get their home here."""
    items: list[Heading | Entry] = []
    row = FIRST_ROW
    for section in page.sections:
        items.append(Heading(row, section.title))
        for shown in section.rows:
            row += 1
            if shown.name not in sheet.lines and shown.name not in sheet.givens:
                raise ValueError(f"page {page.title!r} shows {shown.name!r}, which is no line")
            items.append(Entry(row, shown, home=shown.name not in homes))
            homes.setdefault(shown.name, Place(name, row))
        row += 2
    return Leaf(name, page.title, tuple(items))


class View:
    """Cells as a formula of one worksheet refers to them."""

    def __init__(self, arrangement: Arrangement, leaf: str) -> None:
        self._letters, self._names = arrangement.columns.letters, arrangement.term_names
        self._in_cents = arrangement.in_cents
        self._rows = {
            name: ("" if place.leaf == leaf else f"{quoted(place.leaf)}!", place.row + 1)
            for name, place in arrangement.homes.items()
        }

    def cell(self, row: str, month: int) -> str:
        """One month of a row."""
        sheet, number = self._row(row)
        return f"{sheet}{self._letters[month]}{number}"

    def since(self, row: str, month: int) -> str:
        """The first month of a row to this one, so that copying to the right extends it."""
        sheet, number = self._row(row)
        return f"{sheet}${self._letters[0]}{number}:{self._letters[month]}{number}"

    def span(self, row: str, first: int, last: int) -> str:
        """Some months of a row."""
        sheet, number = self._row(row)
        return f"{sheet}{self._letters[first]}{number}:{self._letters[last]}{number}"

    def all_months(self, row: str) -> str:
        """All months of a row, wherever the formula is copied to."""
        sheet, number = self._row(row)
        return f"{sheet}${self._letters[0]}{number}:${self._letters[-1]}{number}"

    def term(self, name: str) -> str:
        """A term."""
        if name not in self._names:
            raise ValueError(f"there is no term {name}")
        return self._names[name]

    def in_cents(self, row: str) -> bool:
        """Whether a row is rounded to the cent."""
        return row in self._in_cents

    def _row(self, name: str) -> tuple[str, int]:
        if name not in self._rows:
            raise ValueError(f"there is no row {name}")
        return self._rows[name]
