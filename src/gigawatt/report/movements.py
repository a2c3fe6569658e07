"""Movements of one party's cash by what the books call them: every one comes in or goes out.

The same movements are drawn, listed and printed, with the same colours. Nothing is computed beyond sums.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gigawatt.core.arrays import Array
from gigawatt.finance.books import FLOWS, Flow
from gigawatt.finance.chapters.parties import BUYER

from .palette import CASH, HATCHES, Shade
from .view import View

__all__ = ["OPENING", "Movement", "movements"]

OPENING = "Cash at the start"
_REST = ("#B3B3B3", "#C28E0E", "#6699CC", "#994455")


@dataclass(frozen=True, slots=True)
class Movement:
    """All cash of one name that comes in, or that goes out.

    Attributes
    ----------
    label : str
        What the books call it.
    flow : str
        Section of the waterfall.
    comes_in : bool
        Whether it comes in.
    usd : array, shape (T,)
        Amount by month, zero or above [USD].
    shade : Shade
        Its colour.
    """

    label: str
    flow: Flow
    comes_in: bool
    usd: Array
    shade: Shade


def movements(view: View, party: str = BUYER) -> list[Movement]:
    """Everything that moves a party's cash, by section and name; what never moves is left out.

    What comes in, the cash at the start included, less what goes out is the change of cash in every month.
    """
    books, lines = view.plan.books.books, view.plan.books.lines
    sums: dict[tuple[Flow, str, bool], Array] = {}
    for name in books.opening.get(party, []):
        sums["financing", OPENING, True] = sums.get(("financing", OPENING, True), 0.0) + lines[name]
    for flow in FLOWS:
        for item in books.cash_items:
            if item.party != party or item.flow != flow:
                continue
            moved = lines[item.line] * item.sign
            for comes_in in (True, False):
                part = np.maximum(moved if comes_in else -moved, 0.0)
                key = (flow, item.label, comes_in)
                sums[key] = sums.get(key, 0.0) + part
    found = [key for key in sums if np.any(sums[key] > 0.0)]
    shades = _shades(view, found)
    return [
        Movement(label, flow, comes_in, sums[flow, label, comes_in], shade)
        for (flow, label, comes_in), shade in zip(found, shades, strict=True)
    ]


def _shades(view: View, names: list[tuple[Flow, str, bool]]) -> list[Shade]:
    """A colour each; names of one colour that are stacked together differ in their hatch."""
    shades: list[Shade] = []
    taken: dict[tuple[bool, str], int] = {}
    others: dict[str, str] = {}
    for _, label, comes_in in names:
        hue = CASH.get(label) or _of_instrument(view, label)
        hue = hue or others.setdefault(label, _REST[len(others) % len(_REST)])
        count = taken.get((comes_in, hue), 0)
        taken[comes_in, hue] = count + 1
        shades.append(Shade(hue, HATCHES[count % len(HATCHES)]))
    return shades


def _of_instrument(view: View, label: str) -> str:
    """Colour of the instrument that a label names, as `Equity of nvidia` does; empty for none."""
    for key in sorted(view.plan.scenario.spec.investment, key=len, reverse=True):
        if label.endswith(f" {key}") or f" {key} " in label:
            return view.palette.parties[key].hex
    return ""
