"""Goodput by the number of accelerators, as a fleet plan needs it: computed once, then read at any count."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from gigawatt.core.arrays import Array

__all__ = ["GoodputCurve"]


@dataclass(frozen=True, slots=True)
class GoodputCurve:
    """Share of the time that is work kept, by accelerators.

    Attributes
    ----------
    counts : array, shape (n,)
        Accelerators, spares included, rising [package].
    kept : array, shape (3, n)
        Low, central and high share [1].
    mtti_hours : array, shape (n,)
        Mean time to an unexpected interruption [h].
    elastic : array, shape (n,)
        1 where replicas are dropped rather than the run started again.
    assumptions : tuple of str
        What it rests on that nobody published.
    """

    counts: Array
    kept: Array
    mtti_hours: Array
    elastic: Array
    assumptions: tuple[str, ...]

    def fraction(self, counts: ArrayLike) -> Array:
        """Low, central and high share at any counts.

        Parameters
        ----------
        counts : array, shape (...)
            Accelerators [package]; outside of the curve its ends hold.

        Returns
        -------
        array, shape (3, ...) [1]
            Between those computed its logarithm is straight in that of the count, so that the work kept in all,
            which never falls at them, does not fall between them either.

        Examples
        --------
        >>> ends = np.array([8.0, 8e4])
        >>> curve = GoodputCurve(ends, np.array([[0.8, 0.4], [0.9, 0.5], [1.0, 0.6]]), ends, ends, ())
        >>> curve.fraction(800).round(3).tolist()
        [0.566, 0.671, 0.775]
        """
        at = np.log(np.maximum(np.asarray(counts, dtype=float), 1.0))
        known = np.log(self.counts)
        logs = np.log(np.maximum(self.kept, 1e-300))
        return np.asarray(np.exp(np.stack([np.interp(at, known, row) for row in logs])))
