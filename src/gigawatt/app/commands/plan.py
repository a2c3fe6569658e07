"""`gigawatt plan`: scenario in, run folder and headline out."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gigawatt.app.folding import put
from gigawatt.app.options import AsJson, Overrides, ScenarioName, Settings, load_scenario, tell

if TYPE_CHECKING:
    from collections.abc import Callable

    from gigawatt.planning import Plan

__all__ = ["plan_command"]


def plan_command(
    scenario: ScenarioName,
    override: Overrides = None,
    set_: Settings = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="Run folder to make; must not exist.")
    ] = None,
    runs: Annotated[Path, typer.Option("--runs", help="Where numbered run folders go.")] = Path(
        "runs"
    ),
    json_: AsJson = False,
    netcdf: Annotated[bool, typer.Option("--netcdf", help="Also write plan.nc.")] = False,
    csv: Annotated[bool, typer.Option("--csv", help="Also write every table as CSV.")] = False,
    report: Annotated[bool, typer.Option("--report/--no-report", help="Write report.html.")] = True,
    save: Annotated[
        bool, typer.Option("--save/--no-save", help="Write a run folder at all.")
    ] = True,
) -> None:
    """Plan a scenario: what is built when, what it costs, who pays when."""
    from gigawatt.planning import plan, save_run

    made = plan(load_scenario(scenario, override, set_), progress=tell)
    summary = made.summary()
    folder: Path | None = None
    if save:
        folder = save_run(
            made, out, runs=runs, netcdf=netcdf, csv=csv, report=_reporter() if report else None
        )
    if json_:
        print(
            json.dumps(
                {**summary, "run": str(folder) if folder else None},
                indent=1,
                ensure_ascii=False,
                allow_nan=False,
            )
        )
        return
    from gigawatt.app.words import headline

    put(*headline(summary))
    if folder is not None:
        put(
            f"see why: gigawatt explain {folder} fleet.packages; "
            f"gigawatt explain {folder} --assumptions"
        )
        shown = folder / "report.html" if (folder / "report.html").exists() else folder
        put(f"{'report' if shown != folder else 'run'}: {shown}")


def _reporter() -> Callable[[Plan, str], str] | None:
    """The HTML report, or none with a word on standard error where its extra is missing."""
    from importlib.util import find_spec

    missing = [name for name in ("jinja2", "plotly") if find_spec(name) is None]
    if missing:
        print("no HTML report: install it with pip install 'gigawatt[report]'", file=sys.stderr)
        return None
    from gigawatt.report import html_report

    return lambda plan, name: html_report(plan, run_name=name)
