"""Figures of recovery as the kernels take them: central ones, each at its ends, and the range that follows.

The range of a result is that of its figures one at a time, added as independent errors are: all of them at
their worse ends at once would be wider than anything that has been published.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from gigawatt.catalog.reliability import Reliability
from gigawatt.core.arrays import Array

from .rates import Component

__all__ = ["Figures", "central", "components_of", "fanned", "ranged"]

Figures = Mapping[str, Array]
"""By name; each a number, or an array whose leading axis is draws."""

_CERTAIN = 1e-12


def central(record: Reliability, stated: Mapping[str, float]) -> dict[str, Array]:
    """Central figures, with those that somebody states instead."""
    found = {name: float(figure.value) for name, figure in record.figures.items()}
    return {name: np.asarray(value) for name, value in (found | dict(stated)).items()}


def fanned(record: Reliability, stated: Mapping[str, float]) -> dict[str, Array]:
    """Central figures in the first draw, then each figure at its worse and its better end, by itself.

    Returns
    -------
    dict of str to array, shape (1 + 2 n, 1)
        Draws 1, 3, … have one figure at its worse end, draws 2, 4, … at its better one. A figure that is
        stated has no range.
    """
    names = [name for name in record.figures if name not in stated]
    found = {}
    for name, value in central(record, stated).items():
        column = np.full((1 + 2 * len(names), 1), float(value))
        if name in names:
            figure, at = record.figures[name], names.index(name)
            ends = (
                (figure.high, figure.low) if figure.better == "low" else (figure.low, figure.high)
            )
            column[1 + 2 * at, 0], column[2 + 2 * at, 0] = ends
        found[name] = column
    return found


def ranged(fraction: Array) -> Array:
    """Low, central and high of a share from its draws in `fanned`.

    Parameters
    ----------
    fraction : array, shape (1 + 2 n, ...)
        A share from 0 to 1 in each draw [1].

    Returns
    -------
    array, shape (3, ...) [1]

    Notes
    -----
    Differences are those of the logit, ``ln(g / (1 − g))``, so that the ends lie between 0 and 1; differences
    to one side are added as squares.

    Examples
    --------
    >>> ranged(np.array([0.9, 0.8, 0.95])).round(6)
    array([0.8 , 0.9 , 0.95])
    """
    clipped = np.clip(fraction, _CERTAIN, 1.0 - _CERTAIN)
    logit = np.log(clipped) - np.log1p(-clipped)
    away = logit[1:] - logit[0]
    down = np.sqrt((np.minimum(away, 0.0) ** 2).sum(axis=0))
    up = np.sqrt((np.maximum(away, 0.0) ** 2).sum(axis=0))
    low = 1.0 / (1.0 + np.exp(down - logit[0]))
    high = 1.0 / (1.0 + np.exp(-up - logit[0]))
    middle = fraction[0]
    return np.stack([np.minimum(low, middle), middle, np.maximum(high, middle)])


def components_of(
    record: Reliability, stacks: Mapping[str, int], system_id: str, reference_id: str = "h100-sxm"
) -> tuple[dict[str, Component], float]:
    """Failures of a system's components, and the ratio of memory stacks that they are carried over by.

    Parameters
    ----------
    record : Reliability
        Rates of a generation.
    stacks : mapping
        Stacks of memory on a package, by system.
    system_id : str
        The system.
    reference_id : str
        A system with as many stacks as those that the rates were counted on.
    """
    ratio = stacks[system_id] / stacks[reference_id] if system_id in stacks else 1.0
    found = {
        name: Component(
            rate.per_accelerator_hour * (ratio if rate.by == "stack" else 1.0),
            rate.tier,
            rate.drains,
            rate.whole_run,
        )
        for name, rate in record.failures.items()
    }
    return found, ratio
