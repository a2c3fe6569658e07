"""One served model on what is free: how much of its demand is met, by what.

Requests go where they please, so a stream has no cluster: in every span it takes, machine by machine in
its order of preference, as many whole units as the demand needs, place by place. The last of them may be
busy in part; no model runs on part of one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gigawatt.core.arrays import Array

from .claims import Stream
from .pool import Pool

__all__ = ["Served", "grown", "serve"]

_NOTHING = 1e-12
"""Share of a demand that is none of it."""
_WHOLE = 1.0 - _NOTHING
"""Share of a unit that counts as all of it, so that rounding asks for none more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """What became of a stream, in one case.

    Attributes
    ----------
    used : array, shape (M, P, T)
        Packages at work, as the mean of the month [1].
    met_tokens_per_s : array, shape (T,)
        Output tokens served [token/s].
    """

    used: Array
    met_tokens_per_s: Array


def serve(pool: Pool, stream: Stream, case: int) -> Served:
    """Serve a stream, and take what it uses from the pool.

    Parameters
    ----------
    pool : Pool
        What is free; changed.
    stream : Stream
        Demand, and what a package serves.
    case : int
        0 low, 1 central, 2 high.
    """
    left = stream.demand_tokens_per_s[pool.month]
    asked = left
    machines, places, _ = pool.free.shape
    used = np.zeros((machines, places, pool.horizon))
    for m in stream.order:
        each = float(stream.tokens_per_s[m, case])
        if each <= 0.0:
            continue
        unit = max(float(stream.unit[m]), 1.0)
        units = np.floor((pool.free[m] + 1e-6) / unit)
        if not units.any():
            continue
        packages = units - units.cumsum(axis=0)  # less what places before it have
        packages += np.ceil(left / (each * unit) * _WHOLE)
        np.clip(packages, 0.0, units, out=packages)
        packages *= unit
        pool.free[m] -= packages
        np.maximum(pool.free[m], 0.0, out=pool.free[m])
        used[m] = pool.by_month(packages, 0)
        left = np.maximum(left - packages.sum(axis=0) * each, 0.0)
        left = np.where(left <= _NOTHING * asked, 0.0, left)
        if not left.any():
            break
    return Served(used=used, met_tokens_per_s=pool.by_month(asked - left, 0))


def grown(steps: Array, last: int, growth: float) -> Array:
    """Demand by month: steps, and growth compounded after the last of them.

    Parameters
    ----------
    steps : array, shape (T,)
        Steps held by month [token/s].
    last : int
        Month of the last step.
    growth : float
        Growth of a month [1].

    Examples
    --------
    >>> grown(np.array([1.0, 1.0, 2.0, 2.0, 2.0]), 2, 0.5).tolist()
    [1.0, 1.0, 2.0, 3.0, 4.5]
    """
    after = np.maximum(np.arange(len(steps)) - last, 0)
    return np.asarray(steps * (1.0 + growth) ** after)
