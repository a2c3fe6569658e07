"""What books are made from: labelled figures and quantities by month, with where each was said."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from gigawatt.core.arrays import Array

from .formula import Row, Term
from .sheet import Sheet

__all__ = ["Facts"]


@dataclass(frozen=True)
class Facts:
    """Figures by name and label.

    Attributes
    ----------
    months : int
        Length of the horizon.
    buyer : str
        Name of whoever builds.
    systems, sites, partners, streams : tuple of str
        Labels that have books of their own.
    figures : mapping of str to mapping of str to array
        Name → label → values of shape (), (draws,), (T,) or (draws, T); a single figure has the label "".
    paths : mapping of str to mapping of str to str
        Where each was said.
    vendors : mapping of str to str
        System, or partner, → name of the vendor of its racks.
    """

    months: int
    buyer: str
    systems: tuple[str, ...]
    sites: tuple[str, ...]
    partners: tuple[str, ...]
    streams: tuple[str, ...]
    figures: Mapping[str, Mapping[str, Array]]
    paths: Mapping[str, Mapping[str, str]]
    vendors: Mapping[str, str]
    partner_names: Mapping[str, str] = field(default_factory=dict)

    def has(self, name: str, label: str = "") -> bool:
        """Whether a figure is known and not zero throughout."""
        values = self.figures.get(name, {}).get(label)
        return values is not None and bool(np.any(np.nan_to_num(values)))

    def known(self, name: str, label: str = "") -> bool:
        """Whether a figure is there at all, be it zero."""
        return label in self.figures.get(name, {})

    def months_of(self, name: str, label: str = "") -> int:
        """A figure that is a whole number of months, the same in all draws."""
        return int(np.max(self.figures[name][label]))

    def term(self, sheet: Sheet, name: str, label: str, unit: str, doc: str, as_: str = "") -> Term:
        """An assumption of the sheet from a figure, added when first asked for."""
        key = as_ or (f"{name}[{label}]" if label else name)
        if key in sheet.terms:
            return Term(key)
        path = self.paths.get(name, {}).get(label, "")
        return sheet.term(key, self.figures[name][label], unit, doc, path)

    def row(self, sheet: Sheet, name: str, label: str, unit: str, doc: str) -> Row:
        """A quantity of the sheet, added when first asked for."""
        key = f"{name}[{label}]" if label else name
        if key in sheet.givens:
            return Row(key)
        return sheet.given(
            key, self.figures[name][label], unit, doc, self.paths.get(name, {}).get(label, "")
        )
