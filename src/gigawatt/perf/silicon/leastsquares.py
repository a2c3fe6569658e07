"""Times as a sum of non-negative terms, fitted in relative error.

A surface is linear in its constants: time = sum of constant × term, each constant at least its floor
(a rate cannot exceed what the datasheet allows). Relative errors are squared up to a tenth and grow
linearly beyond, so that a kernel that a library runs badly does not bend the surface.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["Fitted", "fit_terms", "fitted_with", "non_negative"]

Floats = NDArray[np.float64]
ROBUST_FROM = 0.1
ROUNDS = 80


@dataclass(frozen=True, slots=True)
class Fitted:
    """Constants of a surface and what is left of the measured times."""

    constants: Floats
    """One for each term, in seconds per unit of the term."""
    rows: int
    """Measurements fitted."""
    mape: float
    """Mean absolute relative error [1]."""
    p90: float
    """90th percentile of the absolute relative error [1]."""
    bias: float
    """Mean relative error [1]; positive where the surface is too slow."""
    dropped: int = 0
    """Measurements left out as too slow."""


def fit_terms(
    terms: Floats,
    seconds: Floats,
    *,
    floor: ArrayLike | None = None,
    weights: Floats | None = None,
    known: Floats | None = None,
    slow: float | None = None,
) -> Fitted:
    """Fit ``seconds ≈ terms @ constants + known`` with every constant at least its floor.

    Parameters
    ----------
    terms : array, shape (rows, terms)
        Terms of each measurement.
    seconds : array, shape (rows,)
        Measured times, positive [s].
    floor : array, shape (terms,), optional
        Smallest value of each constant; 0 where left out.
    weights : array, shape (rows,), optional
        Weight of each measurement in the fit and in the errors reported; equal where left out.
    known : array, shape (rows,), optional
        Part of the time that is known and not fitted [s].
    slow : float, optional
        Measurements that took more than so many times the surface are left out and the rest is
        fitted again: shapes for which a library had no good kernel [1].

    Returns
    -------
    Fitted

    Examples
    --------
    >>> size = np.array([1e3, 1e6, 1e9])
    >>> terms = np.stack([np.ones(3), size], axis=1)
    >>> fit_terms(terms, 5e-6 + size / 2e12).constants
    array([5.e-06, 5.e-13])
    """
    least = np.zeros(terms.shape[1]) if floor is None else np.asarray(floor, dtype=np.float64)
    share = np.ones(len(seconds)) if weights is None else weights / weights.mean()
    given = np.zeros(len(seconds)) if known is None else known
    constants = _solve(terms, seconds, least, share, given)
    kept = np.ones(len(seconds), dtype=np.bool_)
    if slow is not None:
        kept = seconds <= slow * (terms @ constants + given)
        constants = _solve(terms[kept], seconds[kept], least, share[kept], given[kept])
    error = (terms @ constants + given)[kept] / seconds[kept] - 1.0
    return fitted_with(constants, error, share[kept], int((~kept).sum()))


def fitted_with(constants: Floats, error: Floats, weights: Floats, dropped: int = 0) -> Fitted:
    """Constants with what their relative errors come to.

    Parameters
    ----------
    constants : array, shape (terms,)
        One for each term.
    error, weights : array, shape (rows,)
        Relative error and weight of each measurement that was fitted.
    dropped : int
        Measurements left out.

    Returns
    -------
    Fitted

    Examples
    --------
    >>> found = fitted_with(np.ones(1), np.array([-0.1, 0.3]), np.ones(2))
    >>> round(found.mape, 3), round(found.bias, 3)
    (0.2, 0.1)
    """
    return Fitted(
        constants,
        len(error),
        float(np.average(np.abs(error), weights=weights)),
        _percentile(np.abs(error), weights, 0.9),
        float(np.average(error, weights=weights)),
        dropped,
    )


def _solve(terms: Floats, seconds: Floats, least: Floats, share: Floats, known: Floats) -> Floats:
    """Constants by reweighting until large errors count linearly."""
    relative = terms / seconds[:, None]
    length = np.linalg.norm(relative, axis=0)
    length[length == 0.0] = 1.0
    start = relative @ least + known / seconds
    trust = np.ones(len(seconds))
    constants = least
    for _ in range(ROUNDS):
        root = np.sqrt(trust * share)
        above = non_negative(relative / length * root[:, None], root * (1.0 - start)) / length
        before, constants = constants, least + above
        error = np.abs(start + relative @ above - 1.0)
        trust = np.minimum(1.0, ROBUST_FROM / np.maximum(error, 1e-12))
        if np.allclose(before, constants, rtol=1e-6, atol=0.0):
            break
    return constants


def non_negative(matrix: Floats, target: Floats) -> Floats:
    """Non-negative least squares by the active-set method, for a handful of columns.

    Parameters
    ----------
    matrix : array, shape (rows, columns)
        Columns of comparable length.
    target : array, shape (rows,)
        What ``matrix @ x`` should be.

    Returns
    -------
    array, shape (columns,)
        The x ≥ 0 with the least squared distance.

    References
    ----------
    C. L. Lawson and R. J. Hanson, Solving Least Squares Problems (1974), chapter 23.
    """
    q, r = np.linalg.qr(matrix)
    goal = q.T @ target
    count = r.shape[1]
    x = np.zeros(count)
    free = np.zeros(count, dtype=np.bool_)
    for _ in range(10 * count):
        pull = r.T @ (goal - r @ x)
        pull[free] = -np.inf
        best = int(np.argmax(pull))
        if free.all() or pull[best] <= 1e-10 * np.abs(r.T @ goal).max(initial=0.0):
            break
        free[best] = True
        while True:
            trial = np.zeros(count)
            trial[free] = np.linalg.lstsq(r[:, free], goal, rcond=None)[0]
            if trial[free].min() > 0.0:
                break
            falls = free & (trial <= 0.0)
            step = float(np.min(x[falls] / np.maximum(x[falls] - trial[falls], 1e-300)))
            x = x + step * (trial - x)
            free &= x > 1e-15
            x[~free] = 0.0
            if not free.any():
                trial = x
                break
        x = trial
    return x


def _percentile(size: Floats, weights: Floats, share: float) -> float:
    order = np.argsort(size)
    reached = np.cumsum(weights[order]) / weights.sum()
    return float(size[order][np.searchsorted(reached, share).clip(max=len(size) - 1)])
