"""Why demand is not met in a month, in words: the fleet, claims before it, or blocks too small for a unit."""

from __future__ import annotations

import math

import numpy as np

from gigawatt.core.arrays import Array
from gigawatt.workload.claims import Campaign, Stream
from gigawatt.workload.order import queue

from .build import Built

__all__ = ["why_unmet"]

_CENTRAL = 1
_WHOLE = 1e-6
"""Part of a package that is none."""


def _held_before(built: Built, stream: Stream, month: int) -> Array:
    """What all claims that are placed before a stream hold in a month, central case, shape (M, P)."""
    placed = built.placed
    held = np.zeros(built.machines.capacity.shape[:2])
    for claim in queue(placed.campaigns, placed.streams):
        if claim is stream:
            break
        if isinstance(claim, Campaign):
            held += placed.placement.campaigns[claim.name][_CENTRAL].used[..., month]
        else:
            held += placed.placement.streams[claim.name][_CENTRAL].used[..., month]
    return held


def why_unmet(built: Built, stream: Stream, month: int) -> str:
    """What binds a stream in a month, central case, as part of a sentence."""
    each = stream.tokens_per_s[:, _CENTRAL]
    able = [m for m in stream.order if each[m] > 0.0]
    unit = np.maximum(stream.unit, 1.0)
    there = built.machines.capacity[..., month]
    free = np.maximum(there - _held_before(built, stream, month), 0.0)
    demand = float(stream.demand_tokens_per_s[month])

    def units(packages: Array) -> Array:
        return np.asarray(np.floor((packages + _WHOLE) / unit[:, None]) * unit[:, None])

    def serves(packages: Array) -> float:
        return float(sum(packages[m].sum() * each[m] for m in able))

    there_able, free_able = float(there[able].sum()), float(free[able].sum())
    needs = _needed(stream, able, units(there), demand)
    needed = f"the demand needs {needs:,}"
    if serves(units(there)) < demand:
        if there_able > 0.0 and (not units(there)[able].any() or serves(there) >= demand):
            return _blocks(built, able, there, unit)
        more = f"{needs - there_able:,.0f} more of {built.machines.labels[able[0]]}"
        return f"the fleet has {there_able:,.0f} capable packages, {needed}: {more}"
    if free_able > 0.0 and serves(free) >= demand:
        return _blocks(built, able, free, unit)
    return (
        f"of {there_able:,.0f} capable packages claims before it hold {there_able - free_able:,.0f}, "
        f"{needed}"
    )


def _needed(stream: Stream, able: list[int], there: Array, demand: float) -> int:
    """Packages for all of a demand: those that are there, the preferred first, then more of these."""
    left, packages = demand, 0.0
    for m in able:
        size = max(float(stream.unit[m]), 1.0)
        each = float(stream.tokens_per_s[m, _CENTRAL]) * size
        taken = min(math.ceil(left / each * (1.0 - 1e-12)), float(there[m].sum()) / size)
        packages, left = packages + taken * size, left - taken * each
        if left <= 0.0:
            return round(packages)
    size = max(float(stream.unit[able[0]]), 1.0)
    each = float(stream.tokens_per_s[able[0], _CENTRAL]) * size
    return round(packages + math.ceil(left / each * (1.0 - 1e-12)) * size)


def _blocks(built: Built, able: list[int], packages: Array, unit: Array) -> str:
    """No place has as many packages as a unit needs, or what is left over there is too much."""
    parts = [
        f"the largest free block of {built.machines.labels[m]} is {packages[m].max():,.0f}, a unit needs "
        f"{unit[m]:,.0f}"
        for m in able
        if packages[m].any()
    ]
    return "; ".join(parts)
