"""From which system of a plan the served rate of another is carried over, whose record lacks figures.

The donor is the nearest generation of the same maker, by months between first deliveries; where the plan has
none, the nearest by roofline. The order in which a plan names its systems plays no part.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from gigawatt.catalog.records import System

__all__ = ["carried_ratio", "donor_of"]

_FAR = 10_000
"""Months between systems of one maker of which one has no known month: further than any known."""


def donor_of(own: System, others: Mapping[str, System]) -> tuple[str, float] | None:
    """The machine that a rate is carried over from, and what a package serves over one of it.

    Parameters
    ----------
    own : System
        Whose rate is sought.
    others : mapping
        Machine → system, of those whose rate is known.

    Returns
    -------
    tuple of str and float, or None
        None where no record of the two has what a ratio needs.

    Examples
    --------
    >>> from gigawatt.catalog import Catalog
    >>> catalog = Catalog()
    >>> known = {name: catalog.system(name) for name in ("mi355x", "h100-sxm", "vr-nvl72")}
    >>> donor_of(catalog.system("rubin-ultra"), known)[0]
    'vr-nvl72'
    """
    ratios = {key: carried_ratio(own, other) for key, other in others.items()}
    able = [key for key, ratio in ratios.items() if ratio > 0.0]
    if not able:
        return None
    nearest = min(able, key=lambda key: (*_distance(own, others[key]), key))
    return nearest, ratios[nearest]


def carried_ratio(own: System, other: System) -> float:
    """The smallest of the ratios of peak, of memory bandwidth and of memory [1].

    The peak is that of the narrowest format that both have. A package with less memory holds fewer
    requests; 0 where a record lacks one of the three.
    """
    peak = _peak_ratio(own, other)
    if own.hbm_bandwidth is None or other.hbm_bandwidth is None or peak is None:
        return 0.0
    if own.hbm is None or other.hbm is None:
        return 0.0
    bandwidth = own.hbm_bandwidth.value / other.hbm_bandwidth.value
    return min(peak, bandwidth, own.hbm.value / other.hbm.value)


def _peak_ratio(own: System, other: System) -> float | None:
    for precision in ("fp4", "fp8", "bf16"):
        ours, theirs = own.peak.get(precision), other.peak.get(precision)
        if ours is not None and theirs is not None:
            return ours.value / theirs.value
    return None


def _distance(own: System, other: System) -> tuple[bool, int, float]:
    """Another maker; months between generations of one maker; logarithms between the rooflines."""
    same = own.vendor == other.vendor
    months = 0
    if same and own.generation != other.generation:
        known = own.available is not None and other.available is not None
        months = _FAR
        if known:
            assert own.available is not None
            assert other.available is not None
            months = abs(own.available.value.index - other.available.value.index)
    assert own.hbm_bandwidth is not None
    assert other.hbm_bandwidth is not None
    bandwidth = own.hbm_bandwidth.value / other.hbm_bandwidth.value
    peak = _peak_ratio(own, other) or 1.0
    return not same, months, abs(math.log(bandwidth)) + abs(math.log(peak))
