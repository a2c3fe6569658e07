"""`gigawatt infer`: a model, accelerators and limits of latency in, what they serve out."""

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
    accelerators_option,
)

__all__ = ["infer_command"]


def infer_command(
    model: ModelName,
    on: Annotated[str, accelerators_option("gb300-nvl72:72")],
    isl: Annotated[
        str, typer.Option("--isl", help="Tokens of a prompt, such as 4k.", metavar="TOKENS")
    ] = "4k",
    osl: Annotated[
        str, typer.Option("--osl", help="Tokens of an answer, such as 1k.", metavar="TOKENS")
    ] = "1k",
    ttft: Annotated[
        str,
        typer.Option("--ttft", help="Limit of the time to the first token.", metavar="TIME"),
    ] = "2s",
    tpot: Annotated[
        str,
        typer.Option("--tpot", help="Limit of the time of an output token.", metavar="TIME"),
    ] = "50ms",
    percentile: Annotated[
        str, typer.Option("--percentile", help="What the limits hold for: mean or p99.")
    ] = "mean",
    reused: Annotated[
        str,
        typer.Option(
            "--reused",
            help="Share of a prompt whose cache is there already, such as 50%.",
            metavar="SHARE",
        ),
    ] = "0",
    accepted: Annotated[
        float,
        typer.Option(
            "--accepted",
            help="Tokens that a pass yields for a sequence, where drafted ones are checked.",
            metavar="TOKENS",
        ),
    ] = 1.0,
    precision: Annotated[
        str | None,
        typer.Option(
            "--precision",
            help="Weights: bf16, fp8, fp8_block, fp4 or mxfp4; the narrowest usual if left out.",
        ),
    ] = None,
    cache: Annotated[
        str, typer.Option("--cache", help="Keys and values: bf16 or fp8; as usual if left out.")
    ] = "",
    runtime: Annotated[
        str | None, typer.Option("--runtime", help="Serving runtime; the current one if left out.")
    ] = None,
    together: Annotated[
        bool,
        typer.Option("--together", help="Only replicas that both read prompts and decode."),
    ] = False,
    top: Annotated[int, typer.Option("--top", help="How many layouts to show.")] = 5,
    front: Annotated[
        bool, typer.Option("--front", help="Also throughput against interactivity.")
    ] = False,
    price: GpuHourPrice = None,
    energy_price: EnergyPrice = None,
    plot: Annotated[
        Path | None,
        typer.Option("--plot", help="Write throughput against interactivity to an HTML file."),
    ] = None,
    folder: Folder = None,
    json_: AsJson = False,
) -> None:
    """Find the best ways of serving a model: tokens per second, per MW and per dollar, within limits."""
    from gigawatt.app.plots import open_catalog, refuse_unwritable, write_page
    from gigawatt.app.quantities import (
        accelerators,
        duration_s,
        gpu_hour_price,
        if_given,
        share,
        step_tokens,
    )
    from gigawatt.app.quantities import energy_price as electricity
    from gigawatt.perf.serving.ask import infer
    from gigawatt.perf.serving.runtimes import CURRENT

    refuse_unwritable(plot)
    catalog = open_catalog(folder)
    system, number = accelerators(on, catalog.ids("systems"))
    answer = infer(
        model,
        system,
        number,
        catalog=catalog,
        input_tokens=step_tokens(isl, "--isl"),
        output_tokens=step_tokens(osl, "--osl"),
        ttft_s=duration_s(ttft, "--ttft"),
        tpot_s=duration_s(tpot, "--tpot"),
        reused=share(reused, "--reused"),
        accepted=accepted,
        precision=precision,
        cache=cache,
        runtime=CURRENT.name if runtime is None else runtime,
        percentile=percentile,
        apart=not together,
        usd_per_gpu_hour=if_given(gpu_hour_price, price),
        usd_per_mwh=if_given(electricity, energy_price),
        top=top,
    )
    if plot is not None and answer.front:
        from gigawatt.report.serving_chart import serving_page

        write_page(plot, serving_page(answer))
    if json_:
        print_json(answer.record())
    else:
        from gigawatt.app.serving_tables import show_serving

        show_serving(answer, front=front)
        if plot is not None and answer.front:
            print(f"charts: {plot}")
    if not answer.best:
        raise typer.Exit(1)
