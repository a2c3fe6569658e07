"""How large a cluster is over time: it keeps what it holds, grows as it may, never exceeds its count."""

from __future__ import annotations

import numpy as np

from gigawatt.core.arrays import Array

__all__ = ["WHOLE", "cluster"]

WHOLE = 1.0 - 1e-9
"""Share of a count that counts as all of it, so that rounding withholds none."""


def cluster(available: Array, count: float, *, grow: bool) -> Array:
    """Packages that a cluster holds in each span.

    Parameters
    ----------
    available : array, shape (C, G, S)
        Packages that it may have in each of G groups, the preferred group first, for C alternatives
        that know nothing of one another.
    count : float
        Most packages of a cluster; infinite without a limit.
    grow : bool
        Whether it grows. If not, it starts in the first span in which `count` packages are there, or
        without a count in the first with any, and is never larger than at its start.

    Returns
    -------
    array, shape (C, G, S)
        Of a group it gives up only what is no longer there, so it never moves while it can stay; what
        it loses it may replace from any group.

    Examples
    --------
    A cluster of at most 10 stays in its second group when the first becomes large:

    >>> cluster(np.array([[[2.0, 9.0, 9.0], [8.0, 8.0, 0.0]]]), 10.0, grow=True)
    array([[[2., 2., 9.],
            [8., 8., 0.]]])
    """
    if grow and available.sum(axis=1).max(initial=0.0) <= count:
        return available
    total = available.sum(axis=1)
    alternatives, _, spans = available.shape
    limit = np.full(alternatives, count)
    if not grow:
        ready = total >= count * WHOLE if np.isfinite(count) else total > 0.0
        first = ready.argmax(axis=1)
        start = np.where(ready.any(axis=1), first, spans)
        if not np.isfinite(count):
            limit = total[np.arange(alternatives), first]
        available = np.where(np.arange(spans) >= start[:, None, None], available, 0.0)
    by_span = np.ascontiguousarray(available.transpose(2, 0, 1))
    same = np.ones(spans, dtype=bool)
    same[:1] = False
    same[1:] = (by_span[1:] == by_span[:-1]).all(axis=(1, 2))
    held = np.zeros_like(by_span)
    now = np.zeros(by_span.shape[1:])
    for s in range(spans):
        if not same[s]:
            now = np.minimum(now, by_span[s])
            room = (limit - now.sum(axis=1))[:, None]
            more = by_span[s] - now
            before = more.cumsum(axis=1) - more
            now = now + np.minimum(np.maximum(room - before, 0.0), more)
        held[s] = now
    return held.transpose(1, 2, 0)
