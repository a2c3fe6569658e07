"""`gigawatt train`: a model and accelerators in, the best strategies and what they take out."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gigawatt.app.finite import print_json
from gigawatt.app.options import (
    AsJson,
    EnergyPrice,
    Folder,
    GpuHourPrice,
    ModelName,
    TrainingPrecision,
    accelerators_option,
)
from gigawatt.app.progress import progress_bar

__all__ = ["train_command"]


def train_command(
    model: ModelName,
    on: Annotated[str, accelerators_option("h100-sxm:1024")],
    batch_tokens: Annotated[
        str | None,
        typer.Option(
            "--batch-tokens",
            help="Tokens of a step, such as 16M (of 1024²); about 16M if left out.",
            metavar="TOKENS",
        ),
    ] = None,
    seq: Annotated[
        str | None,
        typer.Option(
            "--seq",
            help="Tokens of a sequence, such as 8k; the model's context, at most 8192, if left out.",
            metavar="TOKENS",
        ),
    ] = None,
    precision: TrainingPrecision = None,
    strategy: Annotated[
        str | None,
        typer.Option(
            "--strategy",
            help="Fix choices, such as tp=8,pp=16; tp=4|8 allows some, tp<=8 a range.",
            metavar="CHOICES",
        ),
    ] = None,
    top: Annotated[int, typer.Option("--top", help="How many of the best to show.")] = 5,
    tokens: Annotated[
        str | None,
        typer.Option(
            "--tokens", help="Tokens of the whole run, such as 15T, for days, energy and cost."
        ),
    ] = None,
    objective: Annotated[
        str, typer.Option("--objective", help="What is least: step, throughput, energy or cost.")
    ] = "step",
    front: Annotated[
        bool, typer.Option("--front", help="Also the Pareto front of objective and memory.")
    ] = False,
    memory: Annotated[
        float | None,
        typer.Option(
            "--memory-gib", help="Use at most this much memory of each accelerator.", metavar="GIB"
        ),
    ] = None,
    campuses: Annotated[
        int, typer.Option("--campuses", help="Campuses that share the accelerators evenly.")
    ] = 1,
    campus_gbps: Annotated[
        float,
        typer.Option(
            "--campus-gbps",
            help="Between campuses, per accelerator, one direction, in Gbit/s.",
            metavar="GBPS",
        ),
    ] = 8.0,
    imbalance: Annotated[
        float,
        typer.Option(
            "--imbalance",
            help="Tokens of the busiest expert rank over the mean; 1 for balanced routing.",
            metavar="RATIO",
        ),
    ] = 1.0,
    campus_km: Annotated[
        float, typer.Option("--campus-km", help="Fibre between campuses, in km.", metavar="KM")
    ] = 1000.0,
    building: Annotated[
        int | None,
        typer.Option(
            "--building",
            help="Accelerators under one roof; all of a campus if left out.",
            metavar="COUNT",
        ),
    ] = None,
    building_gbps: Annotated[
        float,
        typer.Option(
            "--building-gbps",
            help="Between buildings, per accelerator, one direction, in Gbit/s.",
            metavar="GBPS",
        ),
    ] = 200.0,
    building_km: Annotated[
        float, typer.Option("--building-km", help="Fibre between buildings, in km.", metavar="KM")
    ] = 3.0,
    in_network: Annotated[
        bool,
        typer.Option("--in-network", help="Switches of the scale-out fabric add gradients up."),
    ] = False,
    outer_every: Annotated[
        int,
        typer.Option(
            "--outer-every",
            help="Campuses exchange parameters every so many steps; 1 exchanges gradients in each.",
            metavar="STEPS",
        ),
    ] = 1,
    price: GpuHourPrice = None,
    energy_price: EnergyPrice = None,
    stack: Annotated[
        str | None, typer.Option("--stack", help="Software stack; the current one if left out.")
    ] = None,
    emit: Annotated[
        str | None,
        typer.Option("--emit", help="Print launch settings instead: megatron or torchtitan."),
    ] = None,
    plot: Annotated[
        Path | None,
        typer.Option("--plot", help="Write charts of step, memory and front to an HTML file."),
    ] = None,
    folder: Folder = None,
    json_: AsJson = False,
) -> None:
    """Find the best strategies for training a model: time, memory, energy, days and dollars."""
    from gigawatt.app.plots import open_catalog, refuse_unwritable, write_page
    from gigawatt.app.quantities import (
        accelerators,
        gpu_hour_price,
        if_given,
        run_tokens,
        step_tokens,
    )
    from gigawatt.app.quantities import energy_price as electricity
    from gigawatt.perf.ask import train
    from gigawatt.perf.launch import FRAMEWORKS, launch_settings
    from gigawatt.perf.stacks import CURRENT

    if emit is not None and emit not in FRAMEWORKS:
        _refuse(f"--emit is '{emit}'; it may be {', '.join(FRAMEWORKS)}.", "--emit")
    refuse_unwritable(plot)
    catalog = open_catalog(folder)
    system, number = accelerators(on, catalog.ids("systems"))
    with progress_bar("searching strategies") as told:
        answer = train(
            model,
            system,
            number,
            catalog=catalog,
            progress=told,
            batch_tokens=if_given(step_tokens, batch_tokens, "--batch-tokens"),
            sequence=if_given(step_tokens, seq, "--seq"),
            precision=precision,
            stack=CURRENT.name if stack is None else stack,
            strategy=strategy or "",
            objective=objective,
            top=top,
            front=front or plot is not None,
            tokens=if_given(run_tokens, tokens, "--tokens"),
            imbalance=imbalance,
            memory_gib=memory,
            campuses=campuses,
            campus_gbps=campus_gbps,
            campus_km=campus_km,
            building=building,
            building_gbps=building_gbps,
            building_km=building_km,
            in_network=in_network,
            outer_every=outer_every,
            usd_per_gpu_hour=if_given(gpu_hour_price, price),
            usd_per_mwh=if_given(electricity, energy_price),
        )
    settings = launch_settings(answer, emit) if emit is not None and answer.best else None
    if plot is not None and answer.best:
        from gigawatt.report.step_chart import step_page

        write_page(plot, step_page(answer))
    if json_:
        record = answer.record() | ({"launch": settings} if settings is not None else {})
        print_json(record)
    elif settings is not None:
        print(settings)
    else:
        from gigawatt.app.training_tables import show_answer

        show_answer(answer, front=front)
        if plot is not None and answer.best:
            print(f"charts: {plot}")
    if not answer.best:
        raise typer.Exit(1)


def _refuse(message: str, option: str) -> None:
    from gigawatt.core.errors import InputError, Problem

    raise InputError(Problem("E203", message, path=option))
