"""Charts of a training step: what the best strategies spend time and memory on, and the front of both.

One self-contained page, as the report of a plan is: Plotly.js is inlined, and nothing else runs.
"""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from typing import Any

from gigawatt.perf.breakdown import GIB, MEMORY_PARTS, STEP_PARTS
from gigawatt.perf.training_answer import Trained, TrainingAnswer

from .chart_page import chart_page, limit_line

__all__ = ["step_page"]

_HUES: Mapping[str, str] = {
    "gemm": "#0072B2",
    "attention": "#56B4E9",
    "experts": "#009E73",
    "elementwise": "#88CCEE",
    "ends": "#999933",
    "host": "#DDCC77",
    "recompute": "#44AA99",
    "tensor_parallel": "#D55E00",
    "context_parallel": "#E69F00",
    "expert_parallel": "#CC6677",
    "bubble": "#9A9A9A",
    "stage_transfers": "#AA4499",
    "data_parallel": "#CC79A7",
    "campuses": "#882255",
    "optimizer": "#7565C4",
    "offload": "#F0E442",
    "fixed": "#666666",
    "jitter": "#BBBBBB",
    "weights": "#0072B2",
    "gradients": "#56B4E9",
    "activations": "#E69F00",
    "spilled": "#CC3311",
    "workspace": "#009E73",
    "reserved": "#BBBBBB",
}
"""A hue for each part; work is blue to green, messages orange to red, waiting grey."""


def step_page(answer: TrainingAnswer) -> str:
    """Charts of an answer on one self-contained page.

    Parameters
    ----------
    answer : TrainingAnswer
        With at least one strategy.

    Returns
    -------
    str
        A whole HTML document.

    Raises
    ------
    MissingExtraError
        E601 if Plotly is not installed.
    """
    shown = [*answer.best]
    names = [f"{at}. {one.strategy}" for at, one in enumerate(shown, 1)]
    if answer.inside is not None and answer.inside.strategy not in [one.strategy for one in shown]:
        shown.append(answer.inside)
        names.append(f"inside: {answer.inside.strategy}")
    figures = {
        "time": _bars(names, [one.step_parts_s for one in shown], STEP_PARTS, "s a step"),
        "memory": _memory(names, shown),
    }
    if answer.front:
        figures["front"] = _front(answer)
    first, r = answer.best[0], answer.request
    title = f"{answer.model} on {r.count:,} × {r.system_id}"
    band = first.error_band
    lead = (
        f"Best of {answer.counts.enumerated:,} strategies: {first.strategy}; {first.step_time_s:.4g} s a "
        f"step (measured ones are expected within {band.low:.2f} and {band.high:.2f} of it), MFU "
        f"{first.mfu:.1%}, {first.memory_gib:.1f} GiB."
    )
    outside = "".join(f"<li>{html.escape(what)}</li>" for what in first.outside_validated)
    ground = f"<p>Outside of what was measured:</p><ul>{outside}</ul>" if outside else ""
    rows = "".join(
        f"<tr><td>{html.escape(STEP_PARTS[name])}</td><td>{seconds:.4g} s</td>"
        f"<td>{seconds / first.step_time_s:.1%}</td></tr>"
        for name, seconds in first.step_parts_s.items()
        if seconds > 0.0
    )
    headings = {
        "time": "Time of a step",
        "memory": "Memory of an accelerator",
        "front": f"The front: {r.objective} against memory, of strategies that no other betters in both",
    }
    table = f"<h2>The best strategy's step</h2><table>{rows}</table>"
    return chart_page(
        title,
        f"<p>{html.escape(lead)}</p>{ground}",
        {headings[k]: f for k, f in figures.items()},
        table,
    )


def _layout(unit: str, height: int) -> dict[str, Any]:
    clear, muted = "rgba(0,0,0,0)", "#808080"
    return {
        "barmode": "stack", "height": height, "paper_bgcolor": clear, "plot_bgcolor": clear,
        "font": {"color": muted, "size": 12}, "margin": {"l": 10, "r": 20, "t": 10, "b": 40},
        "xaxis": {"title": {"text": unit}, "gridcolor": "rgba(128,128,128,0.25)", "rangemode": "tozero"},
        "yaxis": {"automargin": True, "autorange": "reversed"},
        "legend": {"orientation": "h", "y": 1.06, "yanchor": "bottom", "traceorder": "normal"},
    }  # fmt: skip


def _bars(
    names: Sequence[str],
    parts: Sequence[Mapping[str, float]],
    words: Mapping[str, str],
    unit: str,
) -> dict[str, Any]:
    data = [
        {
            "type": "bar", "orientation": "h", "name": words[key], "y": list(names),
            "x": [float(f"{one[key]:.6g}") for one in parts],
            "marker": {"color": _HUES[key]},
            "hovertemplate": f"{words[key]}: %{{x:.4g}} {unit}<extra></extra>",
        }
        for key in parts[0]
        if any(one[key] > 0.0 for one in parts)
    ]  # fmt: skip
    return {"data": data, "layout": _layout(unit, 210 + 34 * len(names))}


def _memory(names: Sequence[str], shown: Sequence[Trained]) -> dict[str, Any]:
    parts = [one.memory_parts_gib for one in shown]
    figure = _bars(names, parts, MEMORY_PARTS, "GiB")
    limit = float(shown[0].prediction.hbm_bytes) / GIB
    figure["layout"] |= limit_line(limit, "all there is")
    figure["layout"]["legend"]["y"] = 1.14
    return figure


def _front(answer: TrainingAnswer) -> dict[str, Any]:
    points = answer.front
    data = [
        {
            "type": "scatter", "mode": "lines+markers", "line": {"shape": "hv", "color": "#0072B2"},
            "x": [float(f"{point.memory_bytes / GIB:.6g}") for point in points],
            "y": [float(f"{point.objective:.6g}") for point in points],
            "text": [str(point.strategy) for point in points],
            "hovertemplate": "%{text}<br>%{x:.4g} GiB, %{y:.4g}<extra></extra>",
        }
    ]  # fmt: skip
    layout = _layout("GiB", 380)
    layout["yaxis"] = {
        "title": {"text": answer.front_unit}, "gridcolor": "rgba(128,128,128,0.25)", "automargin": True,
    }  # fmt: skip
    layout["margin"]["l"] = 60
    layout["xaxis"].pop("rangemode")
    return {"data": data, "layout": layout}
