"""Moving stocks along the month axis: lags, steps and arrivals.

Pure functions over arrays whose last axis is the month. Any leading axes (draws first, then sites or
systems) broadcast. Nothing here knows what a rack is.
"""

from __future__ import annotations

import itertools

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gigawatt.core.arrays import Array

__all__ = ["first_reached", "later", "spread_evenly", "steps_to_curve"]


def later(stock: Array, lag_months: ArrayLike, before: float = 0.0) -> Array:
    """A cumulative stock, seen a number of months later.

    Parameters
    ----------
    stock : array, shape (..., T)
        Cumulative amount at each month.
    lag_months : int or array, broadcastable to stock.shape[:-1]
        Whole months; negative to look ahead, where the last known value is held.
    before : float
        Value before the first month.

    Returns
    -------
    array, shape (..., T)
        `stock[t - lag]`, `before` where t - lag < 0.

    Examples
    --------
    >>> later(np.array([1.0, 2.0, 3.0]), 1)
    array([0., 1., 2.])
    """
    months = stock.shape[-1]
    lag = np.asarray(lag_months)
    if lag.ndim == 0:
        shift = int(lag)
        if shift == 0:
            return stock
        moved = np.full_like(stock, before)
        if 0 < shift < months:
            moved[..., shift:] = stock[..., :-shift]
        elif shift < 0:
            ahead = min(-shift, months)
            moved[..., : months - ahead] = stock[..., ahead:]
            moved[..., months - ahead :] = stock[..., -1:]
        return moved
    index = np.arange(months) - lag[..., None].astype(np.int64)
    index = np.broadcast_to(index, np.broadcast_shapes(index.shape, stock.shape))
    wide = np.broadcast_to(stock, index.shape)
    moved = np.take_along_axis(wide, np.clip(index, 0, months - 1), axis=-1)
    return np.where(index < 0, before, moved)


def steps_to_curve(offsets: list[int], values: list[float], months: int) -> Array:
    """A step function as one value a month: each step holds until the next, zero before the first.

    Examples
    --------
    >>> steps_to_curve([1, 3], [5.0, 8.0], 4)
    array([0., 5., 5., 8.])
    """
    curve = np.zeros(months)
    for offset, value in sorted(zip(offsets, values, strict=True)):
        curve[max(offset, 0) :] = value
    return curve


def spread_evenly(amount: float, length: int) -> list[float]:
    """A whole amount over `length` months in whole parts, as even as can be, later parts larger.

    Examples
    --------
    >>> spread_evenly(800, 3)
    [266.0, 267.0, 267.0]
    """
    marks = [np.floor(amount * part / length + 1e-9) for part in range(length + 1)]
    return [float(high - low) for low, high in itertools.pairwise(marks)]


def first_reached(curve: Array, levels: Array) -> NDArray[np.int64]:
    """Index of the first month in which a rising curve reaches each level.

    Parameters
    ----------
    curve : array, shape (..., T)
        Non-decreasing along the last axis.
    levels : array, shape (N,)
        Levels to reach.

    Returns
    -------
    int array, shape (..., N)
        Month index, or T where the level is never reached.
    """
    below = curve[..., None, :] < levels[:, None]
    return np.asarray(below.sum(axis=-1), dtype=np.int64)
