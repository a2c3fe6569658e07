"""`gigawatt goodput`: a model and accelerators in, where the time goes and what would help out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gigawatt.app.options import AsJson

if TYPE_CHECKING:
    from gigawatt.reliability.goodput import Goodput
    from gigawatt.reliability.simulator import Played

__all__ = ["goodput_command"]

_LEVERS = 8


def goodput_command(
    model: Annotated[
        str,
        typer.Argument(
            help="Catalog id of a model, a Hugging Face config.json, or its folder.",
            show_default=False,
        ),
    ],
    on: Annotated[
        str,
        typer.Option("--on", help="Accelerators, such as h100-sxm:16384.", metavar="SYSTEM:COUNT"),
    ],
    policy: Annotated[
        str,
        typer.Option(
            "--policy",
            help="restart: from a checkpoint; elastic: drop the replica and go on; auto: the better.",
        ),
    ] = "auto",
    tiers: Annotated[
        str,
        typer.Option(
            "--tiers", help="Tiers of checkpoints: memory, local, shared; shared always is one."
        ),
    ] = "memory,local,shared",
    interval: Annotated[
        str | None,
        typer.Option(
            "--interval",
            help="Work between checkpoints of the lowest tier, such as 10min; the best if left out.",
            metavar="TIME",
        ),
    ] = None,
    spares: Annotated[
        str | None,
        typer.Option(
            "--spares",
            help="Share of accelerators held back, such as 1%; as many as broken nodes take if left out.",
            metavar="SHARE",
        ),
    ] = None,
    replica: Annotated[
        int | None,
        typer.Option(
            "--replica", help="Accelerators of one replica; those that hold the state if left out."
        ),
    ] = None,
    storage_bandwidth: Annotated[
        str | None,
        typer.Option(
            "--storage-bandwidth",
            help="Of shared storage, for the whole run, such as '2 TB/s'.",
            metavar="BANDWIDTH",
        ),
    ] = None,
    simulate: Annotated[
        bool, typer.Option("--simulate", help="Also play the run event by event, as a check.")
    ] = False,
    days: Annotated[float, typer.Option("--days", help="How long to play.")] = 365.0,
    seed: Annotated[int, typer.Option("--seed", help="Seed of what is played.")] = 7,
    folder: Annotated[
        Path | None,
        typer.Option("--folder", help="A folder with catalog records of your own."),
    ] = None,
    json_: AsJson = False,
) -> None:
    """Say which share of a run's time is work that is kept, where the rest goes, and what would help."""
    from gigawatt.app.plots import open_catalog
    from gigawatt.app.quantities import accelerators, bandwidth, duration_s, share
    from gigawatt.reliability.goodput import goodput
    from gigawatt.reliability.goodput import simulate as play_run

    catalog = open_catalog(folder)
    system, count = accelerators(on, catalog.ids("systems"))
    wanted: dict[str, Any] = {
        "policy": policy,
        "tiers": tuple(part.strip() for part in tiers.split(",") if part.strip()),
        "interval_s": None if interval is None else duration_s(interval, "--interval"),
        "spares": None if spares is None else share(spares, "--spares"),
        "replica": replica,
    }
    if storage_bandwidth is not None:
        whole = bandwidth(storage_bandwidth, "--storage-bandwidth")
        wanted["figures"] = {"shared_bytes_per_s": whole / max(count, 1)}
    found = goodput(model, system, count, catalog=catalog, **wanted)
    played = None
    if simulate:
        wanted["policy"] = found.policy
        played = play_run(model, system, count, days=days, seed=seed, catalog=catalog, **wanted)
    if json_:
        record = found.record()
        if played is not None:
            record["simulated"] = {
                "days": days,
                "seed": seed,
                "kept": played[0].kept,
                "closed_form": played[1],
                "failures": played[0].failures,
            }
        print(json.dumps(record, indent=1, ensure_ascii=False))
        return
    _print(found, played, days)


def _print(g: Goodput, played: tuple[Played, float] | None, days: float) -> None:
    from gigawatt.reliability.model import CAUSES

    how = "dropping replicas" if g.policy == "elastic" else "restarting from checkpoints"
    print(f"{g.model} on {g.count:,} × {g.system_id}, {how}")
    print(f"  goodput {g.goodput:.1%} ({g.low:.0%} to {g.high:.0%})")
    each = ", ".join(f"{name} {rate:,.3g}" for name, rate in g.interruptions_per_day.items())
    print(f"  an interruption every {_time(g.mtti_hours * 3600.0)}; a day: {each}")
    often = ", ".join(f"{tier} every {_time(s)}" for tier, s in g.intervals_s.items())
    print(f"  checkpoints: {often}")
    print("where the rest of the time goes")
    for cause, lost in sorted(g.losses.items(), key=lambda item: -item[1]):
        if lost >= 5e-5:
            print(f"  {lost:>7.2%}  {CAUSES[cause]}")
    print("what would help, in points of goodput")
    for lever in g.levers[:_LEVERS]:
        if lever.points >= 0.005:
            print(f"  {lever.points:>+7.2f}  {lever.what}")
    if played is not None:
        run, closed = played
        print(
            f"played for {days:g} days: {run.kept:.2%} kept through {run.failures:,} failures; the closed "
            f"form of the same part: {closed:.2%}"
        )
    if g.carried:
        print(f"carried over: {g.carried}")


def _time(seconds: float) -> str:
    for size, name in ((86400.0, "days"), (3600.0, "h"), (60.0, "min")):
        if seconds >= 2.0 * size:
            return f"{seconds / size:,.3g} {name}"
    return f"{seconds:,.3g} s"
