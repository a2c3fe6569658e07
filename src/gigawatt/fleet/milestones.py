"""Gigawatts deployed, on the basis and at the stage that a deal names.

Deployed means standing at one time: the running maximum of the stock, so that replacing a retired
rack never counts as another gigawatt. Whole racks never fill a site exactly, so the n-th gigawatt
counts once the stock reaches n × (1 − TOLERANCE).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gigawatt.core.arrays import Array

from .calendar import first_reached

__all__ = ["TOLERANCE", "deployed_gw", "gigawatt_months"]

TOLERANCE = 0.005
"""Share of a gigawatt that may be missing because racks are whole [1]."""


def deployed_gw(stock_mw: Array) -> Array:
    """Running maximum of a stock, in gigawatts.

    Parameters
    ----------
    stock_mw : array, shape (..., T)
        Power of what stands at the stage [MW].

    Returns
    -------
    array, shape (..., T) [GW]
    """
    return np.maximum.accumulate(stock_mw, axis=-1) / 1000.0


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
    return first_reached(deployed, np.asarray(levels, dtype=np.float64))
