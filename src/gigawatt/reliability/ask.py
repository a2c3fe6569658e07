"""Asking by names: `goodput("llama31-405b", "h100-sxm", 16384)`, from Python and from the command line."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from gigawatt.catalog import Catalog
from gigawatt.catalog.records import Architecture
from gigawatt.core.errors import InputError, Problem
from gigawatt.perf.ask import model_named, refuse_unknown

from .accounts import CAUSES
from .answer import Goodput, Played
from .checkpoints import state_bytes
from .curve import GoodputCurve
from .figures import central, fanned, ranged
from .levers import levers
from .machine import Ground, evidence_of, ground_of
from .prepared import Machine
from .replay import play
from .run import evaluate, smaller_run
from .settings import RecoverySettings, checked

__all__ = ["goodput", "goodput_curve", "simulate_goodput"]

MOST_DAYS = 36_525.0


def goodput(
    model: str | Path, system: str, count: int, *, catalog: Catalog | None = None, **wanted: Any
) -> Goodput:
    """Share of the time of accelerators that a training run keeps, failures and all.

    Parameters
    ----------
    model : str or Path
        Catalog id, or a Hugging Face `config.json` or its folder.
    system : str
        Catalog id of the accelerators' system.
    count : int
        Accelerators, spares included.
    catalog : Catalog, optional
        With records of your own; the package's by default.
    **wanted
        Everything of `RecoverySettings`: `elastic`, `tiers`, `interval_s`, `spares`, `replica`,
        `storage_bytes_per_s`, `figures`.

    Returns
    -------
    Goodput
        Share with its range, losses by cause, intervals, and what would help; `record()` is plain data.

    Raises
    ------
    InputError
        For input that cannot be used.

    Examples
    --------
    >>> answer = goodput("llama31-405b", "h100-sxm", 16384)
    >>> answer.goodput > 0.9, round(answer.goodput + sum(answer.losses.values()), 9)
    (True, 1.0)
    """
    catalog = catalog or Catalog()
    settings = _settings(catalog, count, wanted)
    found = model_named(catalog, model)
    ground = ground_of(catalog, found.architecture, system, settings)
    counts = np.array([float(count)])

    def kept(machine: Machine, chosen: RecoverySettings) -> float:
        figures = central(ground.recovery, chosen.figures)
        return float(evaluate(machine, counts, figures, chosen).kept[0])

    f = central(ground.recovery, settings.figures)
    e = evaluate(ground.machine, counts, f, settings)
    drawn = evaluate(ground.machine, counts, fanned(ground.recovery, settings.figures), settings)
    low, middle, high = ranged(drawn.kept)[:, 0]
    elastic = bool(e.elastic[0])
    smaller = smaller_run(ground.machine, float(count), f, settings)
    intervals = {tier: float(interval[0]) for tier, interval in e.intervals_s.items()}
    return Goodput(
        model=found.name,
        system_id=system,
        count=count,
        settings=settings,
        goodput=float(middle),
        low=float(low),
        high=float(high),
        mtti_hours=float(1.0 / e.interruptions_per_s[0]) / 3600.0,
        intervals_s={tier: value for tier, value in intervals.items() if np.isfinite(value)},
        losses={cause: float(e.losses[cause][0]) for cause in CAUSES},
        interruptions_per_day=_by_component(ground, float(e.interruptions_per_s[0])),
        checkpoint_bytes=float(state_bytes(ground.machine.parameters, f["state_bytes"])),
        spares=float(e.losses["spares"][0]),
        smaller_run=None if smaller is None else round(smaller),
        elastic=elastic,
        levers=levers(
            ground.machine,
            settings,
            {name: float(value) for name, value in f.items()},
            elastic,
            kept,
        ),
        assumptions=(*_too_few(count, ground.machine.replica), *ground.assumptions),
        evidence=evidence_of(catalog, ground),
    )


def goodput_curve(
    catalog: Catalog,
    architecture: Architecture,
    system_id: str,
    settings: RecoverySettings | None = None,
    *,
    points: int = 81,
) -> GoodputCurve:
    """Goodput of training a model on a system, from 8 accelerators to 5 million.

    Parameters
    ----------
    catalog : Catalog
        Rates and figures; the system.
    architecture : Architecture
        The model, whose parameters give the size of a checkpoint.
    system_id : str
        Catalog system.
    settings : RecoverySettings, optional
        What is chosen; by default everything at its best, and replicas are dropped where that keeps more.
    points : int
        Counts that are computed, evenly in the logarithm.

    Raises
    ------
    InputError
        For settings that cannot be meant; E701 for a system without a memory.

    Examples
    --------
    >>> catalog = Catalog()
    >>> curve = goodput_curve(catalog, catalog.model("deepseek-v3").architecture, "gb300-nvl72")
    >>> curve.fraction([1_000, 100_000]).shape
    (3, 2)
    """
    settings = settings or RecoverySettings(elastic=True)
    checked(settings, 8, tuple(catalog.recovery.figures))
    ground = ground_of(catalog, architecture, system_id, settings)
    counts = np.round(np.geomspace(8.0, 5e6, points))
    drawn = evaluate(ground.machine, counts, fanned(ground.recovery, settings.figures), settings)
    kept = ranged(drawn.kept)
    if (
        settings.spares is None
    ):  # a larger run may do as a smaller one does, and leave the rest idle
        kept = np.maximum.accumulate(kept * counts, axis=-1) / counts
    return GoodputCurve(
        counts=counts,
        kept=kept,
        mtti_hours=1.0 / drawn.interruptions_per_s[0] / 3600.0,
        elastic=drawn.elastic[0],
        assumptions=ground.assumptions,
    )


def simulate_goodput(
    model: str | Path,
    system: str,
    count: int,
    *,
    days: float = 365.0,
    seed: int = 1,
    catalog: Catalog | None = None,
    **wanted: Any,
) -> Played:
    """Play a run event by event, with the figures that `goodput` computes with.

    Parameters
    ----------
    model, system, count, catalog, **wanted
        As of `goodput`.
    days : float
        How long [day].
    seed : int
        With the name of the run it gives the draws.

    Raises
    ------
    InputError
        For input that cannot be used.
    """
    catalog = catalog or Catalog()
    settings = _settings(catalog, count, wanted)
    if not 0.0 < days <= MOST_DAYS:
        raise InputError(
            Problem(
                "E213", f"days is {days:g}; allowed is above 0, at most {MOST_DAYS:g}.", path="days"
            )
        )
    if isinstance(seed, bool) or not 0 <= seed < 2**63:
        raise InputError(Problem("E213", f"seed is {seed}; allowed is 0 to 2^63 - 1.", path="seed"))
    found = model_named(catalog, model)
    ground = ground_of(catalog, found.architecture, system, settings)
    f = central(ground.recovery, settings.figures)
    e = evaluate(ground.machine, np.array([float(count)]), f, settings)
    chosen = replace(settings, elastic=bool(e.elastic[0]))
    name = f"{found.name}/{system}/{count}"
    return play(ground.machine, float(count), f, chosen, days=days, seed=seed, name=name)


def _settings(catalog: Catalog, count: int, wanted: dict[str, Any]) -> RecoverySettings:
    refuse_unknown(wanted, RecoverySettings, "goodput")
    settings = checked(RecoverySettings(**wanted), count, tuple(catalog.recovery.figures))
    if settings.replica is not None and settings.replica > count:
        raise InputError(
            Problem("E213", f"replica is {settings.replica:,}, more than the {count:,} accelerators.",
                    "Give at most as many as there are, or leave it out.", "replica")
        )  # fmt: skip
    return settings


def _too_few(count: int, replica: float) -> tuple[str, ...]:
    if count >= replica:
        return ()
    return (
        f"{count:,} accelerators hold no replica of this model, which takes about {replica:,.0f}: the "
        "answer is of failures and checkpoints alone.",
    )


def _by_component(ground: Ground, per_s: float) -> dict[str, float]:
    """Interruptions by component [1/day]."""
    each = {name: part.per_hour for name, part in ground.machine.components.items()}
    scale = per_s * 86400.0 / sum(each.values())
    return {name: rate * scale for name, rate in each.items()}
