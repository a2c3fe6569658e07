"""Goodput of training a model on a number of accelerators: the answer, its parts and its levers."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from gigawatt.catalog import Catalog
from gigawatt.catalog.reliability import Reliability
from gigawatt.catalog.shapes import parameters
from gigawatt.core.errors import InputError, Problem
from gigawatt.perf.ask import model_named

from .checkpoints import tier_of
from .closed import Level
from .model import CASES, CAUSES, Evaluated, evaluate, figures_of, replica_of
from .settings import RecoverySettings, checked
from .simulator import Played, play, play_dropping, seed_of

__all__ = ["Goodput", "Lever", "goodput", "simulate"]

_LEVERS: tuple[tuple[str, dict[str, float]], ...] = (
    ("noticing failures twice as fast", {"detect_s": 0.5}),
    ("restarting twice as fast", {"restart_s": 0.5, "restart_each_s": 0.5, "restart_most_s": 0.5}),
    ("stopping half as long when a replica is dropped", {"stall_s": 0.5}),
    ("replicas back twice as fast", {"rejoin_s": 0.5}),
    ("checkpoints that stop the run half as long", {"fixed_write_s": 0.5, "host_bytes_per_s": 2.0}),
    ("twice the bandwidth of shared storage", {"shared_bytes_per_s": 2.0}),
    ("half as many failures of accelerators", {"gpu": 0.5}),
    ("half as many failures of memory", {"hbm": 0.5}),
    ("half as many failures of switches and cables", {"switch": 0.5}),
    ("half as many failures of software", {"software": 0.5}),
    ("repairs twice as fast", {"repair_h": 0.5}),
    ("half as many slow machines", {"stragglers": 0.5}),
    ("half as many planned interruptions", {"planned_per_day": 0.5}),
)


@dataclass(frozen=True, slots=True)
class Lever:
    """One change and what it gains.

    Attributes
    ----------
    what : str
        The change.
    points : float
        Goodput gained [percentage point].
    """

    what: str
    points: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Goodput:
    """Which share of the time of all accelerators is work that is kept.

    Attributes
    ----------
    model, system_id : str
        What is trained on what.
    count : int
        Accelerators, spares included [1].
    policy : str
        restart or elastic, as was better or as was asked.
    goodput, low, high : float
        Central share, and with worse and better figures [1].
    mtti_hours : float
        Mean time to an unexpected interruption [h].
    intervals_s : dict of str to float
        Work between two checkpoints, by tier in use [s].
    losses : dict of str to float
        The rest of the time, by cause; with `goodput` they add up to 1.
    interruptions_per_day : dict of str to float
        By component [1/day].
    spares : float
        Share of accelerators held back [1].
    levers : tuple of Lever
        What would help, most first.
    carried : str
        Words on rates that are another generation's; empty where they are this one's.
    """

    model: str
    system_id: str
    count: int
    policy: str
    goodput: float
    low: float
    high: float
    mtti_hours: float
    intervals_s: dict[str, float]
    losses: dict[str, float]
    interruptions_per_day: dict[str, float]
    spares: float
    levers: tuple[Lever, ...]
    carried: str

    def record(self) -> dict[str, Any]:
        """Plain data for JSON."""
        lowest = next(iter(self.intervals_s.values()))
        return {
            "model": self.model,
            "system": self.system_id,
            "count": self.count,
            "policy": self.policy,
            "goodput": self.goodput,
            "range": {"low": self.low, "high": self.high},
            "mtbf_hours": self.mtti_hours,
            "checkpoint_interval_s": lowest,
            "checkpoint_intervals_s": dict(self.intervals_s),
            "losses": dict(self.losses),
            "interruptions_per_day": dict(self.interruptions_per_day),
            "spares": self.spares,
            "levers": [{"what": lever.what, "points": lever.points} for lever in self.levers],
            "carried": self.carried,
        }


def goodput(
    model: str | Path,
    system: str,
    count: int,
    *,
    catalog: Catalog | None = None,
    **wanted: Any,
) -> Goodput:
    """Goodput of training a model on a number of accelerators.

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
        Everything of `RecoverySettings`: `policy`, `tiers`, `interval_s`, `spares`, `replica`, `figures`.

    Raises
    ------
    InputError
        E201, E203, E213 for input that cannot be meant, E701 for a system without a memory.

    Examples
    --------
    >>> g = goodput("llama31-405b", "h100-sxm", 16384)
    >>> 0.85 < g.goodput < 0.97, round(g.goodput + sum(g.losses.values()), 9)
    (True, 1.0)
    """
    catalog = catalog or Catalog()
    settings = _settings(wanted)
    record = catalog.reliability
    checked(settings, count, list(record.figures))
    found = model_named(catalog, model)
    weights = float(parameters(found.architecture).total)
    hbm = _hbm_bytes(catalog, system)
    central = _one(record, count, weights, hbm, settings, "central")
    worse, better = (_one(record, count, weights, hbm, settings, case).kept for case in CASES[::2])
    kept = float(central.kept[0])
    generation = catalog.system(system).generation
    return Goodput(
        model=found.name,
        system_id=system,
        count=count,
        policy="elastic" if central.elastic[0] else "restart",
        goodput=kept,
        low=min(float(worse[0]), kept),
        high=max(float(better[0]), kept),
        mtti_hours=float((central.rates.mtti_hours / central.islands)[0]),
        intervals_s={
            tier: float(interval[0])
            for tier, interval in central.intervals_s.items()
            if np.isfinite(interval[0])
        },
        losses={cause: float(central.losses[cause][0]) for cause in CAUSES},
        interruptions_per_day=_by_component(record, central, hbm),
        spares=float(central.spares[0]),
        levers=_levers(record, count, weights, hbm, settings, kept),
        carried=(
            ""
            if generation == record.generation
            else f"failure rates are those of {record.generation}, memory's in proportion to its size"
        ),
    )


def simulate(
    model: str | Path,
    system: str,
    count: int,
    *,
    days: float = 365.0,
    seed: int = 7,
    catalog: Catalog | None = None,
    **wanted: Any,
) -> tuple[Played, float]:
    """Play a run, or one island of it, event by event, beside the closed form of the same part.

    Parameters
    ----------
    model, system, count, catalog, **wanted
        As of `goodput`; with policy auto, the better one is played.
    days : float
        How long [day].
    seed : int
        Any number; with the run's name it gives the draws.

    Returns
    -------
    Played, float
        What was played, and the closed form of the same share: without planned interruptions, slow
        machines and accelerators held back, which no event decides.
    """
    catalog = catalog or Catalog()
    settings = _settings(wanted)
    record = catalog.reliability
    checked(settings, count, list(record.figures))
    if not 0.0 < days <= 1e9:
        raise InputError(
            Problem("E213", f"--days is {days:g}; it may be above 0 to 1e9.", "", "--days")
        )
    found = model_named(catalog, model)
    weights = float(parameters(found.architecture).total)
    hbm = _hbm_bytes(catalog, system)
    e = _one(record, count, weights, hbm, settings, "central")
    f = figures_of(record, "central", settings)
    island = min(float(count), f["island"])
    one = np.array([island])
    state = weights * f["state_bytes"] * island / count
    seeded = seed_of(f"{found.name}/{system}/{count}", seed)
    fixed = 1.0 - sum(float(e.losses[c][0]) for c in ("spares", "planned", "stragglers"))
    closed = float(e.kept[0]) / fixed
    if e.elastic[0]:
        size = settings.replica or replica_of(weights * f["state_bytes"], hbm, f["node"])
        per_s = float((e.rates.memory + e.rates.local)[0]) / 3600.0
        part = min(size / island, 1.0)
        dropped = play_dropping(per_s, f["stall_s"], f["rejoin_s"], part, days=days, seed=seeded)
        whole = play(_played_levels(e, state, one, f, ("shared",)), days=days, seed=seeded + 1)
        failures = dropped.failures + whole.failures
        return Played(dropped.kept * whole.kept, 0.0, failures), closed
    away = float(e.spares[0]) * island / f["node"]
    share = float((e.rates.hardware / e.rates.total)[0]) * f["drained"]
    played = play(
        _played_levels(e, state, one, f, tuple(e.intervals_s)),
        days=days,
        seed=seeded,
        drained=share,
        spares=round(away),
        repair_s=f["repair_h"] * 3600.0,
    )
    return played, closed


def _played_levels(
    e: Evaluated,
    state: float,
    count: np.ndarray[Any, Any],
    f: dict[str, float],
    tiers: tuple[str, ...],
) -> list[Level]:
    restart = min(f["restart_s"] + f["restart_each_s"] * float(count[0]), f["restart_most_s"])
    waiting = 0.0
    levels: list[Level] = []
    for name in ("memory", "local", "shared"):
        rate = float(getattr(e.rates, name)[0])
        if name not in tiers:
            waiting += rate if len(tiers) > 1 or not e.elastic[0] else 0.0
            continue
        tier = tier_of(name, state, count, f)
        interval = e.intervals_s[name][0] if name in e.intervals_s else np.nan
        levels.append(
            Level(
                rate_per_s=np.array((rate + waiting) / 3600.0),
                interval_s=np.array(interval),
                write_s=tier.write_s[0] if not levels else np.array(0.0),
                detect_s=np.array(f["detect_s"]),
                restart_s=np.array(restart),
                read_s=tier.read_s[0],
            )
        )
        waiting = 0.0
    return levels


def _settings(wanted: dict[str, Any]) -> RecoverySettings:
    known = RecoverySettings.__dataclass_fields__
    unknown = [name for name in wanted if name not in known]
    if unknown:
        raise InputError(
            Problem("E201", f"'{name}' is nothing that goodput is asked with.", "", name)
            for name in unknown
        )
    return RecoverySettings(**wanted)


def _hbm_bytes(catalog: Catalog, system: str) -> float:
    hbm = catalog.system(system).hbm
    if hbm is None:
        raise InputError(
            Problem(
                "E701", f"The record of {system} has no hbm, which checkpoints need.", "", system
            )
        )
    return hbm.value


def _one(
    record: Reliability,
    count: int,
    weights: float,
    hbm: float,
    settings: RecoverySettings,
    case: str,
) -> Evaluated:
    return evaluate(record, np.array([float(count)]), weights, hbm, settings, case)


def _by_component(record: Reliability, e: Evaluated, hbm: float) -> dict[str, float]:
    each = {
        name: failure.per_package_hour
        * (hbm / 1e9 / record.hbm_gb if failure.grows_with == "hbm" else 1.0)
        for name, failure in record.failures.items()
    }
    scale = float((e.rates.total * e.islands)[0]) * 24.0 / sum(each.values())
    return {name: rate * scale for name, rate in each.items()}


def _levers(
    record: Reliability,
    count: int,
    weights: float,
    hbm: float,
    settings: RecoverySettings,
    kept: float,
) -> tuple[Lever, ...]:
    found = []
    for what, factors in _LEVERS:
        changed = replace(settings, scaled={**settings.scaled, **factors})
        after = float(_one(record, count, weights, hbm, changed, "central").kept[0])
        found.append(Lever(what, 100.0 * (after - kept)))
    others = []
    for policy, words in (("elastic", "dropping replicas and going on"), ("restart", "")):
        if words and settings.policy == "restart":
            others.append((words, replace(settings, policy=policy)))
    for tier, words in (
        ("memory", "checkpoints in the memory of peers"),
        ("local", "checkpoints on local disks"),
    ):
        if tier not in settings.tiers:
            others.append((words, replace(settings, tiers=(*settings.tiers, tier))))
    if settings.spares is not None:
        others.append(("as many spares as broken nodes take", replace(settings, spares=None)))
    for words, changed in others:
        after = float(_one(record, count, weights, hbm, changed, "central").kept[0])
        found.append(Lever(words, 100.0 * (after - kept)))
    return tuple(sorted(found, key=lambda lever: -lever.points))
