"""How often a checkpoint is best written: Young's rule, Daly's, the exact optimum; one place or several.

Intervals are of work: from the end of one stop to the start of the next, while nothing fails.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gigawatt.core.arrays import Array

__all__ = ["best_interval_s", "daly_s", "multilevel_s", "young_s"]

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
    Newton's method from Young's rule; the left side less the right is concave, so that it converges.

    Examples
    --------
    >>> float(best_interval_s(np.array(10.0), np.array(20000.0)).round(2))
    625.81
    """
    ratio = np.asarray(stop_s / mtti_s)
    x = np.minimum(np.sqrt(2.0 * ratio), 1.0)
    for _ in range(40):
        decay = np.exp(-x - ratio)
        slope = np.maximum(-np.expm1(-x - ratio), 1e-15)
        x = np.clip(x - (x - 1.0 + decay) / slope, 0.0, 1.0)
    return np.asarray(np.minimum(x * mtti_s, MOST_S))


def multilevel_s(
    stops_s: Sequence[Array],
    safe_s: Sequence[Array],
    rates_per_s: Sequence[Array],
    first_s: Array | None = None,
) -> list[Array]:
    """Intervals of several places, each of which recovers its own failures; the quickest place first [s].

    Parameters
    ----------
    stops_s, safe_s : sequence of array
        Stop for a checkpoint in each place, and time until it counts [s].
    rates_per_s : sequence of array
        Failures that are recovered from each place, and from no quicker one [1/s].
    first_s : array, optional
        Interval of the quickest place, where it is given [s].

    Notes
    -----
    To first order each place has its own optimum, for the cost is a sum of ``w_k/τ_k + λ_k τ_k/2``. Each
    interval is at least as long as a checkpoint takes to arrive, and a whole multiple of the interval before
    it, so that a checkpoint of a slow place is also one of every quicker place.

    References
    ----------
    A. Moody, G. Bronevetsky, K. Mohror, B. R. de Supinski, Design, modeling, and evaluation of a scalable
    multi-level checkpointing system, SC 2010.

    Examples
    --------
    >>> one = np.array(1.0)
    >>> [float(t.round(1)) for t in multilevel_s([one, 10 * one], [one, one], [one / 2000, one / 20000])]
    [62.6, 625.8]
    """
    found: list[Array] = []
    for stop, safe, rate in zip(stops_s, safe_s, rates_per_s, strict=True):
        best = best_interval_s(stop, 1.0 / np.maximum(rate, 1e-12))
        if not found:
            best = best if first_s is None else np.asarray(first_s)
            found.append(np.maximum(best, safe))
            continue
        below = found[-1]
        times = np.maximum(np.round(best / below), np.maximum(np.ceil(safe / below), 1.0))
        found.append(times * below)
    return found
