"""To the cent, halves away from zero: as a spreadsheet's ROUND does it.

A product that should be half a cent may be short of it by the last digit of a float. LibreOffice lets
that count as a half: it looks at 15 significant digits of the cents, up to 2^41 of them (22 billion
dollars). The same is done here, so that a recalculated workbook agrees to the cent; what needs more
digits than a float of cents has stays as it is.

References
----------
.. [1] LibreOffice, `sal/rtl/math.cxx`: `rtl_math_round`, `rtl_math_approxValue` (7.4).
"""

from __future__ import annotations

import math

import numpy as np

from gigawatt.core.arrays import Array

__all__ = ["cents_of_array", "cents_of_float"]

_MOST_LOOKED_AT = 2.0**41
"""Above it, cents count as they are."""
_WHOLE = 2.0**52
"""From here on, floats of cents have no halves."""
_NEAR_HALF = 0.48
"""Fifteen digits of at most 2^41 cents are never further than 0.014 from a half."""
_NEAR = 6e-15
"""No smaller share of an amount can matter at 15 digits."""


def cents_of_float(usd: float) -> float:
    """One amount [USD].

    Examples
    --------
    >>> cents_of_float(0.285), cents_of_float(-2.675), cents_of_float(1e12 + 0.004)
    (0.29, -2.68, 1000000000000.0)
    >>> cents_of_float(0.05 * 1234567890.1), cents_of_float(89361.904999999)
    (61728394.51, 89361.9)
    """
    size = abs(usd)
    cents = size * 100.0
    if not cents < _WHOLE:
        return usd
    cents += 0.5
    whole = math.floor(cents)
    if whole + 1.0 - cents <= _NEAR * cents and _reaches(cents, whole + 1.0):
        whole += 1
    return math.copysign(whole / 100.0, usd)


def _reaches(cents: float, whole: float) -> bool:
    """Whether an amount is a whole one to 15 digits; with few binary digits it is what it is."""
    if cents > _MOST_LOOKED_AT or (cents * 2048.0).is_integer():
        return False
    scale = 10.0 ** (14 - math.floor(math.log10(cents)))
    return math.floor(cents * scale + 0.5) / scale >= whole


def cents_of_array(usd: Array) -> Array:
    """Many amounts [USD]; the same as `cents_of_float` for each.

    All but amounts near half a cent are simply rounded; those near one are looked at closely.

    Examples
    --------
    >>> cents_of_array(np.array([0.285, -2.675])).tolist()
    [0.29, -2.68]
    """
    cents = usd * 100.0
    whole = np.rint(cents)
    np.subtract(cents, whole, out=cents)
    np.abs(cents, out=cents)
    near = np.flatnonzero(cents > _NEAR_HALF)
    whole /= 100.0
    if near.size:
        whole.flat[near] = _closely(usd.flat[near])
    return whole


def _closely(usd: Array) -> Array:
    """Amounts near half a cent."""
    cents = np.abs(usd) * 100.0 + 0.5
    whole = np.floor(cents)
    for at in np.flatnonzero(np.floor(cents * (1.0 + _NEAR)) != whole):
        above = float(whole[at]) + 1.0
        if _reaches(float(cents[at]), above):
            whole[at] = above
    return np.copysign(whole / 100.0, usd)
