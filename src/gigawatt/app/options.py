"""Arguments and options that several commands share."""

from __future__ import annotations

import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from gigawatt.planning import Plan
    from gigawatt.scenario import Scenario

__all__ = [
    "SHIPPED",
    "AsJson",
    "EnergyPrice",
    "Folder",
    "GpuHourPrice",
    "ModelName",
    "Overrides",
    "ScenarioName",
    "Settings",
    "TrainingPrecision",
    "accelerators_option",
    "load_scenario",
    "plan_or_run",
    "tell",
]

SHIPPED = (
    "amd-openai-warrants, gpu-loan, nvidia-openai-10gw, nvidia-openai-equity, nvidia-openai-guaranty "
    "or one-campus"
)
"""Shipped scenarios in words; written out, since help must not read them from disk."""

ScenarioName = Annotated[
    str,
    typer.Argument(help=f"A shipped scenario ({SHIPPED}), or a YAML file.", show_default=False),
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
Folder = Annotated[
    Path | None,
    typer.Option("--folder", help="A folder with catalog records of your own, looked in first."),
]
ModelName = Annotated[
    str,
    typer.Argument(
        help="Catalog id of a model, a Hugging Face config.json, or its folder.",
        show_default=False,
    ),
]
TrainingPrecision = Annotated[
    str | None,
    typer.Option(
        "--precision", help="bf16, fp8, mxfp8 or nvfp4; 8 bits where the system has them."
    ),
]
GpuHourPrice = Annotated[
    str | None,
    typer.Option("--price", help="Price of an accelerator hour, such as '2.1 USD/gpu/hour'."),
]
EnergyPrice = Annotated[
    str | None,
    typer.Option(
        "--energy-price",
        help="Electricity that the hourly price does not hold, such as '45 USD/MWh'.",
        metavar="PRICE",
    ),
]


def accelerators_option(example: str) -> Any:
    """The option `--on` of a command; `quantities.accelerators` reads what it is given."""
    return typer.Option("--on", help=f"Accelerators, such as {example}.", metavar="SYSTEM:COUNT")


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
