"""`gigawatt check`: whether a scenario can be planned, without planning it."""

from __future__ import annotations

from typing import Annotated

import typer

from gigawatt.app.finite import print_json
from gigawatt.app.folding import put
from gigawatt.app.options import AsJson, Overrides, ScenarioName, Settings, load_scenario, tell

__all__ = ["check_command"]


def check_command(
    scenario: ScenarioName,
    override: Overrides = None,
    set_: Settings = None,
    strict: Annotated[bool, typer.Option("--strict", help="Warnings count as errors.")] = False,
    json_: AsJson = False,
) -> None:
    """Check a scenario: schema, units, rules, and what its plan would warn of."""
    from gigawatt.core.errors import ScenarioError
    from gigawatt.planning import plan

    loaded = load_scenario(scenario, override, set_)
    warnings = plan(loaded, progress=tell).warnings
    if strict and warnings:
        raise ScenarioError(warnings)
    if json_:
        print_json(
            [
                {
                    "code": w.code,
                    "path": w.path,
                    "where": str(w.origin),
                    "message": w.message,
                    "fix": w.fix,
                }
                for w in warnings
            ]
        )
        return
    for warning in warnings:
        put(warning)
    spec = loaded.spec
    put(
        f"{loaded.name}: can be planned. {len(spec.sites)} sites, {len(spec.hardware)} systems, "
        f"{len(spec.partners)} partners, {spec.horizon.months} months, {len(warnings)} warnings."
    )
