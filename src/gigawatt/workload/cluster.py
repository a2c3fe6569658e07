"""How large a cluster is over time: it keeps what it holds, grows as it may, never exceeds its count.

A machine takes part with as many packages as hold the model, or with none: what would be fewer is left to
the next machine.
"""

from __future__ import annotations

import numpy as np

from gigawatt.core.arrays import Array

__all__ = ["WHOLE", "cluster", "split"]

WHOLE = 1.0 - 1e-9
"""Share of a count that counts as all of it, so that rounding withholds none."""


def cluster(available: Array, least: Array, count: float, *, grow: bool) -> Array:
    """Packages that a cluster holds in each span.

    Parameters
    ----------
    available : array, shape (C, M, P, S)
        Packages that it may have of each machine at each place, the preferred machine first, for C
        alternatives that know nothing of one another; of a machine none, or enough to hold the model.
    least : array, shape (M,)
        Fewest packages of a machine that hold the model.
    count : float
        Most packages of a cluster; infinite without a limit.
    grow : bool
        Whether it grows. If not, it starts in the first span in which `count` packages are there, or
        without a count in the first with any, and is never larger than at its start.

    Returns
    -------
    array, shape (C, M, P, S)
        Of a machine at a place it gives up only what is no longer there, so it never moves while it can
        stay; what it loses it may replace anywhere. Of a machine it holds none, or `least` and more.

    Examples
    --------
    A cluster of at most 10 stays in its second place when the first becomes large:

    >>> places = np.array([[[[2.0, 9.0, 9.0], [8.0, 8.0, 0.0]]]])
    >>> cluster(places, np.ones(1), 10.0, grow=True)
    array([[[[2., 2., 9.],
             [8., 8., 0.]]]])
    """
    total = available.sum(axis=(1, 2))
    if grow and total.max(initial=0.0) <= count:
        return available
    spans = available.shape[-1]
    limit = np.full(len(available), count)
    begin = np.zeros(len(available), dtype=int)
    first: dict[int, Array] = {}
    if not grow and not np.isfinite(count):
        begin = np.where((total > 0.0).any(axis=1), (total > 0.0).argmax(axis=1), spans)
        limit = total[np.arange(len(available)), np.minimum(begin, spans - 1)]
    elif not grow:
        for c, row in enumerate(available):
            begin[c], first[c] = _whole(row, total[c], least, count)
    by_span = np.ascontiguousarray(available.transpose(3, 0, 1, 2))
    same = np.ones(spans, dtype=bool)
    same[:1] = False
    same[1:] = (by_span[1:] == by_span[:-1]).all(axis=(1, 2, 3))
    same[begin[begin < spans]] = False
    held = np.zeros_like(by_span)
    now = np.zeros(by_span.shape[1:])
    for s in range(spans):
        if not same[s]:
            there = by_span[s] if grow else by_span[s] * (begin <= s)[:, None, None]
            now = _filled(np.minimum(now, there), there, least, limit)
            for c, start in first.items():
                if begin[c] == s:
                    now[c] = start
        held[s] = now
    return held.transpose(1, 2, 3, 0)


def _filled(now: Array, there: Array, least: Array, limit: Array) -> Array:
    """What a cluster holds once it has grown as it may, shape (C, M, P)."""
    full = _grown(now, there, limit)
    if full is there:
        return full
    size = full.sum(axis=2)
    short = ((size > 0.0) & (size < least)).any(axis=1)
    for c in np.flatnonzero(short):
        full[c] = _machine_by_machine(now[c], there[c], least, float(limit[c]))
    return full


def _grown(now: Array, there: Array, limit: Array) -> Array:
    """Room filled in order, whatever a machine needs, shape (C, M, P)."""
    shape = now.shape
    now, flat = now.reshape(len(now), -1), there.reshape(len(now), -1)
    room = (limit - now.sum(axis=1))[:, None]
    more = flat - now
    after = more.cumsum(axis=1)
    if (after[:, -1:] <= room).all():
        return there
    return np.asarray(now + np.minimum(np.maximum(room - after + more, 0.0), more)).reshape(shape)


def _machine_by_machine(now: Array, there: Array, least: Array, limit: float) -> Array:
    """Room filled machine by machine, those left out for which it is too small, shape (M, P)."""
    kept = now.copy()
    while True:
        now = kept.copy()
        for m in range(len(now)):
            room = limit - now.sum() + now[m].sum()
            grown = _grown(now[None, m : m + 1], there[None, m : m + 1], np.array([room]))[0, 0]
            if grown.sum() >= least[m]:
                now[m] = grown
            elif now[m].any():
                kept[m] = 0.0  # what it gives up is for all of them
                break
        else:
            return now


def _whole(there: Array, total: Array, least: Array, count: float) -> tuple[int, Array]:
    """The first span in which a cluster of just `count` packages can be had, and what it then holds."""
    before: Array | None = None
    for s in np.flatnonzero(total >= count * WHOLE):
        if before is not None and (there[..., s] == before).all():
            continue
        before = there[..., s]
        found = _filled(np.zeros((1, *before.shape)), before[None], least, np.array([count]))[0]
        if found.sum() >= count * WHOLE:
            return int(s), found
        sizes = split(before.sum(axis=1), least, count)
        if sizes is not None:
            none = np.zeros((len(sizes), 1, before.shape[1]))
            return int(s), _grown(none, before[:, None], sizes)[:, 0]
    return there.shape[-1], np.zeros(there.shape[:-1])


def split(there: Array, least: Array, count: float) -> Array | None:
    """A count as sizes of machines, each none or enough to hold the model.

    Parameters
    ----------
    there : array, shape (M,)
        Packages of each machine, the preferred one first.
    least : array, shape (M,)
        Fewest packages of each that hold the model.
    count : float
        Packages in all.

    Returns
    -------
    array, shape (M,), or None
        The preferred machines first, and as large as the others allow; none where no sizes add up.

    Examples
    --------
    The second machine needs 30 of the 56, so the first keeps only 26 of its 40:

    >>> split(np.array([40.0, 30.0]), np.array([16.0, 30.0]), 56.0)
    array([26., 30.])
    """
    able = [int(m) for m in np.flatnonzero((there >= least) & (least <= count))]
    some = _adding_up(able, there, least, count * WHOLE, count)
    if some is None:
        return None
    sizes = np.zeros(len(there))
    sizes[some] = least[some]
    for m in some:
        sizes[m] += min(there[m] - least[m], count - sizes.sum())
    return sizes


def _adding_up(
    able: list[int], there: Array, least: Array, low: float, high: float
) -> list[int] | None:
    """Machines, preferred ones first, that have `low` packages between them and must have at most `high`."""
    if low <= 0.0:
        return []
    if float(there[able].sum()) < low:
        return None
    m, *others = able
    if least[m] <= high:
        behind = _adding_up(others, there, least, low - there[m], high - least[m])
        if behind is not None:
            return [m, *behind]
    return _adding_up(others, there, least, low, high)
