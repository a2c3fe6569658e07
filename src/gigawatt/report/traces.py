"""Charts as plain Plotly mappings: areas, lines, pins, the layout that all of them share.

Colours written `@ink` are replaced in the page by those of its light or dark theme. Text that users
wrote passes through `plain`, because Plotly reads tags in names and labels. A trace without `x` stands
on the months of the plan. This file does not know what a chart is about.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from gigawatt.core.arrays import Array

from .palette import Shade
from .table import Table

__all__ = [
    "Chart",
    "Drawing",
    "Key",
    "Switch",
    "area",
    "bar",
    "cased",
    "floats",
    "layout",
    "line",
    "marks",
    "plain",
]

Trace = dict[str, Any]
Look = Literal["area", "line", "thin", "dash", "dot", "pin", "ring", "band"]


@dataclass(frozen=True, slots=True)
class Key:
    """One entry of a legend.

    Attributes
    ----------
    name : str
        What it stands for.
    look : str
        Form of the swatch.
    colour : str
        `#RRGGBB`, or a colour of the theme such as `@ink`.
    traces : tuple of int
        Traces that it shows and hides.
    hatch : bool
        Whether the area is hatched.
    """

    name: str
    look: Look
    colour: str
    traces: tuple[int, ...]
    hatch: bool = False


@dataclass
class Drawing:
    """Traces and their legend, as they are drawn one over another.

    Attributes
    ----------
    data : list of Trace
        Plotly traces.
    legend : list of Key
        Entries with the numbers of their traces.
    """

    data: list[Trace] = field(default_factory=list)
    legend: list[Key] = field(default_factory=list)

    def add(self, name: str, look: Look, colour: str, *traces: Trace, hatch: bool = False) -> None:
        """Draw traces under one entry of the legend."""
        numbers = range(len(self.data), len(self.data) + len(traces))
        self.legend.append(Key(name, look, colour, tuple(numbers), hatch))
        self.data.extend(traces)

    def layer(self, name: str, values: list[float | None], shade: Shade, form: str) -> None:
        """Draw one layer of the stack."""
        self.add(name, "area", shade.hex, area(name, values, shade, form), hatch=bool(shade.hatch))


@dataclass(frozen=True, slots=True)
class Switch:
    """Another reading of the same chart, such as dies instead of packages.

    Attributes
    ----------
    name, unit : str
        Name of the reading and unit of its axis.
    y : list of list of float
        Heights of every trace.
    """

    name: str
    unit: str
    y: list[list[float | None]]


@dataclass(frozen=True, slots=True)
class Chart:
    """One chart with everything that stands around it.

    Attributes
    ----------
    key, title, lead, unit : str
        Id, heading, one sentence on what it shows, unit of the vertical axis.
    label : str
        Text alternative.
    data : list of Trace
        Plotly traces.
    layout : dict
        Plotly layout.
    legend : tuple of Key
        Entries in drawing order.
    by_year : Table
        The same figures in a compact table.
    figures : tuple of str
        Figures of the plan that are drawn.
    switches : tuple of Switch
        Readings to choose from; none if there is only one.
    notes : tuple of str
        What the reader should know beside the drawing.
    assumed : tuple of str
        Assumed inputs that the drawing rests on.
    opened : bool
        Whether the table is shown without being asked for.
    """

    key: str
    title: str
    lead: str
    unit: str
    label: str
    data: list[Trace]
    layout: dict[str, Any]
    legend: tuple[Key, ...]
    by_year: Table
    figures: tuple[str, ...]
    switches: tuple[Switch, ...] = ()
    notes: tuple[str, ...] = ()
    assumed: tuple[str, ...] = field(default=())
    opened: bool = False


def plain(text: str) -> str:
    """Text that Plotly shows as it is written, tags and entities included."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def floats(values: Array, divisor: float = 1.0, digits: int = 6) -> list[float | None]:
    """Values in that many significant digits; none for what is not finite."""
    scaled = (values / divisor).tolist()
    return [float(f"{v:.{digits}g}") if math.isfinite(v) else None for v in scaled]


def area(name: str, values: list[float | None], shade: Shade, form: str) -> Trace:
    """One layer of a stack.

    Parameters
    ----------
    name : str
        As users wrote it.
    values : list of float
        Heights by month.
    shade : Shade
        Its colour; hatched if it says so.
    form : str
        Value in a tip, with its unit, such as `%{y:,.2f} GW`.
    """
    trace: Trace = {
        "type": "scatter", "mode": "lines", "name": plain(name), "y": values, "stackgroup": "all",
        "line": {"shape": "hv", "width": 0.5, "color": shade.hex},
        "fillcolor": shade.rgba(0.85), "hovertemplate": form,
    }  # fmt: skip
    if shade.hatch:
        trace["fillpattern"] = {
            "shape": shade.hatch, "size": 6, "solidity": 0.35,
            "fgcolor": shade.hex, "bgcolor": shade.rgba(0.2),
        }  # fmt: skip
    return trace


def line(
    name: str, values: list[float | None], colour: str, form: str,
    *, width: float = 2.0, dash: str = "solid",
) -> Trace:  # fmt: skip
    """A line of months, in steps."""
    return {
        "type": "scatter", "mode": "lines", "name": plain(name), "y": values,
        "line": {"shape": "hv", "width": width, "color": colour, "dash": dash},
        "hovertemplate": form,
    }  # fmt: skip


def bar(
    name: str,
    x: Sequence[str],
    widths_ms: Sequence[float],
    y: list[float | None],
    shade: Shade,
    form: str,
) -> Trace:
    """One layer of stacked bars, each as wide as the time that it stands for.

    Parameters
    ----------
    name : str
        As users wrote it.
    x : sequence of str
        Days in the middle of the bars.
    widths_ms : sequence of float
        Their widths on a time axis [ms].
    y : list of float
        Heights; negative ones are stacked downwards.
    shade : Shade
        Colour; hatched if it says so.
    form : str
        Value in a tip, with its unit.
    """
    marker: Trace = {"color": shade.hex, "line": {"width": 0}}
    if shade.hatch:
        marker["pattern"] = {
            "shape": shade.hatch,
            "size": 6,
            "solidity": 0.35,
            "fillmode": "replace",
        }
    return {
        "type": "bar", "name": plain(name), "x": list(x), "width": list(widths_ms), "y": y,
        "marker": marker, "hovertemplate": form,
    }  # fmt: skip


def cased(trace: Trace) -> tuple[Trace, Trace]:
    """A line over areas, with an edge in the colour of the paper that keeps it apart from them."""
    edge = {
        **trace,
        "line": {**trace["line"], "color": "@paper", "dash": "solid",
                 "width": trace["line"]["width"] + 2.6},
        "opacity": 0.75, "hoverinfo": "skip",
    }  # fmt: skip
    del edge["hovertemplate"]
    return edge, trace


def marks(
    name: str, x: Sequence[str], y: Sequence[float], tips: Sequence[str], colour: str,
    *, symbol: str = "circle", size: float = 7.0, **more: Any,
) -> Trace:  # fmt: skip
    """Symbols at single months; tips, if there are any, are shown when the cursor is on them."""
    tip: Trace = {"hoverinfo": "skip"}
    if tips:
        shown = [plain(text) for text in tips]
        tip = {"customdata": shown, "hovertemplate": "%{customdata}<extra></extra>"}
    return {
        "type": "scatter", "mode": "markers", "name": plain(name), "x": list(x), "y": list(y),
**tip,
        "marker": {"symbol": symbol, "size": size, "color": colour}, "cliponaxis": False, **more,
    }  # fmt: skip


def layout(months: Sequence[str], height: int) -> dict[str, Any]:
    """What all charts share: the time axis, margins, quiet lines, one cursor.

    Parameters
    ----------
    months : sequence of str
        First days of the months, `YYYY-MM-01`.
    height : int
        Height of the drawing [px].
    """
    clear = "rgba(0,0,0,0)"
    last = months[-1] if len(months) > 1 else f"{months[0][:8]}28"
    ticks = {"dtick": "M1"} if len(months) < 4 else {}
    return {
        "height": height,
        "margin": {"l": 56, "r": 18, "t": 10, "b": 26},
        "showlegend": False,
        "hovermode": "x unified",
        "hoversubplots": "axis",
        "dragmode": "zoom",
        "paper_bgcolor": clear,
        "plot_bgcolor": clear,
        "font": {"size": 12, "color": "@muted"},
        "hoverlabel": {"bgcolor": "@paper", "bordercolor": "@rule",
                       "font": {"color": "@ink", "size": 12}, "namelength": 40},
        "xaxis": {
            "type": "date", "range": [months[0], last], "gridcolor": "@grid", "linecolor": "@rule",
            "showline": True, "showspikes": False, "hoverformat": "%Y-%m",
            "unifiedhovertitle": {"text": "%{x|%Y-%m}"},
            "ticks": "outside", "ticklen": 4, "tickcolor": "@rule", "tickangle": 0, **ticks,
            "tickformatstops": [
                {"dtickrange": ["M12", None], "value": "%Y"},
                {"dtickrange": [None, "M12"], "value": "%Y-%m"},
            ],
        },
        "yaxis": {
            "rangemode": "tozero", "gridcolor": "@grid", "zerolinecolor": "@rule",
            "fixedrange": True, "separatethousands": True, "exponentformat": "none", "nticks": 6,
        },
    }  # fmt: skip
