"""How a sheet is laid out for reading: pages of sections of rows. Shown by reports and the workbook alike."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Page", "Section", "Shown"]


@dataclass(frozen=True, slots=True)
class Shown:
    """One row as a reader sees it.

    Attributes
    ----------
    name : str
        Line or quantity of the sheet.
    label : str
        What it is called here.
    strong : bool
        Whether it is a sum or a result that the eye should find first.
    flow : bool
        Whether months add up to a total; a balance does not.
    """

    name: str
    label: str
    strong: bool = False
    flow: bool = True


@dataclass(frozen=True, slots=True)
class Section:
    """Rows under one heading."""

    title: str
    rows: tuple[Shown, ...]


@dataclass(frozen=True, slots=True)
class Page:
    """Sections that are read together: one worksheet, one chapter."""

    title: str
    sections: tuple[Section, ...]
