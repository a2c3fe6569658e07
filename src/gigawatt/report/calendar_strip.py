"""The strip above the milestones: tranches as pins, training runs as bands, each label in a free lane.

Lanes are chosen for a drawing of the least width that the page keeps, so labels never meet. What does
not fit into the lanes keeps its pin and loses its label; the tables have it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from gigawatt.planning.plan import Plan

from .palette import Palette
from .traces import Key, Trace, marks, plain
from .wording import money, never

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


@dataclass
class Strip:
    """Traces on the second vertical axis, and what they need of the layout.

    Attributes
    ----------
    data : list of Trace
        Plotly traces.
    legend : tuple of Key
        Entries, with trace numbers that start at 0.
    lanes : int
        Lanes in use.
    label : str
        Text alternative.
    notes : tuple of str
        What is not in the strip because it does not happen.
    """

    data: list[Trace] = field(default_factory=list)
    legend: tuple[Key, ...] = ()
    lanes: int = 0
    label: str = ""
    notes: tuple[str, ...] = ()

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


@dataclass
class _Lanes:
    """Places of labels: the first lane in which one meets nothing that stands there already."""

    months: int
    taken: list[list[tuple[float, float]]] = field(default_factory=list)

    def place(self, start: float, stop: float, letters: int, most: int) -> tuple[int, bool] | None:
        """Lane, and whether the label stands left of its mark; none if no lane is free."""
        month = LEAST_WIDTH / max(self.months - 1, 1)
        width = letters * LETTER + 16
        left = stop * month + width > LEAST_WIDTH and start * month - width >= 0
        low, high = start * month - 8, stop * month + 8
        low, high = (low - width, high) if left else (low, high + width)
        for lane in range(most):
            if lane == len(self.taken):
                self.taken.append([])
            if all(high < a or low > b for a, b in self.taken[lane]):
                self.taken[lane].append((low, high))
                return lane, left
        return None


def strip(plan: Plan, palette: Palette, summary: Mapping[str, Any], days: Sequence[str]) -> Strip:
    """Lay out tranches and training runs.

    Parameters
    ----------
    plan : Plan
        Whose tranches are drawn.
    palette : Palette
        Colours of investors.
    summary : mapping
        Its `summary()`.
    days : sequence of str
        First days of the months.
    """
    made = Strip()
    lanes = _Lanes(len(days))
    paid, notes = _tranches(plan, palette, days, lanes, made)
    notes += _runs(summary, days, lanes, made)
    made.lanes = len(lanes.taken)
    made.label = f"{paid} tranches are paid within the horizon." if paid else "No tranche is paid."
    made.notes = tuple(notes)
    return made


def _short(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def _tranches(
    plan: Plan, palette: Palette, days: Sequence[str], lanes: _Lanes, made: Strip
) -> tuple[int, list[str]]:
    legend, notes, count = list(made.legend), [], 0
    pins = sorted(
        (t.month, key, t)
        for key, rows in plan.tranches.items()
        for t in rows
        if t.month is not None
    )
    by_party: dict[str, list[tuple[int, int | None, bool, str, str]]] = {}
    for month, key, tranche in pins:
        text = f"{key} {tranche.number} · {money(float(tranche.usd))}"
        free = lanes.place(month, month, min(len(text), LONGEST), MOST_LANES)
        lane, left = free if free else (None, False)
        tip = f"{text}, {'on signing' if tranche.trigger == 'signing' else f'by {tranche.trigger}'}"
        by_party.setdefault(key, []).append((month, lane, left, text, tip))
    for key, places in by_party.items():
        count += len(places)
        colour = palette.parties[key].hex
        trace = marks(
            f"paid by {key}", [days[at] for at, *_ in places],
            [float(0 if lane is None else lane) for _, lane, *_ in places],
            [tip for *_, tip in places], colour, symbol="triangle-down", size=10, yaxis="y2",
            mode="markers+text", textfont={"color": "@ink", "size": 11.5},
            text=["" if lane is None else plain(_short(text)) for _, lane, _, text, _ in places],
            textposition=["middle left" if left else "middle right" for _, _, left, *_ in places],
        )  # fmt: skip
        legend.append(Key(f"tranches of {key}", "pin", colour, (len(made.data),)))
        made.data.append(trace)
        bare = sum(lane is None for _, lane, *_ in places)
        if bare:
            notes.append(
                f"{bare} pins of {key} stand without their labels; the table has them all."
            )
    for key, rows in plan.tranches.items():
        unpaid = [tranche for tranche in rows if tranche.month is None]
        if unpaid:
            names = ", ".join(f"{key} {t.number}" for t in unpaid[:12])
            names += f" and {len(unpaid) - 12} more" if len(unpaid) > 12 else ""
            total = money(float(sum(tranche.usd for tranche in unpaid)))
            notes.append(f"Not paid within the horizon: {names} ({total} in all).")
    made.legend = tuple(legend)
    return count, notes


def _runs(summary: Mapping[str, Any], days: Sequence[str], lanes: _Lanes, made: Strip) -> list[str]:
    months = {day[:7]: at for at, day in enumerate(days)}
    first = len(lanes.taken)
    notes: list[str] = []
    bars: dict[str, list[Any]] = {"x": [], "y": []}
    texts: list[tuple[str, float, str, bool]] = []
    diamonds: list[Trace] = []
    for run in summary["training"]:
        finish = run["finish"]
        if finish["high"] is None:
            notes.append(f"Training run {run['name']}: {never}, even at the high utilisation.")
            continue
        open_end = finish["low"] is None
        start, stop = months[finish["high"]], len(days) - 1 if open_end else months[finish["low"]]
        text = _short(f"{run['name']} finished{', or never' if open_end else ''} *")
        below = _Lanes(lanes.months, lanes.taken[first:])
        free = below.place(start, stop, len(text), MOST_LANES)
        lanes.taken[first:] = below.taken
        if free is None:
            continue
        lane = float(free[0] + first)
        bars["x"] += [days[start], days[stop], None]
        bars["y"] += [lane, lane, None]
        central = finish["central"]
        tip = (f"{run['name']} finished: {finish['high']} to {finish['low'] or never}, central "
               f"{central or never} (assumed utilisation)")  # fmt: skip
        texts.append((days[start if free[1] else stop], lane, text, free[1]))
        if central is not None:
            diamonds.append(marks("run", [f"{central}-01"], [lane], [tip], "@ink", symbol="diamond",
                                  size=8, yaxis="y2"))
    if texts:
        at = len(made.data)
        made.data.append({
            "type": "scatter", "mode": "lines", "name": "range", **bars, "yaxis": "y2",
            "line": {"width": 9, "color": "@band"}, "hoverinfo": "skip", "cliponaxis": False,
        })
        made.data.append({
            "type": "scatter", "mode": "text", "name": "runs", "yaxis": "y2", "hoverinfo": "skip",
            "x": [day for day, *_ in texts], "y": [lane for _, lane, *_ in texts],
            "text": [f"{plain(text)}  " if left else f"  {plain(text)}" for *_, text, left in texts],
            "textposition": ["middle left" if left else "middle right" for *_, left in texts],
            "textfont": {"color": "@ink", "size": 11.5}, "cliponaxis": False,
        })
        made.data += diamonds
        made.legend += (
            Key("training runs: low to high utilisation, central ◆ (assumed)", "band",
                "@band", tuple(range(at, len(made.data)))),
        )
    return notes
