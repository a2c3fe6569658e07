"""Reading a table of measurements: comma-separated values, every column typed, nothing completed.

What the columns are is said by a `Columns`; the reader knows files, headers, cells and how to report
all that is wrong with them at once. It knows nothing of what was measured.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from functools import partial
from pathlib import Path
from typing import Any, Generic, TypeVar

from gigawatt.core.errors import CatalogError, Origin, Problem

__all__ = ["MEASURED", "Columns", "read_table"]

MEASURED = Path(__file__).parent / "data" / "measured"
"""Folder of the tables that come with the package."""

_LEAST, _MOST = 1e-9, 1e15
"""What a measured number may be, in the unit of its column; beyond it is a slip of the pen."""
_SHOWN = 60
"""Characters of a cell that a message shows."""

R = TypeVar("R")


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns(Generic[R]):
    """The columns of a table; each is a field of its row.

    Attributes
    ----------
    row : type
        Dataclass with a text field `id`.
    needed : set of str
        Columns whose cells may not be blank.
    optional : set of str
        Columns that a table may do without; their cells count as blank.
    counts, numbers, flags : set of str
        Columns of whole numbers from 1, of positive numbers, of true or false; None where blank.
    choices : mapping
        Allowed texts of a column; None where blank. All other columns are text.
    """

    row: type[R]
    needed: frozenset[str]
    optional: frozenset[str]
    counts: frozenset[str]
    numbers: frozenset[str]
    choices: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    flags: frozenset[str] = frozenset()

    @property
    def names(self) -> tuple[str, ...]:
        """Columns in the order of the row's fields."""
        return tuple(f.name for f in fields(self.row))  # type: ignore[arg-type]


def read_table(path: Path, columns: Columns[R]) -> tuple[R, ...]:
    """Read a table of measurements.

    Parameters
    ----------
    path : Path
        A CSV file in UTF-8 whose first line names the columns, in any order.
    columns : Columns
        What they hold.

    Raises
    ------
    CatalogError
        E405 if the file cannot be read, columns are missing or doubled, an id stands twice, or a
        cell is not what its column holds; all of these at once.
    """
    name = str(path)
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            return tuple(_rows(csv.reader(stream, strict=True), name, columns))
    except OSError as error:
        raise _refusal(name, f"{name} cannot be read: {error.strerror or error}.") from None
    except UnicodeDecodeError as error:
        raise _refusal(name, f"{name} is not UTF-8 text (byte {error.start}).") from None
    except csv.Error as error:
        raise _refusal(name, f"{name} is not a table of comma-separated values: {error}.") from None


def _rows(lines: Iterator[list[str]], file: str, columns: Columns[R]) -> list[R]:
    header = next(lines, None)
    if header is None:
        raise _refusal(
            file, f"{file} is empty.", f"Needed are the columns {', '.join(columns.names)}."
        )
    _refuse_header(header, file, columns)
    problems: list[Problem] = []
    readers = [(name, _Remembering(_reader(name, columns))) for name in header]
    blank = {name: _reader(name, columns)("") for name in columns.optional if name not in header}
    known = frozenset(columns.names)
    found: list[R] = []
    seen: dict[str, int] = {}
    for row in lines:
        line: int = lines.line_num  # type: ignore[attr-defined]
        if not row:
            continue
        if len(row) != len(header):
            problems.append(
                _problem(file, line, "", f"There are {len(row)} cells, not {len(header)}.")
            )
            continue
        before = len(problems)
        cells: dict[str, Any] = dict(blank)
        for (name, meaning), text in zip(readers, row, strict=True):
            if name not in known:
                continue  # a table may say more than is read
            try:
                cells[name] = meaning[text]
            except ValueError as error:
                shown = repr(text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…")
                problems.append(_problem(file, line, name, f"'{name}' is {shown}.", str(error)))
        if len(problems) > before:
            continue
        key = cells["id"]
        if key in seen:
            message = f"The id '{key}' also stands in line {seen[key]}."
            problems.append(_problem(file, line, "id", message, "An id names one run."))
        seen.setdefault(key, line)
        found.append(columns.row(**cells))
    if problems:
        raise CatalogError(problems)
    return found


def _refuse_header(header: Sequence[str], file: str, columns: Columns[Any]) -> None:
    missing = [
        name for name in columns.names if name not in header and name not in columns.optional
    ]
    twice = [name for name in columns.names if header.count(name) > 1]
    problems = [
        _problem(file, 1, name, f"The column '{name}' {what}.", fix)
        for names, what, fix in (
            (missing, "is missing", "Leave its cells blank where the source does not say."),
            (twice, "stands twice", "Each column is named once."),
        )
        for name in names
    ]
    if problems:
        raise CatalogError(problems)


class _Remembering(dict[str, Any]):
    """What cells of a column mean, by their text; each text is read once."""

    def __init__(self, read: Callable[[str], Any]) -> None:
        super().__init__()
        self.read = read

    def __missing__(self, text: str) -> Any:
        self[text] = value = self.read(text.strip())
        return value


def _reader(name: str, columns: Columns[Any]) -> Callable[[str], Any]:
    """What reads a cell of a column; it raises ValueError with the allowed values."""
    if name in columns.counts:
        read: Callable[[str], Any] = _count
    elif name in columns.numbers:
        read = _number
    elif name in columns.flags:
        read = _flag
    elif name in columns.choices:
        read = partial(_choice, choices=columns.choices[name])
    else:
        return _text_needed if name in columns.needed else str
    needed = name in columns.needed

    def cell(text: str) -> Any:
        if text:
            return read(text)
        if needed:
            raise ValueError("This column may not be blank.")
        return None

    return cell


def _text_needed(text: str) -> str:
    if not text:
        raise ValueError("This column may not be blank.")
    return text


def _count(text: str) -> int:
    """A whole number; `8.0` is one, as programs write it whose columns have blanks."""
    digits = text.removesuffix(".0")
    if not (
        digits.isascii() and digits.isdigit() and len(digits) <= 20 and 0 < int(digits) <= 10**9
    ):
        raise ValueError("Allowed is a whole number from 1 to 1,000,000,000, or blank.")
    return int(digits)


def _number(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not _LEAST <= value <= _MOST:
        raise ValueError(f"Allowed is a positive number, {_LEAST:g} to {_MOST:g}, or blank.")
    return value


def _flag(text: str) -> bool:
    if text not in {"true", "false"}:
        raise ValueError("Allowed are true and false, or blank.")
    return text == "true"


def _choice(text: str, choices: tuple[str, ...]) -> str:
    found = next((choice for choice in choices if choice.lower() == text.lower()), None)
    if found is None:
        raise ValueError(f"Allowed are: {', '.join(choices)}.")
    return found


def _problem(file: str, line: int | None, column: str, message: str, fix: str = "") -> Problem:
    return Problem("E405", message, fix, column, Origin(file, line))


def _refusal(file: str, message: str, fix: str = "") -> CatalogError:
    return CatalogError(_problem(file, None, "", message, fix))
