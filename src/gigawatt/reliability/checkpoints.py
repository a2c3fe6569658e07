"""What a checkpoint costs, what reading it back costs, and how often it is best written.

A checkpoint stops the run for the copy to the host; from there it travels on while the run goes on, so
that a slow tier cannot be written more often than it drains.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from gigawatt.core.arrays import Array

__all__ = ["Tier", "best_interval_s", "daly_s", "tier_of", "young_s"]


class Tier(NamedTuple):
    """One place that checkpoints are kept in, each field a number or an array over runs."""

    write_s: Array
    """Stop of the run for one checkpoint [s]."""
    read_s: Array
    """Reading it back [s]."""
    least_s: Array
    """Shortest interval: the time in which one drains [s]."""


def tier_of(
    name: str, state_bytes: Array | float, count: Array, figures: Mapping[str, float]
) -> Tier:
    """Costs of checkpoints of a model's state in a tier.

    Parameters
    ----------
    name : {"memory", "local", "shared"}
        Memory of a peer, disks of the node, shared storage.
    state_bytes : float
        State of the model: weights, master copy, moments [B].
    count : array
        Accelerators, each of which holds and writes its part [1].
    figures : mapping
        `fixed_write_s`, `host_bytes_per_s`, and the bandwidth of the tier.
    """
    part = state_bytes / count
    bandwidth = figures[f"{'peer' if name == 'memory' else name}_bytes_per_s"]
    return Tier(
        write_s=figures["fixed_write_s"] + part / figures["host_bytes_per_s"],
        read_s=part / bandwidth,
        least_s=part / bandwidth,
    )


def young_s(write_s: Array, mtti_s: Array) -> Array:
    """Interval between checkpoints to first order: √(2 w M) [s].

    References
    ----------
    J. W. Young, A first order approximation to the optimum checkpoint interval, CACM 17 (1974) 530.

    Examples
    --------
    >>> float(young_s(np.array(10.0), np.array(20000.0)))
    632.4555320336759
    """
    return np.sqrt(2.0 * write_s * mtti_s)


def daly_s(write_s: Array, mtti_s: Array) -> Array:
    """Interval to higher order; the mean time to an interruption where writing takes longer than twice it [s].

    References
    ----------
    J. T. Daly, A higher order estimate of the optimum checkpoint interval for restart dumps, Future
    Generation Computer Systems 22 (2006) 303, equation 37.
    """
    root = np.sqrt(write_s / (2.0 * mtti_s))
    series = young_s(write_s, mtti_s) * (1.0 + root / 3.0 + root * root / 9.0) - write_s
    return np.where(write_s < 2.0 * mtti_s, series, mtti_s)


def best_interval_s(write_s: Array, mtti_s: Array, efficiency: Array = 1.0) -> Array:  # type: ignore[assignment]
    """Interval of work that leaves most of the time, exactly for interruptions at random [s].

    Parameters
    ----------
    write_s : array
        Stop for one checkpoint [s].
    mtti_s : array
        Mean time to an interruption that this tier is read after [s].
    efficiency : array
        Share of the time between two of these checkpoints that is work kept by the tiers below [1].

    Notes
    -----
    The interval maximises ``τ / (exp((τ/e + w)/M) − 1)``, so that ``x = τ/(e M)`` solves
    ``1 − exp(−x − w/M) = x``; Newton's method finds it.

    Examples
    --------
    >>> write, mtti = np.array(10.0), np.array(20000.0)
    >>> float(round(best_interval_s(write, mtti))), float(round(daly_s(write, mtti)))
    (626.0, 626.0)
    """
    ratio = np.asarray(write_s / mtti_s)
    x = np.minimum(np.sqrt(2.0 * ratio), 0.99)
    for _ in range(60):
        decay = np.exp(-x - ratio)
        x = x - (x - 1.0 + decay) / np.maximum(1.0 - decay, 1e-12)
    return np.asarray(efficiency * mtti_s * x)
