"""Playing a run event by event: failures, rollbacks, recoveries, repairs, maintenance, dropped replicas.

Plain functions over numbers, which Numba compiles; run as they are, they are their own plain twin. They know
nothing of the closed form: a clock, the work that is done, the checkpoints that have arrived, what comes next.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["Elastic", "Restarting", "compiled", "replay_elastic", "replay_restarting"]

Array = NDArray[Any]


class Restarting(NamedTuple):
    """A run that starts again after every failure. Places of checkpoints are in order, the quickest first."""

    rates: Array
    """Failures that each place is the quickest to survive [1/s]."""
    step_s: float
    """Work between checkpoints of the quickest place [s]."""
    every: Array
    """Steps between checkpoints of each place."""
    stop_s: float
    """Stop for a checkpoint, whichever places it goes to [s]."""
    safes: Array
    """Time until it counts [s]."""
    phases: Array
    """Detection, restart, communicators [s]."""
    reads: Array
    """Reading back from each place [s]."""
    leaving: float
    """Chance that a failure takes a node away [1]."""
    spares: int
    """Nodes that may be away."""
    repair_s: float
    planned_per_s: float
    """Planned interruptions in the time that the run is up [1/s]."""
    planned_s: float


class Elastic(NamedTuple):
    """A run that drops replicas."""

    drop_per_s: float
    """Failures of one replica, over all of them [1/s]."""
    whole_per_s: float
    """Failures that stop all of them [1/s]."""
    replicas: int
    stall_s: float
    rejoin_s: float
    leaving: float
    """Chance that a failure of a replica takes a node away [1]."""
    spares: int
    repair_s: float
    planned_per_s: float
    planned_s: float
    interval_s: float
    """Time between two checkpoints [s]."""
    stop_s: float
    safe_s: float
    recovery_s: float
    """From a failure that stops all to going on [s]."""


def replay_restarting(
    rng: np.random.Generator, horizon_s: float, run: Restarting, out: Array, stop: Array
) -> None:
    """Play a run.

    Parameters
    ----------
    rng : Generator
        Draws.
    horizon_s : float
        How long; the last recovery is played to its end [s].
    run : Restarting
        The run.
    out : array of 8
        Filled in: time, work kept, detection, restart, communicators, reading back, waiting for repairs,
        planned interruptions [s]; then failures as the ninth where there is room.
    stop : array of 1
        The replay ends early once this is not 0.
    """
    places = len(run.rates)
    total = run.rates.sum()
    arrived = np.zeros(places)
    """Work that the newest checkpoint of each place holds [s]."""
    coming = np.zeros(places)
    ready = np.full(places, np.inf)
    """Work that the checkpoint on its way holds, and when it arrives [s]."""
    queue = np.zeros(run.spares + 8)
    """When nodes that are away come back, in order."""
    first, last, failures = 0, 0, 0
    now, done = 0.0, 0.0
    next_failure = rng.exponential(1.0 / total)
    next_planned = rng.exponential(1.0 / run.planned_per_s) if run.planned_per_s > 0.0 else np.inf
    while now < horizon_s and stop[0] == 0:
        level = -1
        planned = False
        if next_planned <= now:
            planned = True
        else:
            steps = np.floor(done / run.step_s + 1e-6) + 1.0
            end = now + steps * run.step_s - done
            if next_planned < end and next_planned < next_failure:
                done += next_planned - now
                now = next_planned
                planned = True
            elif next_failure < end:
                now = next_failure
                level = 0
            else:
                now = end
                done = steps * run.step_s
                if next_failure < now + run.stop_s:
                    now = next_failure
                    level = 0
                else:
                    now += run.stop_s
                    for k in range(places):
                        if int(steps) % run.every[k] == 0:
                            if ready[k] <= now:
                                arrived[k] = coming[k]
                            coming[k] = done
                            ready[k] = now + run.safes[k]
        if planned:
            begun = now
            now += run.stop_s + run.planned_s
            for k in range(places):
                arrived[k] = done
                ready[k] = np.inf
            level = places - 1
        elif level < 0:
            continue
        fresh = not planned
        detected = planned
        while True:
            if fresh:
                failures += 1
                draw = rng.random() * total
                hit = 0
                while hit < places - 1 and draw >= run.rates[hit]:
                    draw -= run.rates[hit]
                    hit += 1
                level = max(level, hit)
                for k in range(places):
                    if ready[k] <= now:
                        arrived[k] = coming[k]
                        ready[k] = np.inf
                    elif k <= hit:
                        ready[k] = np.inf
                if rng.random() < run.leaving:
                    queue[last % len(queue)] = now + run.repair_s
                    last += 1
                while first < last and queue[first % len(queue)] <= now:
                    first += 1
                if last - first > run.spares:
                    back = queue[first % len(queue)]
                    first += 1
                    out[6] += back - now
                    if planned:
                        begun += back - now
                    now = back
            next_failure = now + rng.exponential(1.0 / total)
            fresh = False
            for phase in range(4):
                if phase == 0 and detected:
                    continue
                length = run.reads[level] if phase == 3 else run.phases[phase]
                spent = min(length, next_failure - now)
                if not planned:
                    out[2 + phase] += spent
                now += spent
                if spent < length:
                    fresh = True
                    detected = False
                    break
            if not fresh or now > horizon_s or stop[0] != 0:
                break
        done = 0.0
        for k in range(level, places):
            done = max(done, arrived[k])
        for k in range(level):
            arrived[k] = done
            ready[k] = np.inf
        if planned:
            out[7] += now - begun
        if next_planned <= now:
            next_planned = now + rng.exponential(1.0 / run.planned_per_s)
    out[0] = now
    out[1] = done
    if len(out) > 8:
        out[8] = failures


def replay_elastic(
    rng: np.random.Generator, horizon_s: float, run: Elastic, out: Array, stop: Array
) -> None:
    """Play a run that drops replicas.

    Parameters
    ----------
    rng, horizon_s, out, stop
        As of `replay_restarting`; of `out`, time, work kept and failures are filled in.
    run : Elastic
        The run.
    """
    back = np.zeros(run.replicas)
    """When each replica trains again [s]."""
    room = 1 << 16
    returns, planned_returns, repairs = np.zeros(room), np.zeros(room), np.zeros(room)
    r0, r1, p0, p1, q0, q1 = 0, 0, 0, 0, 0, 0
    now, work, failures = 0.0, 0.0, 0
    arrived, coming, ready = 0.0, 0.0, np.inf
    idle_until, stop_until, down_until = 0.0, -1.0, -1.0
    next_stop = run.interval_s
    next_drop = rng.exponential(1.0 / run.drop_per_s) if run.drop_per_s > 0.0 else np.inf
    next_whole = rng.exponential(1.0 / run.whole_per_s) if run.whole_per_s > 0.0 else np.inf
    next_planned = rng.exponential(1.0 / run.planned_per_s) if run.planned_per_s > 0.0 else np.inf
    while now < horizon_s and stop[0] == 0:
        until = min(next_drop, next_whole, next_planned)
        if r0 < r1:
            until = min(until, returns[r0 % room])
        if p0 < p1:
            until = min(until, planned_returns[p0 % room])
        if q0 < q1:
            until = min(until, repairs[q0 % room])
        if down_until > now:
            until = min(until, down_until)
        elif stop_until > now:
            until = min(until, stop_until)
        else:
            until = min(until, next_stop)
            if idle_until > now:
                until = min(until, idle_until)
            else:
                gone = (r1 - r0) + (p1 - p0) + max((q1 - q0) - run.spares, 0)
                work += (until - now) * max(1.0 - gone / run.replicas, 0.0)
        now = until
        while r0 < r1 and returns[r0 % room] <= now:
            r0 += 1
        while p0 < p1 and planned_returns[p0 % room] <= now:
            p0 += 1
        while q0 < q1 and repairs[q0 % room] <= now:
            q0 += 1
        if now == down_until:
            next_stop = now + run.interval_s
        elif now == stop_until:
            if ready <= now:
                arrived = coming
            coming, ready = work, now + run.safe_s
            next_stop = now + run.interval_s
        elif now == next_stop and down_until <= now and stop_until <= now:
            stop_until = now + run.stop_s
        if now == next_drop:
            next_drop = now + rng.exponential(1.0 / run.drop_per_s)
            hit = int(rng.random() * run.replicas)
            if back[hit] <= now and r1 - r0 < room:
                failures += 1
                back[hit] = now + run.rejoin_s
                returns[r1 % room] = back[hit]
                r1 += 1
                idle_until = now + run.stall_s
                if rng.random() < run.leaving and q1 - q0 < room:
                    repairs[q1 % room] = now + run.repair_s
                    q1 += 1
        if now == next_planned:
            next_planned = now + rng.exponential(1.0 / run.planned_per_s)
            hit = int(rng.random() * run.replicas)
            if back[hit] <= now:
                back[hit] = now + run.planned_s + run.rejoin_s
                planned_returns[p1 % room] = back[hit]
                p1 += 1
        if now == next_whole:
            failures += 1
            next_whole = now + rng.exponential(1.0 / run.whole_per_s)
            if ready <= now:
                arrived = coming
            ready = np.inf
            work = arrived
            down_until = now + run.recovery_s
            stop_until = -1.0
    out[0] = now
    out[1] = work
    if len(out) > 8:
        out[8] = failures


_COMPILING = threading.Lock()


@functools.cache
def _compile(name: str) -> Callable[..., Any]:
    import numba

    function = {"restarting": replay_restarting, "elastic": replay_elastic}[name]
    options: dict[str, Any] = {"nogil": True, "error_model": "numpy"}
    try:
        kernel: Callable[..., Any] = numba.njit(cache=True, **options)(function)
    except RuntimeError:  # no folder to keep it in: for this process only
        kernel = numba.njit(**options)(function)
    return kernel


def compiled(name: str) -> Callable[..., Any]:
    """A replay, compiled; the first call of a machine compiles, later processes load.

    Parameters
    ----------
    name : {"restarting", "elastic"}
        Which. All that it calls stands in this file, so that what is kept follows the file.
    """
    with _COMPILING:
        return _compile(name)
