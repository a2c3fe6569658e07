"""Free accelerators over time: months, cut further wherever a campaign ends.

Between two cuts nothing changes, so a campaign that ends on the tenth leaves its accelerators to
others from the tenth on. Arrays are machine × place × span.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gigawatt.core.arrays import Array

__all__ = ["Pool"]


class Pool:
    """What is free of a fleet, by machine, place and span of time.

    Parameters
    ----------
    capacity : array, shape (M, P, T)
        Packages in service in each month [1].
    seconds : array, shape (T,)
        Length of each month [s].

    Attributes
    ----------
    free : array, shape (M, P, S)
        Packages that nobody holds.
    edges : array, shape (S + 1,)
        Ends of the spans, in months; whole numbers are among them.
    month : array of int, shape (S,)
        Month of each span.
    """

    def __init__(self, capacity: Array, seconds: Array) -> None:
        self.capacity = capacity
        self.free = capacity.copy()
        self._month_s = seconds
        self.edges: Array = np.arange(capacity.shape[-1] + 1.0)
        self.month: NDArray[np.int64] = np.arange(capacity.shape[-1])

    @property
    def horizon(self) -> int:
        """Months in all."""
        return len(self._month_s)

    @property
    def spans(self) -> int:
        """Spans in all."""
        return len(self.month)

    def all(self, machines: list[int], first: int, stop: int) -> Array:
        """Packages in service of some machines in some spans, shape (m, P, n) [1]."""
        month = self.month[first:stop]
        part = self.capacity[machines, :, month[0] : month[-1] + 1]
        cut = len(month) > part.shape[-1]
        return part[..., month - month[0]] if cut else part

    def seconds(self, first: int, stop: int) -> Array:
        """Length of some spans [s]."""
        return self._months(first, stop) * self._month_s[self.month[first:stop]]

    def _months(self, first: int, stop: int) -> Array:
        return self.edges[first + 1 : stop + 1] - self.edges[first:stop]

    def span(self, month: float) -> int:
        """The span that starts at a time within the horizon; one is cut in two where none does."""
        at = int(self.edges.searchsorted(month))
        if self.edges[at] == month:
            return at
        self.edges = np.concatenate([self.edges[:at], [month], self.edges[at:]])
        self.month = np.concatenate([self.month[:at], self.month[at - 1 :]])
        parts = (self.free[..., :at], self.free[..., at - 1 : at], self.free[..., at:])
        self.free = np.concatenate(parts, axis=-1)
        return at

    def by_month(self, values: Array, first: int) -> Array:
        """Mean over each month of what holds in spans from `first` on; zero in all others.

        Parameters
        ----------
        values : array, shape (..., n)
            Constant in each of n spans.

        Returns
        -------
        array, shape (..., T)
        """
        return self.sum_by_month(values * self._months(first, first + values.shape[-1]), first)

    def sum_by_month(self, values: Array, first: int) -> Array:
        """Sum over each month of amounts in spans from `first` on; zero in all others."""
        whole = np.zeros((*values.shape[:-1], self.horizon))
        month = self.month[first : first + values.shape[-1]]
        if len(month):
            part = slice(int(month[0]), int(month[-1]) + 1)
            starts = np.searchsorted(month, np.arange(part.start, part.stop))
            cut = len(month) > part.stop - part.start
            whole[..., part] = np.add.reduceat(values, starts, axis=-1) if cut else values
        return whole
