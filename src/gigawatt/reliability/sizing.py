"""How large a run is best, and how many of its nodes are best held back: judged by the work that it keeps.

More accelerators also fail more, so that beyond some size a run keeps less in all; the rest is better idle.
What a run keeps is asked of a function, and how that is computed is not known here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from gigawatt.core.arrays import Array

__all__ = ["best_size", "best_spares", "between", "enough_spares"]

_DEVIATIONS = (0.0, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0)
"""Spares that are tried: the mean number away, and so many standard deviations more."""
_OF_MEAN = (0.0, 0.25, 0.5, 0.75, 0.9)
"""And these shares of the mean number away."""
_NEARER = (0.25, 0.5, 0.75)
_GRID = 0.7 ** np.arange(0, 17)
"""Shares of the largest size that are tried, down to a third of a per cent."""
_WIDTHS = tuple(-np.log(0.7) / 4.0**step for step in range(3))
"""And how far to either side of the best of them, in the logarithm."""
_TINY = 1e-300


def enough_spares(away: Array) -> Array:
    """Spare nodes that are seldom too few: three standard deviations beyond the mean number away [1]."""
    return np.ceil(away + 3.0 * np.sqrt(away))


def best_spares(
    kept: Callable[[Array], Array], away: Array, most: Array, fitting: Array | None = None
) -> Array:
    """Spare nodes with which a run keeps most [1].

    Parameters
    ----------
    kept : callable
        Share kept with numbers of spare nodes, along one more axis in front [1].
    away : array
        Nodes away on average, without any spares [1].
    most : array
        Spare nodes that leave something to work [1].
    fitting : array, optional
        A number that wastes nothing, to be tried too [1].
    """
    numbers = np.stack(
        [np.clip(one + 0.0 * most, 0.0, np.maximum(most, 0.0)) for one in _numbers(away, fitting)]
    )
    numbers = np.sort(numbers, axis=0)
    at = kept(numbers).argmax(axis=0)[None]
    below, middle, above = (
        np.take_along_axis(numbers, np.clip(at + step, 0, len(numbers) - 1), axis=0)[0]
        for step in (-1, 0, 1)
    )
    nearer = [middle]
    for share in _NEARER:
        nearer.append(np.round(below + share * (middle - below)))
        nearer.append(np.round(middle + share * (above - middle)))
    numbers = np.stack(nearer)
    at = kept(numbers).argmax(axis=0)[None]
    return np.asarray(np.take_along_axis(numbers, at, axis=0)[0])


def _numbers(away: Array, fitting: Array | None) -> Iterator[Array]:
    for share in _OF_MEAN:
        yield np.floor(share * away)
    for step in _DEVIATIONS:
        yield np.ceil(away + step * np.sqrt(away))
    if fitting is not None:
        yield fitting


def between(at: Array, sizes: Array, shares: Array) -> Array:
    """Shares at sizes near three for which they are known: a parabola through their logarithms [1].

    Parameters
    ----------
    at : array
        Sizes [package].
    sizes, shares : array, shape (3, ...)
        Sizes [package], and shares there [1].

    Examples
    --------
    >>> known = np.array([100.0, 90.0, 80.0])
    >>> float(between(np.array(85.0), known, 0.5 * (known / 100.0) ** -2).round(4))
    0.692
    """
    x, y = np.log(sizes), np.log(np.maximum(shares, _TINY))
    first, second = _slope(y[1] - y[0], x[1] - x[0]), _slope(y[2] - y[1], x[2] - x[1])
    bend = _slope(second - first, x[2] - x[0])
    away = np.log(at) - x[0]
    return np.asarray(np.exp(np.minimum(y[0] + away * (first + bend * (away + x[0] - x[1])), 0.0)))


def _slope(rise: Array, run: Array) -> Array:
    apart = np.abs(run) > 1e-12
    return np.where(apart, rise / np.where(apart, run, 1.0), 0.0)


def best_size(useful: Callable[[Array], Array], most: Array, least: float) -> Array:
    """Size up to a largest one at which most work is kept in all [package].

    Parameters
    ----------
    useful : callable
        Work that runs of some sizes keep, along one more axis in front [package].
    most : array
        Largest sizes [package].
    least : float
        Step of sizes; none below it is tried [package].

    Notes
    -----
    Where a run of 2 % less does not keep more, the largest is taken to be the best. Otherwise sizes are tried
    that are evenly apart in the logarithm, and then nearer ones.
    """
    ends = useful(np.stack([most, 0.98 * most]))
    falls = (ends[1] > ends[0]) & (most > 0.0)
    some = falls.any(axis=tuple(range(falls.ndim - 1)))
    largest = np.broadcast_to(most, falls.shape)[..., some]
    smallest = np.minimum(least, largest)
    sizes = np.stack([np.maximum(share * largest, smallest) for share in _GRID])
    steps = np.linspace(-1.0, 1.0, 9).reshape(-1, *(1,) * largest.ndim)
    for width in _WIDTHS:
        sizes = np.minimum(_most_useful(useful, sizes) * np.exp(steps * width), largest)
    whole = np.floor(_most_useful(useful, sizes) / least + 1e-9) * least
    found = np.array(np.broadcast_to(most, falls.shape))
    found[..., some] = np.clip(whole, smallest, largest)
    return np.where(falls, found, most)


def _most_useful(useful: Callable[[Array], Array], sizes: Array) -> Array:
    at = useful(sizes).argmax(axis=0)[None]
    return np.asarray(np.take_along_axis(sizes, at, axis=0)[0])
