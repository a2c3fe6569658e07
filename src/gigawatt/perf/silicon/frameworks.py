"""Rows of the three serving frameworks, side by side.

A surface is fitted to the fastest of them for each shape. How much slower each one's kernel is than that,
at the median of the shapes that at least two of them were timed on, is kept with the surface: a model of
one framework multiplies with it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from .tables import Rows

__all__ = [
    "FRAMEWORKS",
    "by_framework",
    "fastest_compared",
    "fastest_of",
    "slower",
    "slower_figure",
]

FRAMEWORKS = ("vllm", "sglang", "trtllm")
"""vLLM, SGLang and TensorRT-LLM, as the tables call them."""


def by_framework(
    read: Callable[[tuple[str, ...]], Rows | None], shape: Sequence[str]
) -> dict[str, Rows]:
    """Fastest row of each framework for each shape.

    Parameters
    ----------
    read : callable
        Gives the rows of some backends, or None.
    shape : sequence of str
        Integer columns that make a shape.
    """
    found = {}
    for framework in FRAMEWORKS:
        rows = read((framework,))
        if rows is not None and len(rows):
            found[framework] = rows.fastest(*shape)
    return found


def fastest_of(parts: Mapping[str, Rows], shape: Sequence[str]) -> Rows | None:
    """One row for each shape, the fastest of all frameworks; None where there is none."""
    if not parts:
        return None
    names = (*shape, "latency")
    together = {n: np.concatenate([rows[n] for rows in parts.values()]) for n in names}
    origin = tuple(table for rows in parts.values() for table in rows.origin)
    return Rows(together, origin).fastest(*shape)


def fastest_compared(
    read: Callable[[tuple[str, ...]], Rows | None], shape: Sequence[str], fewest: int = 1
) -> tuple[Rows, dict[str, Any]] | None:
    """The fastest row for each shape, and how the frameworks compare, as a record keeps it.

    Parameters
    ----------
    read, shape
        As in `by_framework`.
    fewest : int
        Fewest shapes of a surface.

    Returns
    -------
    tuple or None
        Rows, and what `slower_figure` gives; None where there are fewer shapes.
    """
    parts = by_framework(read, shape)
    rows = fastest_of(parts, shape)
    if rows is None or len(rows) < fewest:
        return None
    return rows, slower_figure(parts, shape)


def slower_figure(parts: Mapping[str, Rows], shape: Sequence[str]) -> dict[str, Any]:
    """What `slower` finds, by the name of its figure; empty where no frameworks can be compared."""
    found = slower(parts, shape)
    return {"frameworks": found} if found else {}


def slower(parts: Mapping[str, Rows], shape: Sequence[str]) -> dict[str, float]:
    """Median of the time of each framework over that of the fastest [1].

    Only shapes that at least two frameworks were timed on count; a framework that shares fewer than
    20 has no figure.
    """
    times: dict[tuple[int, ...], dict[str, float]] = {}
    for framework, rows in parts.items():
        keys = zip(*(rows[name].tolist() for name in shape), strict=True)
        for key, seconds in zip(keys, rows.seconds, strict=True):
            times.setdefault(key, {})[framework] = float(seconds)
    ratios: dict[str, list[float]] = {}
    for found in times.values():
        if len(found) > 1:
            best = min(found.values())
            for framework, seconds in found.items():
                ratios.setdefault(framework, []).append(seconds / best)
    return {
        name: round(float(np.median(each)), 3) for name, each in ratios.items() if len(each) >= 20
    }
