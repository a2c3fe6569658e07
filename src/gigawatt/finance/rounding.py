"""To the cent, halves away from zero: as a spreadsheet's ROUND does it."""

from __future__ import annotations

import math

import numpy as np

from gigawatt.core.arrays import Array

__all__ = ["cents_of_array", "cents_of_float"]

# An amount that should be half a cent may be short of it by the last digits of a float; a spreadsheet
# lets that count as a half.
_SLACK = 1.0 + 2.0**-51


def cents_of_float(usd: float) -> float:
    """One amount [USD].

    Examples
    --------
    >>> cents_of_float(0.285), cents_of_float(-2.675), cents_of_float(1e12 + 0.004)
    (0.29, -2.68, 1000000000000.0)
    """
    return math.copysign(math.floor(abs(usd) * 100.0 * _SLACK + 0.5) / 100.0, usd)


def cents_of_array(usd: Array) -> Array:
    """Many amounts [USD]; the same as `cents_of_float` for each.

    Examples
    --------
    >>> cents_of_array(np.array([0.285, -2.675])).tolist()
    [0.29, -2.68]
    """
    magnitude = np.abs(usd)
    magnitude *= 100.0
    magnitude *= _SLACK
    magnitude += 0.5
    np.floor(magnitude, out=magnitude)
    magnitude /= 100.0
    return np.copysign(magnitude, usd, out=magnitude)
