"""The oracle of the closed form: a run is played event by event, with seeds keyed by name."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from . import _simulator_kernel as kernel
from .closed import Level

__all__ = ["Played", "play", "play_dropping", "seed_of"]


@dataclass(frozen=True, slots=True)
class Played:
    """What a played run came to.

    Attributes
    ----------
    kept : float
        Share of the time that is work kept [1].
    blocked : float
        Share of the time that it waited for repairs [1].
    failures : int
        Failures.
    """

    kept: float
    blocked: float
    failures: int


def seed_of(name: str, seed: int) -> int:
    """A seed that depends on a name and a number, not on the order of draws.

    Examples
    --------
    >>> seed_of("a", 7) == seed_of("a", 7), seed_of("a", 7) == seed_of("b", 7)
    (True, False)
    """
    digest = hashlib.sha256(f"{name}/{seed}".encode()).digest()
    return int.from_bytes(digest[:4], "big")


@cache
def _compiled(plain: Callable[..., Any]) -> Callable[..., Any]:
    """A function of the kernel as machine code, kept on disk where the package's folder may be written."""
    import numba  # takes half a second, so only who plays waits for it

    try:
        quick: Callable[..., Any] = numba.njit(cache=True)(plain)
    except RuntimeError:  # no folder for the cache
        quick = numba.njit(plain)
    return quick


def play(
    levels: list[Level],
    *,
    days: float,
    seed: int,
    drained: float = 0.0,
    spares: int = 1 << 30,
    repair_s: float = 0.0,
) -> Played:
    """Play a synchronous run.

    Parameters
    ----------
    levels : list of Level
        Of one run, the lowest tier first; scalars.
    days : float
        How long [day].
    seed : int
        From `seed_of`.
    drained : float
        Chance that a failure takes a node away [1].
    spares : int
        Nodes that may be away while the run goes on [1].
    repair_s : float
        Until a node is back [s].
    """
    step = float(levels[0].interval_s)
    every = np.array([max(round(float(level.interval_s) / step), 1) for level in levels], np.int64)
    horizon = days * 86400.0
    kept, blocked, failures = _compiled(kernel.play_nested)(
        seed,
        horizon,
        np.array([float(level.rate_per_s) for level in levels]),
        step,
        every,
        np.array([float(level.write_s) for level in levels]),
        np.array([float(level.detect_s + level.restart_s + level.read_s) for level in levels]),
        drained,
        spares,
        repair_s,
    )
    return Played(kept / horizon, blocked / horizon, int(failures))


def play_dropping(
    rate_per_s: float,
    stall_s: float,
    rejoin_s: float,
    replica_share: float,
    *,
    days: float,
    seed: int,
) -> Played:
    """Play a run that drops replicas and goes on; see `closed.elastic` for the figures."""
    horizon = days * 86400.0
    work, failures = _compiled(kernel.play_elastic)(
        seed, horizon, rate_per_s, stall_s, rejoin_s, replica_share
    )
    return Played(work / horizon, 0.0, int(failures))
