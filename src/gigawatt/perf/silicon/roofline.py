"""Times of which some parts hide one another, fitted in relative error.

The form is that of `decode_terms`: plain terms add, hidden ones add as a root of squares. It is not
linear in its constants, so they are sought in their logarithms, which keeps them positive; a constant
never falls below its floor (a rate cannot exceed what the datasheet allows). Errors count as in
`leastsquares`: squared while small, linear beyond.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from .decode_terms import HIDDEN, DecodeTerms
from .figures import rate, rounded
from .leastsquares import ROBUST_FROM, Fitted, fitted_with
from .terms import Floats

__all__ = ["datasheet_floor", "fit_hidden", "named_constants"]

ROUNDS = 200
NEGLIGIBLE = 1e-6
"""Share of the median time below which a term counts as nothing."""


def fit_hidden(
    terms: DecodeTerms,
    seconds: Floats,
    *,
    least: Mapping[str, float] | None = None,
    weights: Floats | None = None,
    known: Floats | None = None,
    slow: float | None = None,
) -> Fitted:
    """Fit ``seconds ≈ known + sum of plain parts + sqrt(sum of squares of hidden parts)``.

    Parameters
    ----------
    terms : dict
        Terms by the name of their constant; those in `HIDDEN` hide one another.
    seconds : array, shape (rows,)
        Measured times, positive [s].
    least : mapping, optional
        Smallest constants, in seconds per unit of the term.
    weights : array, shape (rows,), optional
        Weight of each measurement; equal where left out.
    known : array, shape (rows,), optional
        Part of the time that is known and not fitted [s].
    slow : float, optional
        Measurements that took more than so many times the surface are left out and the rest is
        fitted again: shapes for which no library had a good kernel [1].

    Returns
    -------
    Fitted
        Constants in the order of the terms, 0 for one that counts as nothing.

    Examples
    --------
    >>> size = np.geomspace(1e6, 1e9, 30)
    >>> terms = {"launch_s": 1.0, "bytes_per_s": size}
    >>> fit_hidden(terms, 5e-6 + size / 2e12).constants.round(15).tolist()
    [5e-06, 5e-13]
    """
    count = len(seconds)
    amounts = np.stack([np.broadcast_to(t, count) for t in terms.values()], axis=1)
    hidden = np.array([name in HIDDEN for name in terms])
    share = np.ones(count) if weights is None else weights / weights.mean()
    target = seconds if known is None else seconds - known
    size = np.array([np.median(column[column > 0.0]) for column in amounts.T])
    typical = np.median(target) / size
    floor = np.array([(least or {}).get(name, 0.0) for name in terms])
    low = np.log(np.maximum(floor, NEGLIGIBLE * typical))
    start = np.maximum(np.log(0.3 * typical), low)
    kept = np.ones(count, dtype=np.bool_)
    found = _seek(amounts, target, seconds, hidden, share, low, start)
    if slow is not None:
        kept = target <= slow * _times(found, amounts, hidden)
        found = _seek(
            amounts[kept], target[kept], seconds[kept], hidden, share[kept], low, np.log(found)
        )
    found[(floor == 0.0) & (found <= 2.0 * NEGLIGIBLE * typical)] = 0.0
    error = ((_times(found, amounts, hidden) - target) / seconds)[kept]
    return fitted_with(found, error, share[kept], int((~kept).sum()))


def datasheet_floor(peak_flops_per_s: float, hbm_bytes_per_s: float) -> dict[str, float]:
    """Smallest constants of arithmetic and of memory, which may be no faster than the datasheet says."""
    return {
        "bytes_per_s": 1.0 / hbm_bytes_per_s,
        "arithmetic_flops_per_s": 1.0 / peak_flops_per_s,
    }


def named_constants(terms: DecodeTerms, fitted: Fitted) -> dict[str, float | None]:
    """Constants as a record keeps them: rates for terms in bytes and FLOP, else seconds per unit."""
    return {
        name: rate(constant) if "_per_s" in name else rounded(constant)
        for name, constant in zip(terms, fitted.constants, strict=True)
    }


def _times(constants: Floats, amounts: Floats, hidden: NDArray[np.bool_]) -> Floats:
    parts = amounts * constants
    together: Floats = np.sqrt((parts[:, hidden] ** 2).sum(axis=1))
    plain: Floats = parts[:, ~hidden].sum(axis=1)
    return plain + together


def _loss(error: Floats, share: Floats) -> float:
    size = np.abs(error)
    squared = size < ROBUST_FROM
    each = np.where(squared, size * size, ROBUST_FROM * (2.0 * size - ROBUST_FROM))
    return float((share * each).sum())


def _seek(
    amounts: Floats,
    target: Floats,
    seconds: Floats,
    hidden: NDArray[np.bool_],
    share: Floats,
    low: Floats,
    start: Floats,
) -> Floats:
    """Constants by damped Gauss-Newton steps in their logarithms."""
    at = start
    error = (_times(np.exp(at), amounts, hidden) - target) / seconds
    loss, damping = _loss(error, share), 1e-2
    for _ in range(ROUNDS):
        slope = amounts * np.exp(at)
        squares = slope[:, hidden] ** 2
        root = np.sqrt(squares.sum(axis=1))
        slope[:, hidden] = squares / np.maximum(root, 1e-300)[:, None]
        trust = np.minimum(1.0, ROBUST_FROM / np.maximum(np.abs(error), 1e-12))
        weighted = slope / seconds[:, None] * (share * trust)[:, None]
        pull = -(weighted.T @ error)
        bend = weighted.T @ (slope / seconds[:, None])
        free = (at > low + 1e-12) | (pull > 0.0)
        before = loss
        for _ in range(15):
            step = np.zeros(len(at))
            damped = bend + damping * np.diag(np.diag(bend) + 1e-12)
            step[free] = np.linalg.solve(damped[np.ix_(free, free)], pull[free])
            trial = np.maximum(at + step.clip(-1.0, 1.0), low)
            trial_error = (_times(np.exp(trial), amounts, hidden) - target) / seconds
            trial_loss = _loss(trial_error, share)
            if trial_loss < loss:
                at, error, loss = trial, trial_error, trial_loss
                damping = max(damping / 5.0, 1e-9)
                break
            damping *= 4.0
        if before - loss <= 1e-10 * before:
            break
    constants: Floats = np.exp(at)
    return constants
