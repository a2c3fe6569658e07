"""`gigawatt new`: a scenario file to start from."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gigawatt.app.options import SHIPPED

__all__ = ["new_command"]


def new_command(
    name: Annotated[str, typer.Argument(help="File to make; .yaml is added where it is missing.")],
    from_: Annotated[
        str, typer.Option("--from", help=f"Shipped scenario to start from: {SHIPPED}.")
    ] = "one-campus",
) -> None:
    """Make a scenario file of your own from a shipped one."""
    from gigawatt.core.errors import Problem, RunFailedError, ScenarioError, did_you_mean
    from gigawatt.scenario import load, shipped_scenarios

    shipped = shipped_scenarios()
    if from_ not in shipped:
        raise ScenarioError(
            Problem(
                "E101", f"There is no shipped scenario '{from_}'.", did_you_mean(from_, shipped)
            )
        )
    path = Path(name if name.endswith((".yaml", ".yml")) else f"{name}.yaml")
    text = shipped[from_].read_text(encoding="utf-8")
    made = False
    try:
        with path.open("x", encoding="utf-8") as stream:
            made = True
            stream.write(text)
    except FileExistsError:
        raise ScenarioError(
            Problem("E114", f"{path} already exists.", "Choose another name; nothing was changed.")
        ) from None
    except OSError as error:
        if made:
            path.unlink(missing_ok=True)
        raise RunFailedError(
            Problem("E503", f"{path} cannot be written: {error.strerror or error}.", "")
        ) from None
    load(path)
    print(f"{path} made from {from_}. Now: gigawatt plan {path}")
