"""Slow machines: one of them holds up a whole synchronous run until it is found.

Only machines that have turned slow; the jitter of healthy ones is part of the time of a step.
"""

from __future__ import annotations

import numpy as np

from gigawatt.core.arrays import Array

__all__ = ["slow_share"]


def slow_share(count: Array, per_hour: Array, found_s: Array) -> Array:
    """Share of the time in which at least one slow machine is in the run [1].

    Parameters
    ----------
    count : array
        Accelerators [package].
    per_hour : array
        Accelerators that turn slow, each accelerator and hour [1/h].
    found_s : array
        Until one is found and replaced [s].

    Notes
    -----
    ``1 − exp(−n ρ f)``, the busy share of a queue with as many servers as are needed.

    Examples
    --------
    >>> float(slow_share(np.array(12288.0), 6e-6, 1800.0).round(4))
    0.0362
    """
    return np.asarray(-np.expm1(-count * per_hour * found_s / 3600.0))
