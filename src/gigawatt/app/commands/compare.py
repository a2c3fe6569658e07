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
    others: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[B]...",
            help="The other, or several others; left out: the first with --override and --set laid over it.",
        ),
    ] = None,
    override: Overrides = None,
    set_: Settings = None,
    json_: AsJson = False,
) -> None:
    """Compare plans: inputs that differ, and what they moved (b − a); of several, their deals.

    --override and --set apply to the second plan.
    """
    from gigawatt.core.errors import Problem, RunFolderError
    from gigawatt.planning import compare
    from gigawatt.planning.deal_terms import deal_rows

    if not others and not override and not set_:
        raise RunFolderError(
            Problem(
                "E506",
                f"Nothing is named that {a} is compared with.",
                "Name a second run or scenario, or lay something over the first with --override or --set.",
                "B",
            )
        )
    first = plan_or_run(a, None, None)
    rest = [plan_or_run(other, override, set_) for other in others or [a]]
    plans = [first, *rest]
    deals = [(plan.scenario.label, deal_rows(plan)) for plan in plans]
    same = all(p.scenario.spec.investment == first.scenario.spec.investment for p in rest)
    result = compare(first, rest[0]) if len(rest) == 1 else None
    if json_:
        found = result.as_dict() if result else {"plans": [plan.scenario.label for plan in plans]}
        print_json(
            found | {"deals": [row.as_dict() for _, rows in deals for row in rows]}, default=str
        )
        return
    if result is not None:
        put(result)
    if not same or len(rest) > 1:
        from gigawatt.app.deal_tables import print_deals

        print_deals(deals)
