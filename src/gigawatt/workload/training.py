"""When could this fleet have trained that? Cumulative training compute against a budget.

Each run is answered by itself, as if it had its share of the fleet alone; placing several runs side
by side is another question. Months in which nothing serves add nothing.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gigawatt.core.arrays import Array
from gigawatt.fleet.capacity import SECONDS_PER_HOUR

__all__ = ["finish_month", "flop_by_month"]


def flop_by_month(flop_per_s: Array, hours: Array, earliest: ArrayLike) -> Array:
    """Training compute done in each month.

    Parameters
    ----------
    flop_per_s : array, shape (..., T)
        Rate in each month [FLOP/s].
    hours : array, shape (T,)
        Hours in each month [h].
    earliest : int or array, shape (...)
        Index of the first month of the run.

    Returns
    -------
    array, shape (..., T) [FLOP]

    Examples
    --------
    >>> flop_by_month(np.array([1.0, 1.0]), np.array([1.0, 2.0]), 1)
    array([   0., 7200.])
    """
    done = flop_per_s * (hours * SECONDS_PER_HOUR)
    running = np.arange(flop_per_s.shape[-1]) >= np.asarray(earliest)[..., None]
    return np.where(running, done, 0.0)


def finish_month(done_flop: Array, compute_flop: ArrayLike) -> NDArray[np.float64]:
    """Month index in which the cumulative FLOP reaches the budget.

    Parameters
    ----------
    done_flop : array, shape (..., T)
        FLOP done in each month.
    compute_flop : float or array, shape (...)
        Budget [FLOP].

    Returns
    -------
    array, shape (...)
        Month index as float, NaN where the budget is not reached.

    Examples
    --------
    >>> finish_month(np.array([1.0, 1.0, 1.0]), 2.0)
    array(1.)
    """
    total = np.cumsum(done_flop, axis=-1)
    month = (total < np.asarray(compute_flop)[..., None] * (1.0 - 1e-12)).sum(axis=-1)
    return np.where(month < done_flop.shape[-1], month.astype(float), np.nan)
