"""The strip above the milestones: tranches as pins, each label in a free lane.

Lanes are chosen for a drawing of the least width that the page keeps, so labels never meet. What does
not fit into the lanes keeps its pin and loses its label; the tables have it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from gigawatt.finance.tranches import Tranche
from gigawatt.planning import Plan

from .palette import Palette
from .traces import Drawing, Trace, marks, plain
from .wording import money

__all__ = ["Strip", "strip"]

LEAST_WIDTH = 640
"""Width of the drawing for which labels are laid out [px]."""
LETTER = 6.6
"""Width of a letter of a label [px]."""
LANE = 20
"""Height of a lane [px]."""
MOST_LANES = 8
"""Lanes for tranches."""
LONGEST = 34
"""Letters of a label."""
ABOVE_EDGES, GAP = 36, 14


@dataclass(frozen=True)
class Strip:
    """Traces on the second vertical axis, and what they need of the layout.

    Attributes
    ----------
    drawing : Drawing
        Traces and legend, numbered from 0.
    lanes : int
        Lanes in use.
    label : str
        Text alternative.
    notes : tuple of str
        What is not in the strip because it does not happen.
    """

    drawing: Drawing
    lanes: int
    label: str
    notes: tuple[str, ...]

    def widen(self, frame: dict[str, Any]) -> None:
        """Make room for the lanes at the top of a layout."""
        if not self.lanes:
            return
        inner = frame["height"] - ABOVE_EDGES
        extra = self.lanes * LANE
        frame["height"] += extra + GAP
        whole = inner + extra + GAP
        frame["yaxis"]["domain"] = [0.0, inner / whole]
        frame["yaxis2"] = {
            "domain": [(inner + GAP) / whole, 1.0], "range": [self.lanes - 0.5, -0.5],
            "fixedrange": True, "showgrid": False, "showticklabels": False, "zeroline": False,
            "showline": False,
        }  # fmt: skip
        frame["xaxis"]["anchor"] = "y"


@dataclass(frozen=True, slots=True)
class _Pin:
    """One payment in the strip: month index, lane, side of its label, label, tip."""

    month: int
    lane: int
    left: bool
    label: str
    tip: str


@dataclass(frozen=True, slots=True)
class _Place:
    """Lane of a label, whether it stands left of its mark, whether it has to stand on it."""

    lane: int
    left: bool
    inside: bool


@dataclass
class _Lanes:
    """Places of labels: the first lane in which one meets nothing that stands there already."""

    months: int
    taken: list[list[tuple[float, float]]] = field(default_factory=list)

    def place(self, start: float, stop: float, letters: int, most: int) -> _Place | None:
        """Where the label of a mark goes that runs from one month to another; none if all is full."""
        month = LEAST_WIDTH / max(self.months - 1, 1)
        width = letters * LETTER + 16
        low, high = start * month, stop * month
        right = high + width <= LEAST_WIDTH
        left = not right and low - width >= 0
        inside = not right and not left
        if left:
            low -= width
        else:
            high = max(high, low + width) if inside else high + width
        low, high = low - 8, high + 8
        for lane in range(most):
            if lane == len(self.taken):
                self.taken.append([])
            if all(high < a or low > b for a, b in self.taken[lane]):
                self.taken[lane].append((low, high))
                return _Place(lane, left, inside)
        return None


def strip(plan: Plan, palette: Palette, days: Sequence[str]) -> Strip:
    """Lay out tranches.

    Parameters
    ----------
    plan : Plan
        Whose tranches are drawn.
    palette : Palette
        Colours of investors.
    days : sequence of str
        First days of the months.
    """
    drawing, lanes = Drawing(), _Lanes(len(days))
    paid = _pins(plan, palette, days, lanes, drawing)
    notes = _unlabelled(drawing) + _unpaid(plan)
    label = f"{paid} tranches are paid within the horizon." if paid else "No tranche is paid."
    return Strip(drawing, len(lanes.taken), label, tuple(notes))


def _short(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def _pins(
    plan: Plan, palette: Palette, days: Sequence[str], lanes: _Lanes, drawing: Drawing
) -> int:
    """Draw a pin for each payment, and say how many there are."""
    paid: dict[tuple[int, str], list[Tranche]] = {}
    for key, tranches in plan.tranches.items():
        for tranche in tranches:
            if tranche.month is not None:
                paid.setdefault((tranche.month, key), []).append(tranche)
    by_party: dict[str, list[_Pin]] = {}
    for month, key in sorted(paid, key=lambda at: at[0]):
        together = paid[month, key]
        text = f"{key} {_numbers(together)} · {money(float(sum(t.usd for t in together)))}"
        why = {"signing": "on signing", "date": "on its date"}.get(
            together[0].trigger, "by milestone"
        )
        free = lanes.place(month, month, min(len(text), LONGEST), MOST_LANES)
        label = "" if free is None else plain(_short(text))
        lane, left = (free.lane, free.left) if free else (MOST_LANES, False)
        by_party.setdefault(key, []).append(_Pin(month, lane, left, label, f"{text}, {why}"))
    if any(not pin.label for row in by_party.values() for pin in row):
        lanes.taken.append([])
    for key, row in by_party.items():
        colour = palette.parties[key].hex
        trace = marks(
            f"paid by {key}", [days[pin.month] for pin in row], [float(pin.lane) for pin in row],
            [pin.tip for pin in row], colour, symbol="triangle-down", size=10, yaxis="y2",
            **_beside([pin.label for pin in row], [pin.left for pin in row], "markers+text"),
        )  # fmt: skip
        drawing.add(f"tranches of {key}", "pin", colour, trace)
    return sum(len(together) for together in paid.values())


def _numbers(tranches: Sequence[Tranche]) -> str:
    numbers = [tranche.number for tranche in tranches]
    if len(numbers) > 1 and numbers == list(range(numbers[0], numbers[-1] + 1)):
        return f"{numbers[0]}–{numbers[-1]}"
    return ", ".join(str(number) for number in numbers)


def _beside(labels: Sequence[str], left: Sequence[bool], mode: str) -> Trace:
    """Labels right of their marks, or left of them near the end of the horizon."""
    return {
        "mode": mode,
        "text": list(labels),
        "textposition": ["middle left" if side else "middle right" for side in left],
        "textfont": {"color": "@ink", "size": 11.5},
    }


def _unlabelled(drawing: Drawing) -> list[str]:
    bare = sum(text == "" for trace in drawing.data for text in trace["text"])
    return [f"{bare} pins stand without labels; the table of tranches has them all."] * bool(bare)


def _unpaid(plan: Plan) -> list[str]:
    notes = []
    for key, tranches in plan.tranches.items():
        unpaid = [tranche for tranche in tranches if tranche.month is None]
        if unpaid:
            names = ", ".join(f"{key} {tranche.number}" for tranche in unpaid[:12])
            names += f" and {len(unpaid) - 12} more" if len(unpaid) > 12 else ""
            total = money(float(sum(tranche.usd for tranche in unpaid)))
            notes.append(f"Not paid within the horizon: {names} ({total} in all).")
    return notes
