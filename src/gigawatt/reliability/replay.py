"""The oracle of the closed form: a run is played event by event, with draws that depend on its name.

Takes the rates and times of a run, and none of the formulas of its goodput.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from typing import Any

import numpy as np

from gigawatt.core.arrays import Array

from . import _replay_kernel as kernel
from .answer import Played
from .figures import Figures
from .prepared import Machine, Prepared, prepare
from .run import chosen_run
from .settings import RecoverySettings

__all__ = ["draws_of", "play", "slow_time"]

_DAY = 86400.0
_HEARD_S = 0.1
"""How long a replay may go on after it is interrupted [s]."""


def draws_of(name: str, seed: int) -> np.random.Generator:
    """Draws that depend on a name and a number, not on what was drawn before.

    Examples
    --------
    >>> draws_of("a", 7).random() == draws_of("a", 7).random()
    True
    >>> draws_of("a", 7).random() == draws_of("b", 7).random()
    False
    """
    digest = hashlib.sha256(f"{name}/{seed}".encode()).digest()
    return np.random.Generator(np.random.PCG64(int.from_bytes(digest[:16], "big")))


def play(
    m: Machine,
    count: float,
    f: Figures,
    settings: RecoverySettings,
    *,
    days: float,
    seed: int,
    name: str,
    plain: bool = False,
) -> Played:
    """Play a run.

    Parameters
    ----------
    m : Machine
        What is run on what.
    count : float
        Accelerators, spares and idle ones included [package]; of a larger run one island is played.
    f : mapping
        Figures; numbers.
    settings : RecoverySettings
        What is chosen; with `elastic` a run of at least two replicas drops them.
    days : float
        How long [day].
    seed : int
        With the name it gives the draws.
    name : str
        Of the run.
    plain : bool
        Whether to play without compiling, slowly.
    """
    count = min(count, float(f["island"]))
    run = chosen_run(m, np.array([count]), f, settings, drop=settings.elastic)
    p = prepare(m, run.size, run.spare_nodes, f, settings, drop=settings.elastic)
    rng = draws_of(name, seed)
    out = np.zeros(9)
    if settings.elastic:
        run_elastic = kernel.replay_elastic if plain else kernel.compiled("elastic")
        _interruptible(run_elastic, rng, days * _DAY, _elastic(p), out)
    else:
        run_again = kernel.replay_restarting if plain else kernel.compiled("restarting")
        _interruptible(run_again, rng, days * _DAY, _restarting(p), out)
    used = p.staff.working[0] / count
    slow = slow_time(
        draws_of(f"{name}/slow", seed), days * _DAY, float(p.staff.working[0] * f["slow_per_hour"]) / 3600.0,
        float(f["slow_found_s"]),
    )  # fmt: skip
    kept = used * out[1] / out[0] * (1.0 - float(f["slow_by"]) * slow)
    return Played(float(kept), float(out[0]) / _DAY, int(out[8]), seed)


def _interruptible(replay: Callable[..., None], *arguments: Any) -> None:
    """Play in a thread of its own, so that Ctrl-C is heard in this one and ends it."""
    stop = np.zeros(1)
    with ThreadPoolExecutor(1) as pool:
        playing = pool.submit(replay, *arguments, stop)
        try:
            while not playing.done():
                wait((playing,), timeout=_HEARD_S)
        finally:
            stop[0] = 1.0
    playing.result()


def slow_time(rng: np.random.Generator, horizon_s: float, per_s: float, found_s: float) -> float:
    """Share of the time in which a slow machine is in the run [1].

    Parameters
    ----------
    rng : Generator
        Draws.
    horizon_s : float
        How long [s].
    per_s : float
        Machines that turn slow [1/s].
    found_s : float
        Until one is found [s].

    Examples
    --------
    >>> slow_time(draws_of("none", 1), 1e6, 0.0, 1800.0)
    0.0
    """
    begins = np.sort(rng.random(rng.poisson(per_s * horizon_s))) * horizon_s
    if not len(begins):
        return 0.0
    gaps = np.diff(np.append(begins, horizon_s))
    return float(np.minimum(gaps, found_s).sum() / horizon_s)


def _one(values: Array) -> float:
    return float(np.ravel(values)[0])


def _restarting(p: Prepared) -> kernel.Restarting:
    levels = [level for level, used in zip(p.levels, p.used, strict=True) if _one(used)]
    step = _one(levels[0].interval_s)
    total = _one(p.staff.rates.total)
    return kernel.Restarting(
        rates=np.array([_one(level.rate_per_s) for level in levels]),
        step_s=step,
        every=np.array([round(_one(level.interval_s) / step) for level in levels], np.int64),
        stop_s=_one(p.levels[0].stop_s),
        safes=np.array([_one(level.safe_s) for level in levels]),
        phases=np.array([_one(phase) for phase in levels[0].phases_s[:3]]),
        reads=np.array([_one(level.phases_s[3]) for level in levels]),
        leaving=_one(p.staff.away) / _one(np.asarray(p.repair_s)) / total,
        spares=int(_one(p.staff.spares)),
        repair_s=_one(np.asarray(p.repair_s)),
        planned_per_s=_one(np.asarray(p.planned_per_s)),
        planned_s=_one(np.asarray(p.planned_s)),
    )


def _elastic(p: Prepared) -> kernel.Elastic:
    (level,) = p.levels
    drops = _one(p.staff.rates.total - p.staff.rates.whole_run)
    return kernel.Elastic(
        drop_per_s=drops,
        whole_per_s=_one(p.staff.rates.whole_run),
        replicas=max(int(_one(p.staff.replicas)), 1),
        stall_s=_one(np.asarray(p.stall_s)),
        rejoin_s=_one(np.asarray(p.rejoin_s)),
        leaving=_one(p.staff.away) / _one(np.asarray(p.repair_s)) / drops,
        spares=int(_one(p.staff.spares)),
        repair_s=_one(np.asarray(p.repair_s)),
        planned_per_s=_one(np.asarray(p.planned_per_s)),
        planned_s=_one(np.asarray(p.planned_s)),
        interval_s=_one(level.interval_s),
        stop_s=_one(level.stop_s),
        safe_s=_one(level.safe_s),
        recovery_s=sum(_one(np.asarray(phase)) for phase in level.phases_s),
    )
