"""One explained figure: a tree that can be printed or made plain data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from gigawatt.core.amounts import digits
from gigawatt.core.provenance import Evidence

__all__ = ["END", "MONTH_UNITS", "Explanation"]

END = "month index (end)"
"""Unit of times at which something ends: what ends with a month belongs to it."""
MONTH_UNITS = frozenset({"month index", "months after start", END})


@dataclass(frozen=True, slots=True)
class Explanation:
    """One figure, explained.

    Attributes
    ----------
    name : str
        Figure, input or scenario path.
    labels : dict of str to str
        Site, system, month … it was taken at.
    value : float or str or None
        Its value, or the term as written.
    unit, formula, doc : str
        What it is and how it follows.
    evidence : Evidence or None
        Of inputs: who says so, and where it was set.
    below : list of Explanation
        What it was computed from.
    remark : str
        What else matters here, such as what binds.
    """

    name: str
    labels: Mapping[str, str]
    value: float | str | None
    unit: str = ""
    formula: str = ""
    doc: str = ""
    evidence: Evidence | None = None
    below: list[Explanation] = field(default_factory=list)
    remark: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return {
            "name": self.name,
            "labels": dict(self.labels),
            "value": self.value,
            "unit": self.unit,
            "formula": self.formula,
            "doc": self.doc,
            "evidence": self.evidence.as_dict() if self.evidence else None,
            "remark": self.remark,
            "below": [node.as_dict() for node in self.below],
        }

    def lines(self, indent: int = 0) -> Iterator[str]:
        """The explanation as indented text."""
        pad = "  " * indent
        at = f"[{', '.join(self.labels.values())}]" if self.labels else ""
        value = _shown(self.value)
        bare = isinstance(self.value, str) or self.unit in {"", "1", "code", *MONTH_UNITS}
        unit = "" if bare else f" {self.unit}"
        head = f"{pad}{self.name}{at} = {value}{unit}" if value else f"{pad}{self.name}{at}"
        if self.evidence is not None:
            head += f"    {_cited(self.evidence)}"
        yield head
        if self.formula:
            yield f"{pad}  = {self.formula}"
        for node in self.below:
            yield from node.lines(indent + 2)
        if self.remark:
            yield f"{pad}  {self.remark}"

    def __str__(self) -> str:
        return "\n".join(self.lines())


def _shown(value: float | str | None) -> str:
    if value is None or isinstance(value, str):
        return value or ""
    if np.isinf(value):
        return "no limit"
    if np.isnan(value):
        return "not reached"
    if abs(value) >= 1e15:
        return digits(value, 4)
    return digits(value, 6) if abs(value) < 1e6 and value != int(value) else f"{value:,.0f}"


def _cited(evidence: Evidence) -> str:
    words = "assumed" if evidence.is_assumption else evidence.confidence
    parts = (evidence.where, words, evidence.source, evidence.as_of, evidence.note)
    return " · ".join(part for part in parts if part)
