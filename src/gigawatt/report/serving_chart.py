"""Chart of what a system serves: tokens per second of an accelerator against those of a user."""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import Any

from gigawatt.perf.serving.answer import ServingAnswer
from gigawatt.perf.serving.search import ServingPoint

from .chart_page import chart_page, limit_line

__all__ = ["serving_page"]


def serving_page(answer: ServingAnswer) -> str:
    """Throughput against interactivity on one self-contained page.

    Parameters
    ----------
    answer : ServingAnswer
        With a front.

    Raises
    ------
    MissingExtraError
        E601 if Plotly is not installed.
    """
    r = answer.request
    title = f"{answer.model} on {r.count:,} × {r.system_id}"
    lead = (
        f"Prompts of {r.input_tokens:,} tokens, answers of {r.output_tokens:,}, {r.precision}, "
        f"{r.runtime}; the first token within {r.ttft_s:g} s. {answer.ground.capitalize()}."
    )
    return chart_page(
        title, f"<p>{html.escape(lead)}</p>", {"Throughput against interactivity": _figure(answer)}
    )


def _figure(answer: ServingAnswer) -> dict[str, Any]:
    clear, muted, grid = "rgba(0,0,0,0)", "#808080", "rgba(128,128,128,0.25)"
    kinds = (
        ("prompts and decoding together", "#0072B2", [p for p in answer.front if not p.prefill]),
        ("prompts and decoding apart", "#D55E00", [p for p in answer.front if p.prefill]),
    )
    limit = 1.0 / answer.request.tpot_s
    return {
        "data": [_trace(name, hue, points) for name, hue, points in kinds if points],
        "layout": {
            "height": 460, "paper_bgcolor": clear, "plot_bgcolor": clear,
            "font": {"color": muted, "size": 12}, "margin": {"l": 60, "r": 20, "t": 30, "b": 50},
            "xaxis": {"title": {"text": "tokens/s for a user"}, "gridcolor": grid, "rangemode": "tozero"},
            "yaxis": {"title": {"text": "tokens/s per accelerator"}, "gridcolor": grid,
                      "rangemode": "tozero"},
            "legend": {"orientation": "h", "y": -0.2},
            **limit_line(limit, "limit of a token's time: right of it is kept"),
        },
    }  # fmt: skip


def _trace(name: str, hue: str, points: Sequence[ServingPoint]) -> dict[str, Any]:
    return {
        "type": "scatter", "mode": "markers", "name": name, "marker": {"color": hue, "size": 6},
        "x": [float(f"{1.0 / p.tpot_s:.5g}") for p in points],
        "y": [float(f"{p.tokens_per_s:.5g}") for p in points],
        "text": [f"{p.layout}{f' behind {p.prefill}' if p.prefill else ''}, {p.sequences:,.0f} requests"
                 for p in points],
        "hovertemplate": "%{text}<br>%{x:.4g} for a user, %{y:.4g} per accelerator<extra></extra>",
    }  # fmt: skip
