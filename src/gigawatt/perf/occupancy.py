"""How a job lies on a hierarchy of networks: how many accelerators of each unit it occupies.

A job is spread evenly: every campus, building and scale-up domain that it uses holds as many of its ranks
as every other, the most that come out even. 4,096 accelerators occupy 64 of each domain of 72; 4,608
occupy all 72.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from .machine import Machine, Value

__all__ = ["even_part", "occupied"]


def even_part(count: Value, limit: Value) -> Value:
    """The largest divisor of a count that is not above a limit [1].

    Examples
    --------
    >>> float(even_part(4096, 72)), float(even_part(4608, 72)), float(even_part(8, float("inf")))
    (64.0, 72.0, 8.0)
    """
    if np.ndim(count) == 0 and np.ndim(limit) == 0:
        return _even_part(float(count), float(limit))
    return np.vectorize(_even_part, otypes=[np.float64])(count, limit)


@lru_cache(maxsize=4096)
def _even_part(count: float, limit: float) -> float:
    most = min(limit, count)
    pairs = ((d, count // d) for d in range(1, int(count**0.5) + 1) if count % d == 0)
    return float(max((d for pair in pairs for d in pair if d <= most), default=1.0))


def occupied(m: Machine, count: Value) -> Machine:
    """The machine with its units as full as a job makes them.

    Parameters
    ----------
    m : Machine
        With the sizes of domain, building and campus.
    count : int or array
        Accelerators of the job.

    Returns
    -------
    Machine
        Each unit divides the next larger one, and the campus the job. Domains are filled first, then
        buildings with as many of them as come out even.
    """
    campus = even_part(count, m.campus)
    domain = even_part(campus, m.domain)
    building = domain * even_part(campus / domain, np.floor(m.building / domain))
    return m._replace(domain=domain, building=building, campus=campus)
