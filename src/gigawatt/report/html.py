"""One self-contained HTML file that shows a plan: `html_report`.

Nothing is loaded at run time: style, script and Plotly.js (from the installed `plotly` package) are
inlined, and a content security policy with their hashes lets nothing else run. Everything that users
wrote is escaped, in the page by the template engine and in the figures by `script_json`.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Sequence
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gigawatt.core.errors import MissingExtraError
from gigawatt.planning import Plan

from .charts import build_charts
from .facts import UNKNOWN, facts
from .headline import headline
from .money import money_chapter
from .palette import palette_of
from .sources import Sources
from .tables import all_tables
from .traces import Chart
from .view import View

if TYPE_CHECKING:
    from jinja2 import Template

__all__ = ["html_report", "plotly_js", "script_json"]

TEMPLATES = Path(__file__).with_name("templates")


def html_report(plan: Plan, *, run_name: str = "") -> str:
    """Show a plan on one self-contained page.

    Parameters
    ----------
    plan : Plan
        What to show; nothing is computed beyond sums for display.
    run_name : str
        Name of the run folder, shown under the title.

    Returns
    -------
    str
        A whole HTML document.

    Raises
    ------
    MissingExtraError
        E601 if Jinja2 or Plotly is not installed.

    Examples
    --------
    >>> import gigawatt as gw
    >>> page = html_report(gw.plan(gw.load("one-campus")))
    >>> page.startswith("<!doctype html>")
    True
    """
    library = plotly_js()
    template = _template()
    from markupsafe import Markup

    sources = Sources(plan, plan.summary())
    view = View(plan, palette_of(plan), sources)
    build, money = build_charts(view), money_chapter(view)
    charts = [*build, *money.charts]
    spec = plan.scenario.spec
    script = _asset("report.js")
    return template.render(
        plan=plan,
        run_name=run_name,
        description=spec.description,
        facts=facts(plan),
        tiles=headline(view),
        charts=build,
        money=money,
        explained={chart.key: sources.explain(chart.figures) for chart in charts},
        tables=all_tables(view),
        assumptions=sources.assumptions(),
        inputs=sources.inputs(),
        warnings=plan.warnings,
        unknown=UNKNOWN,
        style=Markup(_asset("report.css")),
        script=Markup(script),
        library=Markup(library),
        figures=Markup(script_json(_figures(view, charts))),
        script_hashes=f"'{_hash(library)}' '{_hash(script)}'",
    )


def _figures(view: View, charts: Sequence[Chart]) -> dict[str, Any]:
    return {
        "months": view.days,
        "charts": [
            {
                "key": chart.key,
                "data": chart.data,
                "layout": chart.layout,
                "switches": [{"unit": s.unit, "y": s.y} for s in chart.switches],
            }
            for chart in charts
        ],
    }


def script_json(value: Any) -> str:
    r"""JSON that can stand in a script element: it cannot end it, and holds only ASCII.

    Parameters
    ----------
    value : Any
        Plain data without NaN or infinity.

    Examples
    --------
    >>> script_json("</script>")
    '"\\u003c/script\\u003e"'
    """
    text = json.dumps(value, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")


def plotly_js() -> str:
    """Plotly.js of the installed `plotly` package, found without importing it.

    Raises
    ------
    MissingExtraError
        E601 if the package or the file is not there.
    """
    spec = find_spec("plotly")
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        file = Path(folder) / "package_data" / "plotly.min.js"
        if file.is_file():
            return file.read_text(encoding="utf-8")
    raise MissingExtraError.of("report", "The HTML report")


@lru_cache(maxsize=1)
def _template() -> Template:
    if find_spec("jinja2") is None:
        raise MissingExtraError.of("report", "The HTML report")
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("report.html.j2")


@lru_cache(maxsize=8)
def _asset(name: str) -> str:
    return (TEMPLATES / name).read_text(encoding="utf-8")


def _hash(script: str) -> str:
    digest = hashlib.sha256(script.encode("utf-8")).digest()
    return f"sha256-{base64.b64encode(digest).decode('ascii')}"
