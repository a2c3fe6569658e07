"""Charts of goodput: where the time of a run goes, how goodput falls with size, and what would help."""

from __future__ import annotations

import html
from collections.abc import Mapping
from typing import Any

from gigawatt.reliability import Goodput, GoodputCurve
from gigawatt.reliability.accounts import CAUSES

from .chart_page import chart_page

__all__ = ["goodput_page"]

_HUES: Mapping[str, str] = {
    "kept": "#0072B2",
    "checkpoint": "#56B4E9",
    "rework": "#E69F00",
    "detect": "#D55E00",
    "restart": "#CC79A7",
    "reinit": "#AA4499",
    "reload": "#882255",
    "regroup": "#CC6677",
    "absent": "#DDCC77",
    "repair": "#999933",
    "spares": "#9A9A9A",
    "leftover": "#6699CC",
    "idle": "#C8C8C8",
    "stragglers": "#44AA99",
    "planned": "#009E73",
}
_LINES = ("#0072B2", "#D55E00")


def goodput_page(answer: Goodput, curves: Mapping[str, GoodputCurve]) -> str:
    """Charts of an answer on one self-contained page.

    Parameters
    ----------
    answer : Goodput
        The run.
    curves : mapping
        Goodput by size, by what is done after a failure.

    Raises
    ------
    MissingExtraError
        E601 if Plotly is not installed.
    """
    title = f"Goodput of {answer.model} on {answer.count:,} × {answer.system_id}"
    lead = (
        f"{answer.goodput:.1%} of the time is work that is kept ({answer.low:.1%} to {answer.high:.1%}); "
        f"a run is interrupted every {answer.mtti_hours:.3g} hours."
    )
    assumed = "".join(f"<li>{html.escape(text)}</li>" for text in answer.assumptions)
    return chart_page(
        title,
        f"<p>{html.escape(lead)}</p>",
        {
            "Where the time goes": _bar(answer),
            "Goodput by the number of accelerators": _by_size(answer, curves),
            "What would help most": _levers(answer),
        },
        f"<h2>Assumed</h2><ul>{assumed}</ul>",
    )


def _layout(height: int, x: str, y: str = "") -> dict[str, Any]:
    clear, muted, grid = "rgba(0,0,0,0)", "#808080", "rgba(128,128,128,0.25)"
    return {
        "height": height, "paper_bgcolor": clear, "plot_bgcolor": clear,
        "font": {"color": muted, "size": 12}, "margin": {"l": 60, "r": 20, "t": 10, "b": 50},
        "xaxis": {"title": {"text": x}, "gridcolor": grid},
        "yaxis": {"title": {"text": y}, "gridcolor": grid, "automargin": True},
        "legend": {"orientation": "h", "y": 1.02, "yanchor": "bottom", "traceorder": "normal"},
    }  # fmt: skip


def _bar(answer: Goodput) -> dict[str, Any]:
    parts = {"kept": answer.goodput, **answer.losses}
    words = {"kept": "work that is kept", **CAUSES}
    data = [
        {
            "type": "bar", "orientation": "h", "name": words[name], "y": [""],
            "x": [float(f"{100.0 * share:.5g}")], "marker": {"color": _HUES[name]},
            "hovertemplate": f"{words[name]}: %{{x:.3g}} %<extra></extra>",
        }
        for name, share in parts.items() if share > 0.0
    ]  # fmt: skip
    return {"data": data, "layout": {**_layout(260, "% of the time"), "barmode": "stack"}}


def _by_size(answer: Goodput, curves: Mapping[str, GoodputCurve]) -> dict[str, Any]:
    data: list[dict[str, Any]] = []
    for hue, (words, curve) in zip(_LINES, curves.items(), strict=True):
        counts = [int(count) for count in curve.counts]
        low, central, high = ([float(f"{100.0 * v:.5g}") for v in row] for row in curve.kept)
        shade = f"rgba({int(hue[1:3], 16)},{int(hue[3:5], 16)},{int(hue[5:7], 16)},0.15)"
        data.append(
            {"type": "scatter", "mode": "lines", "line": {"width": 0}, "fill": "toself",
             "fillcolor": shade, "hoverinfo": "skip", "showlegend": False,
             "x": counts + counts[::-1], "y": high + low[::-1]}
        )  # fmt: skip
        data.append(
            {"type": "scatter", "mode": "lines", "name": words, "line": {"color": hue},
             "x": counts, "y": central,
             "hovertemplate": "%{x:,} accelerators: %{y:.3g} %<extra></extra>"}
        )  # fmt: skip
    data.append(
        {"type": "scatter", "mode": "markers", "name": "this run", "x": [answer.count],
         "y": [float(f"{100.0 * answer.goodput:.5g}")], "marker": {"color": "#CC3311", "size": 9}}
    )  # fmt: skip
    layout = _layout(420, "accelerators", "% of the time")
    layout["xaxis"]["type"] = "log"
    return {"data": data, "layout": layout}


def _levers(answer: Goodput) -> dict[str, Any]:
    shown = answer.levers[::-1]
    bar = {
        "type": "bar", "orientation": "h", "y": [lever.what for lever in shown],
        "x": [float(f"{lever.points:.4g}") for lever in shown], "marker": {"color": "#0072B2"},
        "hovertemplate": "%{y}: %{x:.3g} points<extra></extra>",
    }  # fmt: skip
    return {"data": [bar], "layout": _layout(120 + 26 * len(shown), "points of goodput")}
