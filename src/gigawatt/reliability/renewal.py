"""Which share of a run's time is work that is kept, exactly, for failures at random and nested checkpoints.

A run is a chain of pieces: work between two checkpoints of the quickest place, stops, and the time until a
checkpoint of a slow place has arrived. A failure of a level rolls back to the newest checkpoint of that level
or a slower one, after a recovery that any further failure starts again at the worse of both levels. The chain
is a Markov chain, so that expected times follow from sums of geometric series, level by level. Everything
broadcasts over runs and draws; nothing is known here of components, models or money.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from gigawatt.core.arrays import Array

__all__ = ["PHASES", "Level", "Shares", "recovery_s", "renewal"]

PHASES = ("detect", "restart", "reinit", "reload")
"""Phases of a recovery, in order."""
_RUN = 0
_LARGEST = 200.0
"""Exponents beyond this one leave nothing of the time."""
_TINY = 1e-90


class Level(NamedTuple):
    """One place of checkpoints, and the failures that are recovered from it."""

    rate_per_s: Array
    """Such failures [1/s]."""
    interval_s: Array
    """Work between two of its checkpoints; a multiple of the interval of the level before [s]."""
    stop_s: Array
    """Stop for one, beyond that of the quicker places, of which it is one too [s]."""
    safe_s: Array
    """Time from that stop until it counts [s]."""
    phases_s: tuple[Array, Array, Array, Array]
    """Detection, restart, communicators, reading back [s]."""


class Shares(NamedTuple):
    """Parts of the time; they add up to 1."""

    kept: Array
    """Work that is kept."""
    checkpoint: Array
    """Stops for checkpoints."""
    rework: Array
    """Work that is lost, and stops within it."""
    detect: Array
    restart: Array
    reinit: Array
    reload: Array

    @property
    def running(self) -> Array:
        """Time that is no recovery."""
        return self.kept + self.checkpoint + self.rework


class _Pass(NamedTuple):
    """A part of the chain: how it ends, and what it takes until then."""

    done: Array
    """Probability that it is gone through."""
    fails: list[Array]
    """Probability that it ends with a recovery at each level instead."""
    cost: Array
    """Expected time, by `run` and phase, along the first axis [s]."""


def renewal(levels: Sequence[Level]) -> Shares:
    """Parts of the time.

    Parameters
    ----------
    levels : sequence of Level
        The quickest place first. A failure of a level is one that no quicker place survives.

    Returns
    -------
    Shares

    Notes
    -----
    With one level, all failures at rate λ, a stop w and a recovery R, this is Daly's
    ``kept = λ τ / (exp(λ R) (exp(λ (τ + w)) − 1))`` (2006, equation 20).

    Examples
    --------
    >>> one, zero = np.array(1.0), np.array(0.0)
    >>> level = Level(one / 10000, 600 * one, 6 * one, zero, (zero, 300 * one, zero, zero))
    >>> float(renewal([level]).kept.round(4))
    0.932
    """
    chain = _Chain(levels)
    block = chain.piece(levels[0].interval_s)
    times = [np.ones(chain.shape)]
    for below, above in pairwise(levels):
        times.append(np.maximum(np.round(above.interval_s / below.interval_s), 1.0))
    last = len(levels) - 1
    stops = np.zeros(chain.shape)
    for k, number in enumerate(times):
        stops = number * stops + levels[k].stop_s
        first = chain.repeat(block, number, k)
        again = chain.wait(first, block, k)
        if k < last:
            block = _retried(first, again, k)
    arrived = again.done
    per_block = arrived * first.cost + (1.0 - first.done) * again.cost
    whole = np.maximum(per_block.sum(axis=0), _TINY)
    kept = levels[-1].interval_s * arrived / whole
    checkpoint = stops * arrived / whole
    down = per_block[1:] / whole
    rework = np.maximum(per_block[_RUN] / whole - kept - checkpoint, 0.0)
    return Shares(kept, checkpoint, rework, *down)


def recovery_s(levels: Sequence[Level], detected: bool = False) -> Array:
    """Expected time of a recovery from the slowest place, by phase along the first axis [s].

    Parameters
    ----------
    levels : sequence of Level
        As of `renewal`.
    detected : bool
        Whether nothing had to be detected, as after a planned stop.
    """
    chain = _Chain(levels)
    if not detected:
        return chain.recoveries[-1].cost
    phases = levels[-1].phases_s
    survive, cost = chain.attempt((np.zeros(()), *phases[1:]))
    return cost + (1.0 - survive) * chain.recoveries[-1].cost


class _Chain:
    """Failures and recoveries that all pieces share."""

    def __init__(self, levels: Sequence[Level]) -> None:
        self.levels = levels
        self.rates = [np.asarray(level.rate_per_s, dtype=float) for level in levels]
        self.total = np.maximum(sum(self.rates, np.zeros(())), 1e-18)
        self.shape = np.broadcast_shapes(
            *(np.shape(value) for level in levels for value in (*level[:4], *level.phases_s))
        )
        self.recoveries = self._recoveries()

    def attempt(self, phases_s: Sequence[Array]) -> tuple[Array, Array]:
        """Probability that a recovery is not interrupted, and its time until the end or the interruption."""
        start = np.zeros(self.shape)
        parts = [np.zeros(self.shape)]
        for phase in phases_s:
            end = start + phase
            parts.append(
                np.exp(-np.minimum(self.total * start, _LARGEST))
                * -np.expm1(-np.minimum(self.total * phase, _LARGEST))
                / self.total
            )
            start = end
        return np.exp(-np.minimum(self.total * start, _LARGEST)), np.stack(parts)

    def _recoveries(self) -> list[_Pass]:
        """Recovery by the level it starts at: the level it ends at, and its time."""
        count = len(self.levels)
        found: list[_Pass | None] = [None] * count
        for j in range(count - 1, -1, -1):
            survive, cost = self.attempt(self.levels[j].phases_s)
            worse = [(1.0 - survive) * rate / self.total for rate in self.rates]
            left = survive + sum(worse[j + 1 :], np.zeros(()))
            fails = [np.zeros(self.shape) for _ in range(count)]
            fails[j] = survive
            for i in range(j + 1, count):
                recovery = found[i]
                assert recovery is not None
                cost = cost + worse[i] * recovery.cost
                fails = [a + worse[i] * b for a, b in zip(fails, recovery.fails, strict=True)]
            left = np.maximum(left, _TINY)
            found[j] = _Pass(np.zeros(self.shape), [f / left for f in fails], cost / left)
        return [recovery for recovery in found if recovery is not None]

    def failing(self, probability: Array, start: int) -> tuple[list[Array], Array]:
        """Ends and recovery times when a failure of a level from `start` on comes with a probability."""
        rates = self.rates[start:]
        of = np.maximum(sum(rates, np.zeros(())), 1e-18)
        fails = [np.zeros(self.shape) for _ in self.levels]
        cost = np.zeros((1 + len(PHASES), *self.shape))
        for rate, recovery in zip(rates, self.recoveries[start:], strict=True):
            share = probability * rate / of
            cost = cost + share * recovery.cost
            fails = [a + share * b for a, b in zip(fails, recovery.fails, strict=True)]
        return fails, cost

    def piece(self, length_s: Array) -> _Pass:
        """Running for a time, without being saved in between."""
        exponent = np.minimum(self.total * length_s, _LARGEST)
        fails, cost = self.failing(-np.expm1(-exponent), 0)
        cost[_RUN] += -np.expm1(-exponent) / self.total
        return _Pass(np.exp(-exponent) * np.ones(self.shape), fails, cost)

    def repeat(self, block: _Pass, number: Array, k: int) -> _Pass:
        """A number of blocks and the stop that ends them, until done or until a failure of level k or more."""
        fail = sum(block.fails, np.zeros(self.shape))
        power = number * np.log(np.maximum(block.done, _TINY))
        through = np.exp(power)
        begun = np.where(fail * number > 1e-12, -np.expm1(power) / np.maximum(fail, _TINY), number)
        stop = self.piece(self.levels[k].stop_s)
        left = stop.done + sum(stop.fails[k:], np.zeros(()))
        stop = _Pass(
            stop.done / left,
            [f / left if j >= k else 0.0 * f for j, f in enumerate(stop.fails)],
            stop.cost / left,
        )
        return _Pass(
            through * stop.done,
            [begun * f + through * g for f, g in zip(block.fails, stop.fails, strict=True)],
            begun * block.cost + through * stop.cost,
        )

    def wait(self, first: _Pass, block: _Pass, k: int) -> _Pass:
        """The same, followed by the time until the checkpoint has arrived.

        Quicker places recover in between, at the mix of times that `block` has.
        """
        rate = np.maximum(sum(self.rates[k:], np.zeros(())), 1e-18)
        exponent = np.minimum(rate * self.levels[k].safe_s, _LARGEST)
        lost = -np.expm1(-exponent)
        fails, cost = self.failing(first.done * lost, k)
        if k == 0:
            mix = np.zeros((1 + len(PHASES), *self.shape))
            mix[_RUN] = 1.0
        else:
            mix = block.cost / np.maximum(block.cost.sum(axis=0), _TINY)
        return _Pass(
            first.done * np.exp(-exponent),
            [a + b for a, b in zip(first.fails, fails, strict=True)],
            first.cost + cost + first.done * lost / rate * mix,
        )


def _retried(first: _Pass, again: _Pass, k: int) -> _Pass:
    """The first try, and further ones after failures of level k, until done or a failure of a higher level."""
    higher = range(k + 1, len(first.fails))
    left = np.maximum(again.done + sum((again.fails[j] for j in higher), np.zeros(())), _TINY)
    tries = first.fails[k] / left
    fails = [
        first.fails[j] + tries * again.fails[j] if j > k else np.zeros_like(first.done)
        for j in range(len(first.fails))
    ]
    return _Pass(first.done + tries * again.done, fails, first.cost + tries * again.cost)
