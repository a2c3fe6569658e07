"""How often a checkpoint is best written: Young's rule, Daly's, the exact optimum; one place or several.

Intervals are of work: from the end of one stop to the start of the next, while nothing fails.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from gigawatt.core.arrays import Array

__all__ = ["best_interval_s", "daly_s", "multilevel_s", "young_s"]

_LARGEST = 200.0
"""Exponents beyond this one leave nothing of the time."""
MOST_S = 1e6
"""No checkpoint is later than this: eleven days [s]."""


def young_s(stop_s: Array, mtti_s: Array) -> Array:
    """Interval to first order, ``√(2 w M)`` [s].

    Parameters
    ----------
    stop_s : array
        Stop for one checkpoint, w [s].
    mtti_s : array
        Mean time to an interruption that it is read after, M [s].

    References
    ----------
    J. W. Young, A first order approximation to the optimum checkpoint interval, CACM 17 (1974) 530.

    Examples
    --------
    >>> float(young_s(np.array(10.0), np.array(20000.0)).round(2))
    632.46
    """
    return np.sqrt(2.0 * stop_s * mtti_s)


def daly_s(stop_s: Array, mtti_s: Array) -> Array:
    """Interval to higher order; the mean time to an interruption where a stop is longer than twice it [s].

    Parameters
    ----------
    stop_s, mtti_s : array
        As of `young_s` [s].

    Notes
    -----
    ``√(2 w M) (1 + √(w/2M)/3 + (w/2M)/9) − w`` for ``w < 2 M``, else M.

    References
    ----------
    J. T. Daly, A higher order estimate of the optimum checkpoint interval for restart dumps, Future
    Generation Computer Systems 22 (2006) 303, equation 37.

    Examples
    --------
    >>> float(daly_s(np.array(10.0), np.array(20000.0)).round(2))
    625.81
    """
    root = np.sqrt(stop_s / (2.0 * mtti_s))
    series = young_s(stop_s, mtti_s) * (1.0 + root / 3.0 + root * root / 9.0) - stop_s
    return np.where(stop_s < 2.0 * mtti_s, series, mtti_s)


def best_interval_s(stop_s: Array, mtti_s: Array) -> Array:
    """Interval that keeps most of the time when interruptions come at random, exactly [s].

    Parameters
    ----------
    stop_s, mtti_s : array
        As of `young_s` [s].

    Notes
    -----
    The interval τ maximises ``τ / (exp((τ + w)/M) − 1)``, so that ``x = τ/M`` solves ``1 − exp(−x − w/M) = x``.
    Newton's method from Daly's rule; the left side less the right is concave, so that it converges.

    Examples
    --------
    >>> float(best_interval_s(np.array(10.0), np.array(20000.0)).round(2))
    625.81
    """
    ratio = np.asarray(stop_s / mtti_s)
    root = np.sqrt(0.5 * ratio)
    x = np.clip(2.0 * root * (1.0 + root / 3.0 + root * root / 9.0) - ratio, 0.0, 1.0)
    for _ in range(6):
        decay = np.exp(-x - ratio)
        slope = np.maximum(-np.expm1(-x - ratio), 1e-15)
        x = np.clip(x - (x - 1.0 + decay) / slope, 0.0, 1.0)
    return np.asarray(np.minimum(x * mtti_s, MOST_S))


def multilevel_s(
    stop_s: Array,
    safe_s: Sequence[Array],
    rates_per_s: Sequence[Array],
    first_s: Array | None = None,
) -> list[Array]:
    """Intervals of several places that one copy to the host serves; the quickest place first [s].

    Parameters
    ----------
    stop_s : array
        Stop for a checkpoint, however many places it goes to [s].
    safe_s : sequence of array
        Time until it counts in each place [s].
    rates_per_s : sequence of array
        Failures that are recovered from each place, and from no quicker one [1/s].
    first_s : array, optional
        Interval of the quickest place, where it is given [s].

    Notes
    -----
    The stop is paid for once, so that a slow place takes every checkpoint that it can: its interval is the
    least multiple that is no shorter than a checkpoint takes to arrive. For the interval of the quickest place
    those are tried that suit the failures of it alone, of it and the next, and so on, as they are and such
    that checkpoints of the slowest place follow each other without a gap. Used is the one that makes least of
    the time until work is saved in the slowest place, over that work; for place k it is to second order
    ``E_k = (exp(λ_k n_k E_(k−1)) − 1) / λ_k``, where ``n_k = τ_k/τ_(k−1)`` and ``n_0 E_(−1) = τ_0 + w``.

    References
    ----------
    A. Moody, G. Bronevetsky, K. Mohror, B. R. de Supinski, Design, modeling, and evaluation of a scalable
    multi-level checkpointing system, SC 2010.

    Examples
    --------
    >>> one = np.array(1.0)
    >>> [float(t.round(1)) for t in multilevel_s(one, [one, 100 * one], [one / 2000, one / 20000])]
    [59.6, 119.3]
    """
    if first_s is not None:
        return _nested(np.maximum(first_s, safe_s[0]), safe_s)
    best, kept = np.zeros(()), np.asarray(-np.inf)
    for first in _tried(stop_s, safe_s, rates_per_s):
        score = _score(first, stop_s, safe_s, rates_per_s)
        best, kept = np.where(score > kept, first, best), np.maximum(score, kept)
    return _nested(best, safe_s)


def _nested(first: Array, safe_s: Sequence[Array]) -> list[Array]:
    """Each interval the least multiple of the one before that is no shorter than arriving takes [s]."""
    found = [np.asarray(first)]
    for safe in safe_s[1:]:
        found.append(np.maximum(np.ceil(safe / found[-1] - 1e-9), 1.0) * found[-1])
    return found


def _tried(stop_s: Array, safe_s: Sequence[Array], rates_per_s: Sequence[Array]) -> Iterator[Array]:
    """Intervals of the quickest place that may be the best [s]."""
    for places in range(1, len(safe_s) + 1):
        rate = sum(rates_per_s[:places], np.zeros(()))
        best = np.maximum(best_interval_s(stop_s, 1.0 / np.maximum(rate, 1e-12)), safe_s[0])
        yield best
        safe = safe_s[-1]
        times = np.maximum(safe / best, 1.0)
        for whole in (1.0, np.floor(times), np.ceil(times)):
            yield np.where(safe > 0.0, np.maximum(safe / whole, safe_s[0]), best)


def _score(
    first: Array, stop_s: Array, safe_s: Sequence[Array], rates_per_s: Sequence[Array]
) -> Array:
    """Logarithm of the share that an interval keeps, but for what is the same for all intervals."""
    intervals = _nested(first, safe_s)
    spent = first + stop_s
    below = first
    for rate, interval in zip(rates_per_s, intervals, strict=True):
        rate = np.maximum(rate, 1e-15)
        spent = np.expm1(np.minimum(rate * spent * (interval / below), _LARGEST)) / rate
        below = interval
    return np.asarray(np.log(below) - np.log(spent))
