"""Playing a run: failures, rollbacks, restarts and repairs, one after another; `simulator` compiles it.

Knows nothing of the closed form. Work proceeds through segments between checkpoints of the lowest tier;
a checkpoint of a higher tier falls on every so many of them. A failure ends what is going on, rolls back to
the newest checkpoint that survives it, and is followed by downtime, which another failure starts again.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np

from gigawatt.core.arrays import Array

__all__ = ["play_elastic", "play_nested"]

Counts: TypeAlias = np.ndarray[Any, np.dtype[np.int64]]


def play_nested(
    seed: int,
    horizon: float,
    rates: Array,
    step: float,
    every: Counts,
    writes: Array,
    downs: Array,
    drained: float,
    spares: int,
    repair: float,
) -> tuple[float, float, int]:
    """Work kept, time waiting for repairs, failures.

    `rates` by tier; `step` work of the lowest tier's interval; `every` how many of those a tier's interval
    is; `drained` the chance that a failure takes a node away for `repair`.
    """
    np.random.seed(seed)
    tiers = len(rates)
    total = rates.sum()
    queue = np.empty(1 << 20)
    first = 0
    last = 0
    t = 0.0
    blocked = 0.0
    failures = 0
    segment = 0
    """Segments of work done since the start; whole ones only."""
    saved = np.zeros(tiers, np.int64)
    """Segment of each tier's newest checkpoint."""
    while t < horizon:
        fail = t + np.random.exponential(1.0 / total)
        # Run until the failure, in whole periods of the highest tier where nothing can happen in between.
        while True:
            stop = 0.0
            done = segment + 1
            for k in range(tiers):
                if done % every[k] == 0:
                    stop += writes[k]
            end = t + step + stop
            if end > fail or end > horizon:
                break
            t = end
            segment = done
            for k in range(tiers):
                if done % every[k] == 0:
                    saved[k] = done
        if fail >= horizon:
            t = horizon
            break
        t = fail
        worst = -1
        while True:
            failures += 1
            pick = np.random.random() * total
            k = 0
            while k < tiers - 1 and pick > rates[k]:
                pick -= rates[k]
                k += 1
            worst = max(worst, k)
            if np.random.random() < drained:
                queue[last % len(queue)] = t + repair
                last += 1
            while first < last and queue[first % len(queue)] <= t:
                first += 1
            if last - first > spares:
                ready = queue[(last - spares - 1) % len(queue)]
                if ready > t:
                    blocked += ready - t
                    t = ready
                    while first < last and queue[first % len(queue)] <= t:
                        first += 1
            gap = np.random.exponential(1.0 / total)
            if gap >= downs[worst]:
                t += downs[worst]
                break
            t += gap
            if t >= horizon:
                break
        back = 0
        for k in range(worst, tiers):
            back = max(back, saved[k])
        segment = back
        for k in range(worst):
            saved[k] = back
    return segment * step, blocked, failures


def play_elastic(
    seed: int,
    horizon: float,
    rate: float,
    stall: float,
    rejoin: float,
    replica_share: float,
) -> tuple[float, int]:
    """Work done when replicas are dropped and come back, and failures."""
    np.random.seed(seed)
    queue = np.empty(1 << 22)
    first = 0
    last = 0
    t = 0.0
    work = 0.0
    failures = 0
    running_from = 0.0
    """When work may go on."""
    fail = np.random.exponential(1.0 / rate)
    while t < horizon:
        back = queue[first % len(queue)] if first < last else np.inf
        until = min(fail, back, horizon)
        begin = max(t, running_from)
        if until > begin:
            work += (until - begin) * max(1.0 - (last - first) * replica_share, 0.0)
        t = until
        if t >= horizon:
            break
        if back <= fail:
            first += 1
            continue
        failures += 1
        queue[last % len(queue)] = t + rejoin
        last += 1
        running_from = t + stall
        fail = t + np.random.exponential(1.0 / rate)
    return work, failures
