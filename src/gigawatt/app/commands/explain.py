"""`gigawatt explain`: from a figure down to the facts, with file and line."""

from __future__ import annotations

from typing import Annotated

import typer

from gigawatt.app.finite import print_json
from gigawatt.app.folding import put
from gigawatt.app.options import AsJson, Overrides, Settings, plan_or_run

__all__ = ["explain_command"]


def explain_command(
    run: Annotated[str, typer.Argument(help="Run folder, shipped scenario or YAML file.")],
    figure: Annotated[str | None, typer.Argument(help="Figure, such as fleet.packages.")] = None,
    at: Annotated[
        str | None, typer.Option("--at", help="Month, YYYY-MM; the last if left out.")
    ] = None,
    site: Annotated[str | None, typer.Option("--site", help="Only this site.")] = None,
    system: Annotated[str | None, typer.Option("--system", help="Only this system.")] = None,
    where: Annotated[
        list[str] | None,
        typer.Option("--where", metavar="AXIS=LABEL", help="Any other axis, such as gigawatt=3."),
    ] = None,
    assumptions: Annotated[
        bool, typer.Option("--assumptions", help="List everything that is assumed.")
    ] = False,
    list_: Annotated[bool, typer.Option("--list", help="List all figures.")] = False,
    override: Overrides = None,
    set_: Settings = None,
    json_: AsJson = False,
) -> None:
    """Explain a figure: its formula, its inputs, their sources and lines."""
    from gigawatt.core.errors import Problem, RunFolderError
    from gigawatt.planning import explain
    from gigawatt.planning.figures import FIGURES
    from gigawatt.planning.summary import assumptions as assumptions_of

    if list_:
        if json_:
            print_json(
                [
                    {
                        "name": f.name,
                        "axes": f.dims,
                        "unit": f.unit,
                        "formula": f.formula,
                        "doc": f.doc,
                    }
                    for f in FIGURES
                ]
            )
            return
        for row in FIGURES:
            put(f"{row.name:<34} {row.unit:<14} {row.doc}  [{', '.join(row.dims)}]")
        return
    plan = plan_or_run(run, override, set_)
    if assumptions:
        rows = assumptions_of(plan)
        if json_:
            print_json(rows)
            return
        for item in sorted(rows, key=lambda r: (r["kind"], r["input"], r["where"])):
            value = f" = {item['value']}" if item["value"] else ""
            put(f"{item['kind']:<9} {item['input']}{value}    {item['where']}")
            if item["note"] or item["source"]:
                put(f"          {' · '.join(p for p in (item['note'], item['source']) if p)}")
        return
    if figure is None:
        raise RunFolderError(
            Problem(
                "E505",
                "No figure is named.",
                "Name one, such as fleet.packages, or use --list or --assumptions.",
            )
        )
    labels = {
        key: value for key, value in (("site", site), ("system", system)) if value is not None
    }
    for text in where or []:
        axis, equals, label = text.partition("=")
        if not equals:
            raise RunFolderError(
                Problem(
                    "E506", f"'{text}' is not of the form axis=label.", "Such as --where gigawatt=3"
                )
            )
        labels[axis.strip()] = label.strip()
    at = labels.pop("month", at)
    if reserved := {"plan", "name", "at"} & set(labels):
        raise RunFolderError(
            Problem("E506", f"{figure} has no axis '{min(reserved)}'.", "A month is given by --at.")
        )
    explanation = explain(plan, figure, at=at, **labels)
    if json_:
        print_json(explanation.as_dict(), default=str)
    else:
        put(explanation)
