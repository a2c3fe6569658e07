"""Gigawatts deployed, on the basis and at the stage that a deal names.

What a site has had standing at one time at most counts as deployed there, and the sites add up. So
replacing a retired rack is never another gigawatt, and a campus that is being refreshed does not undo
one. Whole racks never fill a site exactly: the n-th gigawatt counts at n × (1 − TOLERANCE).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gigawatt.core.arrays import Array

from .calendar import first_reached

__all__ = ["TOLERANCE", "deployed_gw", "gigawatt_months", "whole_steps"]

TOLERANCE = 0.005
"""Share of a gigawatt that may be missing because racks are whole [1]."""


def deployed_gw(stock_mw: Array) -> Array:
    """Gigawatts deployed at each site: the running maximum of its stock.

    Parameters
    ----------
    stock_mw : array, shape (..., T)
        Power of what stands at the stage [MW].

    Returns
    -------
    array, shape (..., T) [GW]

    Examples
    --------
    >>> deployed_gw(np.array([400.0, 900.0, 700.0]))
    array([0.4, 0.9, 0.9])
    """
    return np.asarray(np.maximum.accumulate(stock_mw, axis=-1) / 1000.0)


def whole_steps(deployed: float, step_gw: float = 1.0) -> int:
    """How many whole steps an amount of deployed power makes, within the tolerance.

    Examples
    --------
    >>> whole_steps(2.99)
    3
    >>> whole_steps(2.98)
    2
    """
    return int(np.floor(deployed / (step_gw * (1.0 - TOLERANCE)) + 1e-9))


def gigawatt_months(deployed: Array, count: int, step_gw: float = 1.0) -> NDArray[np.int64]:
    """Month index in which each whole gigawatt, or other step, is reached.

    Parameters
    ----------
    deployed : array, shape (..., T)
        Gigawatts deployed, non-decreasing [GW].
    count : int
        How many steps to look for.
    step_gw : float
        Power of a step [GW].

    Returns
    -------
    int array, shape (..., count)
        Month index, T where never reached.

    Examples
    --------
    >>> gigawatt_months(np.array([0.4, 0.996, 2.1]), 2)
    array([1, 2])
    """
    levels = np.arange(1.0, count + 1.0) * (step_gw * (1.0 - TOLERANCE))
    return first_reached(deployed, np.asarray(levels, dtype=np.float64) - 1e-12)
