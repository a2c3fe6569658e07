"""A plan as a PDF to print and to send: `pdf_report`.

Typst sets it from one template. All words and figures reach it as data, so that nothing that a user
wrote is read as markup; only fonts that Typst brings along are used, and nothing is loaded.
"""

from __future__ import annotations

import json
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from gigawatt.core.errors import MissingExtraError, Problem, RunFailedError
from gigawatt.planning import Plan

from .accelerator_chart import accelerators
from .palette import palette_of
from .paper import paper
from .power_chart import power
from .sources import Sources
from .view import View

__all__ = ["pdf_report"]

TEMPLATE = Path(__file__).with_name("templates") / "report.typ"


def pdf_report(plan: Plan, *, run_name: str = "") -> bytes:
    """Show a plan on A4 paper.

    Parameters
    ----------
    plan : Plan
        What to show; nothing is computed beyond sums for display.
    run_name : str
        Name of the run folder, shown above the title.

    Returns
    -------
    bytes
        A whole PDF; the same for the same plan.

    Raises
    ------
    MissingExtraError
        E601 if Typst is not installed.
    RunFailedError
        E503 if Typst cannot set it.

    Examples
    --------
    >>> import gigawatt as gw
    >>> pdf_report(gw.plan(gw.load("one-campus")))[:5]
    b'%PDF-'
    """
    if find_spec("typst") is None:
        raise MissingExtraError.of("report", "The PDF report")
    import typst

    view = View(plan, palette_of(plan), Sources(plan, plan.summary()))
    data = json.dumps(
        _readable(paper(view, [power(view), accelerators(view)], run_name)), ensure_ascii=True
    )
    try:
        made: Any = typst.compile(
            str(TEMPLATE), root=str(TEMPLATE.parent), ignore_system_fonts=True, format="pdf",
            sys_inputs={"data": data},
        )  # fmt: skip
    except typst.TypstError as error:
        message = f"The PDF report could not be set: {error}."
        raise RunFailedError(Problem("E503", message, "Write the HTML report instead.")) from None
    return bytes(made)


def _readable(value: Any) -> Any:
    """The same data without halves of characters, which no PDF can show."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, dict):
        return {key: _readable(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_readable(part) for part in value]
    return value
