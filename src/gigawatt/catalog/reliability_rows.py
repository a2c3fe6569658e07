"""The table of published failures and goodput, row by row, as the sources print it."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache

from .run_table import MEASURED

__all__ = ["ReliabilityRow", "reliability_rows"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReliabilityRow:
    """One published figure.

    Attributes
    ----------
    id : str
        Name of the row.
    source : str
        Entry under `sources/`.
    publication : str
        Title, section or table.
    gpus, gpu : str
        Accelerators and part, as printed.
    metric, value, unit : str
        What it is; the value may be a bound or a range.
    seen : str
        primary_text or secondary.
    notes : str
        Derivation, caveats.
    """

    id: str
    source: str
    publication: str
    gpus: str
    gpu: str
    metric: str
    value: str
    unit: str
    seen: str
    notes: str

    @property
    def number(self) -> float:
        """The value, or the bound, as a number; of a range its middle."""
        ends = [float(end) for end in self.value.lstrip("<>=").split("-")]
        return sum(ends) / len(ends)

    @property
    def bound(self) -> str:
        """``>`` or ``<`` where the source gives a bound, else nothing."""
        return self.value[0] if self.value[:1] in ("<", ">") else ""


@cache
def reliability_rows() -> dict[str, ReliabilityRow]:
    """All rows by id.

    Examples
    --------
    >>> reliability_rows()["rel-003"].number, reliability_rows()["rel-007"].bound
    (419.0, '>')
    """
    with (MEASURED / "reliability.csv").open(encoding="utf-8", newline="") as file:
        return {row["id"]: ReliabilityRow(**row) for row in csv.DictReader(file)}
