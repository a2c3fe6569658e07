"""How much the buyer needs if an assumption of the books moves: every one of them, in one broadcast."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from gigawatt.finance.chapters.parties import BUYER
from gigawatt.finance.evaluate import evaluate
from gigawatt.finance.metrics import peak_funding
from gigawatt.finance.sheet import Sheet

from .books import KeptBooks

__all__ = ["Sensitivity", "sensitivity"]


@dataclass(frozen=True, slots=True)
class Sensitivity:
    """What moves with one assumption.

    Attributes
    ----------
    term, doc, unit : str
        The assumption.
    value : float
        As planned.
    step : float
        How far it is moved each way, of its value [1].
    need_low_usd, need_high_usd : float
        Peak funding before financing with the lower and with the higher value [USD].
    owners_low_usd, owners_high_usd : float
        What the owners bring in all, and what is missing beyond what they may bring [USD].
    """

    term: str
    doc: str
    unit: str
    value: float
    step: float
    need_low_usd: float
    need_high_usd: float
    owners_low_usd: float
    owners_high_usd: float

    @property
    def swing_usd(self) -> float:
        """Difference that the two values make to what the owners bring."""
        return abs(self.owners_high_usd - self.owners_low_usd)

    def as_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return {**asdict(self), "swing_usd": self.swing_usd}


def sensitivity(kept: KeptBooks, step: float = 0.1) -> list[Sensitivity]:
    """Move every assumption of the books by a step each way, the others as planned.

    The build and the workloads stay as they are: prices, terms and rates move, months do not.

    Parameters
    ----------
    kept : KeptBooks
        Books of a plan.
    step : float
        Part of each value [1]; shares stay within 100 %.

    Returns
    -------
    list of Sensitivity
        Largest difference first; what moves nothing is left out.
    """
    sheet = kept.books.sheet
    names = [n for n, t in sheet.terms.items() if float(np.asarray(t.value)) != 0.0]
    draws = 2 * len(names)
    terms = {}
    for name, term in sheet.terms.items():
        values = np.full(draws, float(np.asarray(term.value)))
        if name in names:
            at = 2 * names.index(name)
            values[at : at + 2] *= [1.0 - step, 1.0 + step]
            if term.unit == "1" and float(np.asarray(term.value)) <= 1.0:
                values[at + 1] = min(values[at + 1], 1.0)
        terms[name] = replace(term, value=values)
    lines = evaluate(
        Sheet(sheet.months, terms, sheet.givens, sheet.lines),
        [n for n in (*_FREE, "owners_paid_to_date", "unfunded") if n in sheet.lines],
    )
    free = np.zeros((draws, sheet.months))
    for name in _FREE:
        free = free + lines.get(name, 0.0)
    need = np.asarray(peak_funding(free).usd)
    # what the owners may not bring is missing all the same
    owners = lines["owners_paid_to_date"][:, -1] + lines["unfunded"].max(axis=-1)
    rows = [
        Sensitivity(
            name,
            sheet.terms[name].doc,
            sheet.terms[name].unit,
            float(np.asarray(sheet.terms[name].value)),
            step,
            *need[2 * at : 2 * at + 2].tolist(),
            *owners[2 * at : 2 * at + 2].tolist(),
        )
        for at, name in enumerate(names)
    ]
    moving = [r for r in rows if r.swing_usd > 0.0 or r.need_low_usd != r.need_high_usd]
    return sorted(moving, key=lambda row: -row.swing_usd)


_FREE = (f"cash_from_operations[{BUYER}]", f"cash_from_investing[{BUYER}]")
