"""Arguments and options that several commands share."""

from __future__ import annotations

import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from gigawatt.planning import Plan
    from gigawatt.scenario import Scenario

__all__ = [
    "AsJson",
    "Overrides",
    "ScenarioName",
    "Settings",
    "load_scenario",
    "plan_or_run",
    "tell",
]

ScenarioName = Annotated[
    str, typer.Argument(help="Name of a shipped scenario, or a YAML file.", show_default=False)
]
Overrides = Annotated[
    list[str] | None,
    typer.Option("--override", "-o", help="Lay a named override over it; repeatable, in order."),
]
Settings = Annotated[
    list[str] | None,
    typer.Option(
        "--set", "-s", help="Set one value: path=value; repeatable.", metavar="PATH=VALUE"
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]


def load_scenario(name: str, overrides: list[str] | None, settings: list[str] | None) -> Scenario:
    """Load a scenario as the command line names it."""
    from gigawatt.scenario import load, parse_assignment

    assignments = dict(parse_assignment(text) for text in settings or [])
    return load(name, overrides=overrides or (), settings=assignments)


def plan_or_run(name: str, overrides: list[str] | None, settings: list[str] | None) -> Plan:
    """The plan in a run folder, or the plan of a scenario."""
    from gigawatt.planning import is_run, load_run, plan

    with suppress(OSError):  # a name too long to be a folder's
        if is_run(Path(name)) and not overrides and not settings:
            return load_run(name)
    return plan(load_scenario(name, overrides, settings), progress=tell)


def tell(words: str) -> None:
    """Say on a terminal what takes longer than a breath."""
    if sys.stderr.isatty():
        print(words, file=sys.stderr, flush=True)
