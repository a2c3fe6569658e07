"""`gigawatt compare`: what differs between two plans, and what that moved."""

from __future__ import annotations

from typing import Annotated

import typer

from gigawatt.app.finite import print_json
from gigawatt.app.folding import put
from gigawatt.app.options import AsJson, Overrides, Settings, plan_or_run

__all__ = ["compare_command"]


def compare_command(
    a: Annotated[str, typer.Argument(help="Run folder, shipped scenario or YAML file.")],
    b: Annotated[
        str | None,
        typer.Argument(
            help="The other; left out: the first with --override and --set laid over it."
        ),
    ] = None,
    override: Overrides = None,
    set_: Settings = None,
    json_: AsJson = False,
) -> None:
    """Compare two plans: inputs that differ, and what they moved (b − a).

    --override and --set apply to the second plan.
    """
    from gigawatt.core.errors import Problem, RunFolderError
    from gigawatt.planning import compare

    if b is None and not override and not set_:
        raise RunFolderError(
            Problem(
                "E506",
                f"Nothing is named that {a} is compared with.",
                "Name a second run or scenario, or lay something over the first with --override or --set.",
                "B",
            )
        )
    result = compare(plan_or_run(a, None, None), plan_or_run(b or a, override, set_))
    if json_:
        print_json(result.as_dict(), default=str)
    else:
        put(result)
