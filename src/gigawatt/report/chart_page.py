"""A self-contained page of charts, as the report of a plan is: Plotly.js is inlined, nothing else runs."""

from __future__ import annotations

import html
from collections.abc import Mapping
from typing import Any

from .html import _hash, plotly_js, script_json

__all__ = ["chart_page", "limit_line"]

_SCRIPT = """
for (const [id, figure] of Object.entries(JSON.parse(document.getElementById("figures").textContent))) {
  Plotly.newPlot(id, figure.data, figure.layout, {responsive: true, displaylogo: false});
}
"""
_STYLE = """
:root { color-scheme: light dark; font: 15px/1.5 system-ui, sans-serif; }
body { max-width: 72rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.4rem; } h2 { font-size: 1.1rem; margin-top: 2rem; }
p, li { max-width: 60rem; } td, th { padding: .1rem 1rem .1rem 0; text-align: left; }
td + td, th + th { text-align: right; font-variant-numeric: tabular-nums; }
"""


def limit_line(at: float, words: str) -> dict[str, Any]:
    """Parts of a Plotly layout that draw a limit across a chart, and say what it is.

    Parameters
    ----------
    at : float
        On the horizontal axis.
    words : str
        Shown beside its upper end.
    """
    return {
        "shapes": [
            {"type": "line", "x0": at, "x1": at, "y0": 0, "y1": 1, "yref": "paper",
             "line": {"color": "#CC3311", "dash": "dash"}}
        ],
        "annotations": [
            {"x": at, "y": 1, "yref": "paper", "yanchor": "bottom", "text": words, "showarrow": False,
             "font": {"color": "#CC3311", "size": 11}}
        ],
    }  # fmt: skip


def chart_page(title: str, lead: str, figures: Mapping[str, Any], tail: str = "") -> str:
    """A whole HTML document with charts.

    Parameters
    ----------
    title : str
        Of the page.
    lead, tail : str
        HTML above and below the charts.
    figures : mapping
        Plotly figures by heading.

    Raises
    ------
    MissingExtraError
        E601 if Plotly is not installed.
    """
    library = plotly_js()
    named = {f"chart-{at}": figure for at, figure in enumerate(figures.values())}
    charts = "".join(
        f'<h2>{html.escape(heading)}</h2><div id="{key}" role="img" '
        f'aria-label="{html.escape(heading)}"></div>'
        for key, heading in zip(named, figures, strict=True)
    )
    policy = (
        f"default-src 'none'; script-src '{_hash(library)}' '{_hash(_SCRIPT)}'; "
        "style-src 'unsafe-inline'; img-src data: blob:"
    )
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        f"<title>{html.escape(title)}</title><style>{_STYLE}</style></head><body>"
        f"<h1>{html.escape(title)}</h1>{lead}{charts}{tail}"
        f'<script type="application/json" id="figures">{script_json(named)}</script>'
        f"<script>{library}</script><script>{_SCRIPT}</script></body></html>"
    )
