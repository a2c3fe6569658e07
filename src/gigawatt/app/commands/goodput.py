"""`gigawatt goodput`: a model and accelerators in, the share of the time that is kept, and the rest, out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gigawatt.app.finite import print_json
from gigawatt.app.options import AsJson, Folder, ModelName, accelerators_option
from gigawatt.app.progress import progress_bar

if TYPE_CHECKING:
    from gigawatt.catalog import Catalog
    from gigawatt.reliability import Played

__all__ = ["goodput_command"]


def goodput_command(
    model: ModelName,
    on: Annotated[str, accelerators_option("h100-sxm:16384")],
    elastic: Annotated[
        bool,
        typer.Option("--elastic", help="Drop a replica that fails and go on with the others."),
    ] = False,
    spares: Annotated[
        str | None,
        typer.Option(
            "--spares",
            help="Share of the accelerators held back, such as 1%; what keeps most if left out.",
            metavar="SHARE",
        ),
    ] = None,
    tiers: Annotated[
        str,
        typer.Option(
            "--tiers",
            help="Places of checkpoints: memory (of peers), local (disks), shared (storage).",
            metavar="PLACES",
        ),
    ] = "memory,local,shared",
    interval: Annotated[
        str | None,
        typer.Option(
            "--interval",
            help="Work between checkpoints of the quickest place, such as 10min; the best if left out.",
            metavar="TIME",
        ),
    ] = None,
    storage: Annotated[
        str | None,
        typer.Option(
            "--storage-bandwidth",
            help="Of shared storage, such as 2TB/s; in proportion to the accelerators if left out.",
            metavar="BANDWIDTH",
        ),
    ] = None,
    replica: Annotated[
        int | None,
        typer.Option(
            "--replica",
            help="Accelerators of one replica; as few as hold the model if left out.",
            metavar="COUNT",
        ),
    ] = None,
    simulate: Annotated[
        bool, typer.Option("--simulate", help="Also play the run event by event.")
    ] = False,
    seed: Annotated[int, typer.Option("--seed", help="Seed of the draws of --simulate.")] = 1,
    days: Annotated[float, typer.Option("--days", help="Days that --simulate plays.")] = 365.0,
    plot: Annotated[
        Path | None,
        typer.Option(
            "--plot", help="Write where the time goes, and goodput by size, to an HTML file."
        ),
    ] = None,
    folder: Folder = None,
    json_: AsJson = False,
) -> None:
    """Share of the time that a training run keeps, where the rest goes, and what would help most."""
    from gigawatt.app.plots import open_catalog, refuse_unwritable, write_page
    from gigawatt.app.quantities import accelerators, bandwidth, duration_s, if_given, share
    from gigawatt.reliability import goodput, simulate_goodput

    refuse_unwritable(plot)
    catalog = open_catalog(folder)
    system, number = accelerators(on, catalog.ids("systems"))
    wanted: dict[str, Any] = {
        "elastic": elastic,
        "tiers": tuple(tier.strip() for tier in tiers.split(",")),
        "interval_s": if_given(duration_s, interval, "--interval"),
        "spares": if_given(share, spares, "--spares"),
        "storage_bytes_per_s": if_given(bandwidth, storage, "--storage-bandwidth"),
        "replica": replica,
    }
    with progress_bar("failures and recovery") as told:
        answer = goodput(model, system, number, catalog=catalog, **wanted)
        told(0.5)
        played: Played | None = None
        if simulate:
            played = simulate_goodput(
                model, system, number, days=days, seed=seed, catalog=catalog, **wanted
            )
        told(1.0)
    fits = _fits_training(catalog, model, system, number)
    if plot is not None:
        from gigawatt.report.goodput_chart import goodput_page

        write_page(plot, goodput_page(answer, _curves(catalog, model, system, wanted)))
    if json_:
        from dataclasses import asdict

        record = answer.record() | {"fits_training": fits}
        record |= {"simulated": asdict(played)} if played else {}
        print_json(record)
        return
    from gigawatt.app.goodput_tables import show_goodput

    show_goodput(answer, played, fits_training=fits)
    if plot is not None:
        print(f"charts: {plot}")


_ENOUGH = 4.0
"""Of so many replicas, each as small as can hold the model, nobody doubts that they can train it."""


def _fits_training(catalog: Catalog, model: str, system: str, count: int) -> bool | None:
    """Whether any strategy trains the model on so many; none where the training model cannot tell."""
    from gigawatt.core.errors import InputError
    from gigawatt.perf.ask import model_named, train
    from gigawatt.reliability import RecoverySettings
    from gigawatt.reliability.machine import ground_of

    shape = model_named(catalog, model).architecture
    if count >= _ENOUGH * ground_of(catalog, shape, system, RecoverySettings()).machine.replica:
        return True
    try:
        return bool(train(model, system, count, catalog=catalog, top=1).best)
    except InputError:
        return None


def _curves(catalog: Any, model: str, system: str, wanted: dict[str, Any]) -> dict[str, Any]:
    """Goodput by size, with and without dropping replicas."""
    from gigawatt.perf.ask import model_named
    from gigawatt.reliability import RecoverySettings, goodput_curve

    shape = model_named(catalog, model).architecture
    return {
        words: goodput_curve(
            catalog, shape, system, RecoverySettings(**wanted | {"elastic": elastic})
        )
        for words, elastic in (("start again", False), ("drop replicas", True))
    }
