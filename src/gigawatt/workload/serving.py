"""One served model on what is free: how much of its demand is met, by what.

Requests go where they please, so a stream has no cluster: in every span it takes, machine by machine in
its order of preference, as many packages as the demand needs, spread evenly over places, of those that
make whole units.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gigawatt.core.arrays import Array

from .claims import Stream
from .pool import Pool

__all__ = ["Served", "grown", "serve"]


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
        usable = np.floor((pool.free[m] + 1e-6) / unit) * unit
        total = usable.sum(axis=0)
        share = np.divide(left / each, total, out=np.zeros_like(total), where=total > 0.0)
        share = np.minimum(share, 1.0)
        usable *= share
        pool.free[m] = np.maximum(pool.free[m] - usable, 0.0)
        used[m] = pool.by_month(usable, 0)
        left = np.maximum(left - total * share * each, 0.0)
        left = np.where(left <= 1e-12 * asked, 0.0, left)
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
