"""Which share of a run's time is work that is kept, in closed form.

Tiers nest: between two checkpoints of a tier, the tiers below it recover from the failures that they
survive, so that work goes on at their efficiency. Failures come at random (Poisson), also while the run
is down. Everything broadcasts over runs.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from gigawatt.core.arrays import Array

__all__ = ["Level", "Shares", "beyond_spares", "blocked", "elastic", "more_than", "nested"]

_LARGEST = 500.0
"""Exponents beyond this one leave nothing of the time."""


class Level(NamedTuple):
    """Failures that one tier is read after, and what each costs."""

    rate_per_s: Array
    """Such failures [1/s]."""
    interval_s: Array
    """Work between two checkpoints of the tier [s]."""
    write_s: Array
    """Stop for one of them [s]."""
    detect_s: Array
    restart_s: Array
    read_s: Array


class Shares(NamedTuple):
    """Parts of the time; they add up to 1."""

    kept: Array
    """Work that is kept."""
    checkpoint: Array
    """Stops for checkpoints."""
    rework: Array
    """Work done again."""
    detect: Array
    restart: Array
    read: Array

    def times(self, factor: Array) -> Shares:
        """All parts but for a share of the time that goes elsewhere."""
        return Shares(*(np.asarray(part * factor) for part in self))


def nested(levels: list[Level], shape: tuple[int, ...] = ()) -> Shares:
    """Parts of the time under tiers, the lowest first.

    Notes
    -----
    A segment of τ work lasts L = τ/e + w without a failure of its level, e being what the tiers below
    leave. With failures at rate λ, each followed by R of detection, restart and reading that starts again
    when another comes, it lasts on average

    ``T = exp(λ R) (exp(λ L) − 1) / λ``

    of which ``(exp(λ L) − 1)/λ − L`` is work done again and ``(exp(λ R) − 1)(exp(λ L) − 1)/λ`` is downtime
    (Daly 2006, equation 20, with the efficiency below).

    Examples
    --------
    >>> one = np.array(1.0)
    >>> level = Level(one / 10000, 600 * one, 6 * one, 0 * one, 300 * one, 0 * one)
    >>> float(round(nested([level]).kept, 4))
    0.9319
    """
    kept = np.ones(shape)
    zero = np.zeros(shape)
    parts = Shares(kept, zero, zero, zero, zero, zero)
    for level in levels:
        down = level.detect_s + level.restart_s + level.read_s
        run = level.interval_s / np.maximum(parts.kept, 1e-12)
        segment = run + level.write_s
        rate = np.maximum(level.rate_per_s, 1e-18)
        grown = np.expm1(np.minimum(rate * segment, _LARGEST)) / rate
        whole = np.exp(np.minimum(rate * down, _LARGEST)) * grown
        waiting = np.expm1(np.minimum(rate * down, _LARGEST)) * grown
        inner = parts.times(run / whole)
        share = waiting / whole / np.maximum(down, 1e-12)
        parts = Shares(
            kept=inner.kept,
            checkpoint=inner.checkpoint + level.write_s / whole,
            rework=inner.rework + (grown - segment) / whole,
            detect=inner.detect + share * level.detect_s,
            restart=inner.restart + share * level.restart_s,
            read=inner.read + share * level.read_s,
        )
    return parts


def elastic(
    rate_per_s: Array, stall_s: float, rejoin_s: float, replica_share: Array
) -> tuple[Array, Array]:
    """Share of the time that goes on, and of throughput lost to absent replicas, when replicas are dropped.

    Parameters
    ----------
    rate_per_s : array
        Failures that drop a replica [1/s].
    stall_s : float
        Stop of everybody for each; one that comes during it starts it again [s].
    rejoin_s : float
        Until the replica trains again [s].
    replica_share : array
        Share of the accelerators in one replica [1].

    Returns
    -------
    array, array
        ``exp(−λ s)``, and at most all of ``λ t r``, Poisson occupancy of absent replicas.
    """
    goes_on = np.exp(-np.minimum(rate_per_s * stall_s, _LARGEST))
    absent = np.minimum(rate_per_s * rejoin_s * replica_share, 1.0)
    return goes_on, absent


def more_than(mean: float, limit: float) -> float:
    """Probability that a Poisson number is above a limit.

    Examples
    --------
    >>> round(more_than(2.0, 1.0), 6), more_than(0.0, 3.0)
    (0.593994, 0.0)
    """
    if mean <= 0.0:
        return 0.0
    highest = math.floor(limit)
    if highest < 0:
        return 1.0
    k = np.arange(highest + 1, dtype=float)
    steps = np.concatenate([[0.0], np.cumsum(np.log(k[1:]))])
    terms = k * math.log(mean) - mean - steps
    return float(max(1.0 - np.exp(terms).sum(), 0.0))


def blocked(mean: float, spares: float) -> float:
    """Share of the time that a run waits for a repair, which nothing breaks during.

    Parameters
    ----------
    mean : float
        Nodes away on average, were there no end of spares [1].
    spares : float
        Spare nodes [1].

    Notes
    -----
    Erlang's loss formula with one server more than spares: ``B(n) = m B(n−1) / (n + m B(n−1))``.

    Examples
    --------
    >>> round(blocked(2.0, 3.0), 6), blocked(0.0, 0.0)
    (0.095238, 0.0)
    """
    lost = 1.0
    for n in range(1, math.floor(spares) + 2):
        lost = mean * lost / (n + mean * lost)
    return lost


def beyond_spares(mean: float, spares: float) -> float:
    """Expected number above the spares: E[(X − S)⁺] of a Poisson number.

    Examples
    --------
    >>> round(beyond_spares(2.0, 0.0), 6)
    2.0
    """
    if mean <= 0.0:
        return 0.0
    # E[(X−S)+] = m P(X > S−1) − S P(X > S)
    whole = math.floor(spares)
    return max(mean * more_than(mean, whole - 1.0) - whole * more_than(mean, whole), 0.0)
