"""The exact search: best strategies of a space, the Pareto front of speed and memory, and why others fail.

Times of layers come from one array call per block of rows; the loops below a row are compiled. Blocks
bound the memory. A chunk of rows is scanned by one thread; what it may prune with depends on how many
chunks came before it, never on how fast they were, so that results and counts are the same for any number
of threads.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from itertools import islice, product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import _search_kernel as kernel
from .ends import Ends, ends
from .found import Counts, Found, Point
from .job import Job, Refusal, refusals
from .layer import Layer, Split, layer
from .machine import Machine
from .network import Network, network
from .objective import Objective
from .occupancy import occupied
from .predict import doublings, predict
from .shape import Shape
from .space import Enumeration, Space
from .strategy import Strategy

__all__ = ["search"]

_BLOCK = 8192
"""Rows whose tables are held at once; several blocks are in work at a time."""
_CHUNK = 256
"""Rows scanned in one go."""
_LAG = 16
"""Chunks in work at most; a chunk prunes with what those before these have found."""


def search(
    m: Machine,
    shape: Shape,
    job: Job,
    space: Space | None = None,
    *,
    objective: Objective | None = None,
    k: int = 1,
    front: bool = False,
    threads: int | None = None,
    prune: bool = True,
    progress: Callable[[float], None] | None = None,
) -> Found:
    """Find the best strategies of a space, exactly.

    Parameters
    ----------
    m : Machine
        The accelerator; every field a number.
    shape : Shape
        The model; one model.
    job : Job
        Accelerators, batch, sequence.
    space : Space, optional
        What may be chosen; everything by default.
    objective : Objective, optional
        What is minimised; step time by default.
    k : int
        How many of the best are wanted.
    front : bool
        Whether the Pareto front of objective and memory is wanted too.
    threads : int, optional
        Threads; by default as many as the process may use. The answer does not depend on it.
    prune : bool
        Whether loops that a bound rules out are passed over. The answer does not depend on it.
    progress : callable, optional
        Called with the share that is done, from 0 to 1. What it raises stops the search.

    Returns
    -------
    Found
        Also where nothing fits or nothing is valid: see `Found.verdict`.

    Notes
    -----
    Exact: equal to going through all strategies with `predict`; see `_search_kernel.scan` for the proof
    of what is pruned.
    """
    if k < 1:
        raise ValueError(f"k is {k}; at least one strategy must be wanted")
    objective = objective or Objective.time()
    space = space or Space()
    m = Machine(*(float(value) for value in occupied(m, job.count)))
    run = kernel.compiled()
    wanted = kernel.Wanted(
        model_layers=float(shape.layers),
        doublings=float(doublings(m, float(job.count))),
        per_step_s=float(objective.per_step_s),
        per_busy_s=float(objective.per_busy_s),
        bound=float("inf"),
        prune=int(prune),
        front=int(front),
    )
    _warm(run, m, shape)
    start = time.perf_counter()
    listed = Enumeration.of(space, shape, job)
    total = _Total(k)
    if len(listed):
        _run(run, m, shape, listed, wanted, total, threads or _threads(), progress)
    found = {"best": total.keys, "front": total.front_keys}
    strategies = {name: [listed.strategy(int(key)) for key in keys] for name, keys in found.items()}
    c = total.counts
    miss = None
    if total.miss_key >= 0:
        miss = predict(m, shape, *listed.strategy(total.miss_key))
    counts = Counts(
        enumerated=int(c[kernel.ENUMERATED]),
        feasible=int(c[kernel.FEASIBLE]),
        evaluated=int(c[kernel.EVALUATED]),
        pruned=int(c[kernel.PRUNED]),
        states_too_large=int(c[kernel.TOO_MUCH_STATE]),
        activations_too_large=int(c[kernel.TOO_MUCH_ACTIVATION]),
    )
    return Found(
        best=tuple(predict(m, shape, *pair) for pair in strategies["best"]),
        objective=objective,
        counts=counts,
        front=tuple(
            Point(j, s, float(value), float(taken))
            for (j, s), value, taken in zip(
                strategies["front"], total.front_objective, total.front_bytes, strict=True
            )
        ),
        nearest_miss=miss,
        refused=() if counts.enumerated else _nearly_valid(space, shape, job),
        seconds=time.perf_counter() - start,
    )


def _threads() -> int:
    """Processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class _Total:
    """What chunks have found so far, merged in their order."""

    def __init__(self, k: int) -> None:
        self.k = k
        self.best: NDArray[np.float64] = np.full(k, np.inf)
        self.all_keys: NDArray[np.int64] = np.full(k, -1, dtype=np.int64)
        self.counts: NDArray[np.int64] = np.zeros(kernel.COUNTS, dtype=np.int64)
        self.miss_bytes = float("inf")
        self.miss_key = -1
        self.front_objective: NDArray[np.float64] = np.empty(0)
        self.front_bytes: NDArray[np.float64] = np.empty(0)
        self.front_keys: NDArray[np.int64] = np.empty(0, dtype=np.int64)

    @property
    def keys(self) -> NDArray[np.int64]:
        return self.all_keys[self.all_keys >= 0]

    def add(self, tally: kernel.Tally) -> None:
        """Merge the next chunk; stable sorts keep the earlier of equals first."""
        best = np.concatenate((self.best, tally.best))
        keys = np.concatenate((self.all_keys, tally.best_key))
        first = np.argsort(best, kind="stable")[: self.k]
        self.best, self.all_keys = best[first], keys[first]
        self.counts += tally.counts
        if tally.miss_bytes[0] < self.miss_bytes:
            self.miss_bytes, self.miss_key = float(tally.miss_bytes[0]), int(tally.miss_key[0])
        size = int(tally.front_size[0])
        if size:
            objective = np.concatenate((self.front_objective, tally.front_objective[:size]))
            taken = np.concatenate((self.front_bytes, tally.front_bytes[:size]))
            keys = np.concatenate((self.front_keys, tally.front_key[:size]))
            order = np.lexsort((keys, objective, taken))
            least = np.minimum.accumulate(objective[order])
            better = np.concatenate(([True], objective[order][1:] < least[:-1]))
            kept = order[better]
            self.front_objective, self.front_bytes = objective[kept], taken[kept]
            self.front_keys = keys[kept]


def _scan(
    run: Callable[..., None],
    m: Machine,
    listed: Enumeration,
    tables: kernel.Tables,
    wanted: kernel.Wanted,
    rows: tuple[int, int, int],
    k: int,
) -> kernel.Tally:
    """Scan rows; again with more room where the front outgrows it."""
    room = 256 if wanted.front else 1
    while True:
        tally = kernel.Tally(
            best=np.full(k, np.inf),
            best_key=np.full(k, -1, dtype=np.int64),
            counts=np.zeros(kernel.COUNTS, dtype=np.int64),
            miss_bytes=np.full(1, np.inf),
            miss_key=np.full(1, -1, dtype=np.int64),
            front_bytes=np.empty(room),
            front_objective=np.empty(room),
            front_key=np.empty(room, dtype=np.int64),
            front_size=np.zeros(1, dtype=np.int64),
        )
        run(m, listed.grid, tables, wanted, tally, np.array(rows, dtype=np.int64))
        if not tally.counts[kernel.OVERFLOW]:
            return tally
        room *= 8


def _run(
    run: Callable[..., None],
    m: Machine,
    shape: Shape,
    listed: Enumeration,
    wanted: kernel.Wanted,
    total: _Total,
    threads: int,
    progress: Callable[[float], None] | None,
) -> None:
    """Scan all chunks, at most `_LAG` at a time, and merge them in order."""
    starts = range(0, len(listed), _BLOCK)
    networks = _networks(m, listed)
    pool = ThreadPoolExecutor(threads, thread_name_prefix="strategies")
    pending: list[tuple[int, Future[kernel.Tally]]] = []

    def merge() -> None:
        done, future = pending.pop(0)
        total.add(future.result())
        if progress is not None:
            progress(done / len(listed))

    try:
        ahead = [pool.submit(_tables, m, shape, listed, networks, at) for at in starts[:2]]
        for number, at in enumerate(starts):
            tables = ahead[number].result()
            if number + 2 < len(starts):
                ahead.append(pool.submit(_tables, m, shape, listed, networks, starts[number + 2]))
            rows = len(tables.microbatch)
            for first in range(0, rows, _CHUNK):
                if len(pending) == _LAG:
                    merge()
                last = min(first + _CHUNK, rows)
                aim = wanted._replace(bound=float(total.best[-1]))
                future = pool.submit(_scan, run, m, listed, tables, aim, (first, last, at), total.k)
                pending.append((at + last, future))
            ahead[number] = Future()  # lets go of the tables
        while pending:
            merge()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _records(columns: Any, rows: tuple[int, ...]) -> Any:
    """A named tuple of arrays as an array of records, which kernels read like the tuple."""
    table = np.recarray(rows, dtype=[(name, np.float64) for name in columns._fields])
    for name, column in zip(columns._fields, columns, strict=True):
        table[name] = column
    return table


def _networks(m: Machine, listed: Enumeration) -> Any:
    """Data-parallel networks of every arrangement and every number of stages."""
    tp, cp, ep, etp = (column[:, None].astype(np.float64) for column in listed.arrangements.T)
    pp = listed.grid.pps.astype(np.float64)
    dp = np.maximum(listed.grid.dps, 1).astype(np.float64)
    return _records(network(m, tp, cp, pp, dp, ep, etp), dp.shape)


def _tables(
    m: Machine, shape: Shape, listed: Enumeration, networks: Any, start: int
) -> kernel.Tables:
    """Tables of a block of rows."""
    part = slice(start, start + _BLOCK)
    arrangement = listed.rows.arrangement[part]
    microbatch = listed.rows.microbatch[part]
    tp, cp, ep, etp = listed.arrangements[arrangement].T.astype(np.float64)
    cut = Split(
        microbatch=microbatch.astype(np.float64),
        sequence=float(listed.job.sequence),
        tp=tp,
        sequence_parallel=listed.rows.sequence_parallel[part].astype(np.float64),
        cp=cp,
        ep=ep,
        etp=etp,
        recompute=listed.rows.recompute[part].astype(np.float64),
        tp_overlap=listed.rows.tp_overlap[part].astype(np.float64),
        imbalance=listed.job.imbalance,
    )
    size = (len(microbatch),)
    return kernel.Tables(
        layers=_records(layer(m, shape, cut), size),
        ends=_records(ends(m, shape, cut), size),
        networks=networks,
        nothing=_records(Layer(*(0.0,) * len(Layer._fields)), (1,)),
        no_ends=_records(Ends(*(0.0,) * len(Ends._fields)), (1,)),
        no_network=_records(Network(*(0.0,) * len(Network._fields)), (1,)),
        arrangement=arrangement,
        microbatch=microbatch,
    )


def _warm(run: Callable[..., None], m: Machine, shape: Shape) -> None:
    """Compile, or load what was compiled, on a scan of no rows, so that a search's time is its own."""
    job = Job(1, 1, 2)
    listed = Enumeration.of(Space(tp=(1,), microbatch=(1,)), shape, job)
    tables = _tables(m, shape, listed, _networks(m, listed), 0)
    wanted = kernel.Wanted(1.0, 0.0, 1.0, 0.0, float("inf"), 1, 0)
    _scan(run, m, listed, tables, wanted, (0, 0, 0), 1)


def _nearly_valid(space: Space, shape: Shape, job: Job) -> tuple[Refusal, ...]:
    """What stands in the way where nothing is valid: the refusals of the least refused strategy."""
    nearest: tuple[Refusal, ...] = ()
    for at, (job_then, strategy) in enumerate(islice(_corners(space, job), 4096)):
        broken = refusals(shape, job_then, strategy)
        if at == 0 or len(broken) < len(nearest):
            nearest = broken
        if len(nearest) == 1:
            break
    return nearest


def _corners(space: Space, job: Job) -> Iterator[tuple[Job, Strategy]]:
    """A few strategies of a space, valid or not."""
    names = ("tp", "cp", "pp", "vpp", "ep", "etp", "microbatch")
    few: list[tuple[Any, ...]] = [(getattr(space, name) or (1,))[:4] for name in names]
    few += [space.schedule, space.sequence_parallel, space.sharding]
    for batch in (space.batches or (job.batch_sequences,))[:4]:
        for tp, cp, pp, vpp, ep, etp, microbatch, schedule, split, sharding in product(*few):
            yield (
                replace(job, batch_sequences=batch),
                Strategy(
                    tp=tp,
                    sequence_parallel=split and tp > 1,
                    cp=cp,
                    pp=pp,
                    vpp=vpp,
                    schedule=schedule,
                    uneven=space.uneven[0] and pp > 1,
                    ep=ep,
                    etp=etp,
                    microbatch=microbatch,
                    sharding=sharding,
                ),
            )
