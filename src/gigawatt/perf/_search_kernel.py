"""The inner loops of the search: pipeline, sharding, offload and overlap under each row of a table.

Plain functions over arrays, which Numba compiles; the formulas are those of `step`, compiled from there.
Run as they are, they are the plain twin that tests hold the compiled form against.
"""

from __future__ import annotations

import functools
import hashlib
import inspect
import sys
import threading
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .ends import ends
from .layer import layer
from .machine import Machine
from .network import network
from .occupancy import occupied
from .space import Grid
from .step import INTERLEAVED, NO_SHARDING, memory, pipeline, stage, step

__all__ = [
    "ENUMERATED", "EVALUATED", "FEASIBLE", "OVERFLOW", "PRUNED", "TOO_MUCH_ACTIVATION",
    "TOO_MUCH_STATE", "Tables", "Tally", "Wanted", "compiled", "scan",
]  # fmt: skip

Array = NDArray[Any]

ENUMERATED, FEASIBLE, EVALUATED, PRUNED, TOO_MUCH_STATE, TOO_MUCH_ACTIVATION, OVERFLOW = range(7)
COUNTS = 7


class Tables(NamedTuple):
    """Record arrays: what `layer` and `ends` say of rows, `network` of arrangements × stages."""

    layers: Any
    ends: Any
    networks: Any
    nothing: Any
    """A layer, an end and a network that cost nothing, each an array of one; for bounds."""
    no_ends: Any
    no_network: Any
    arrangement: Array
    microbatch: Array


class Wanted(NamedTuple):
    """What is searched for."""

    model_layers: float
    doublings: float
    per_step_s: float
    per_busy_s: float
    bound: float
    """An objective that at least k strategies reach; what is surely above is of no interest."""
    prune: int
    front: int
    """1 where the Pareto front is wanted too."""


class Tally(NamedTuple):
    """What a scan fills in."""

    best: Array
    """The k least objectives in order, infinite where there are fewer."""
    best_key: Array
    counts: Array
    miss_bytes: Array
    """Least memory of a strategy that does not fit [B], as an array of one."""
    miss_key: Array
    front_bytes: Array
    """Memory of the strategies on the front, rising [B]."""
    front_objective: Array
    front_key: Array
    front_size: Array


def place(tally: Tally, objective: float, key: int) -> None:
    """Put a strategy among the k best. Keys come in order, so the earlier of equals stays before."""
    best, keys = tally.best, tally.best_key
    at = best.shape[0] - 1
    if objective >= best[at]:
        return
    while at > 0 and best[at - 1] > objective:
        best[at] = best[at - 1]
        keys[at] = keys[at - 1]
        at -= 1
    best[at] = objective
    keys[at] = key


def after(tally: Tally, total_bytes: float) -> int:
    """Place of the first strategy on the front that needs more memory."""
    low, high = 0, tally.front_size[0]
    while low < high:
        mid = (low + high) // 2
        if tally.front_bytes[mid] > total_bytes:
            high = mid
        else:
            low = mid + 1
    return low


def settle(tally: Tally, objective: float, total_bytes: float, key: int) -> None:
    """Put a strategy on the front, unless one there needs no more memory and is no worse."""
    objectives, taken, keys = tally.front_objective, tally.front_bytes, tally.front_key
    size = tally.front_size[0]
    at = after(tally, total_bytes)
    if at > 0 and objectives[at - 1] <= objective:
        return
    first = at - 1 if at > 0 and taken[at - 1] == total_bytes else at
    beyond = at
    while beyond < size and objectives[beyond] >= objective:
        beyond += 1
    grown = size - (beyond - first) + 1
    if grown > taken.shape[0]:
        tally.counts[OVERFLOW] = 1
        return
    shift = grown - size
    if shift > 0:
        for i in range(size - 1, beyond - 1, -1):
            taken[i + 1], objectives[i + 1], keys[i + 1] = taken[i], objectives[i], keys[i]
    elif shift < 0:
        for i in range(beyond, size):
            j = i + shift
            taken[j], objectives[j], keys[j] = taken[i], objectives[i], keys[i]
    taken[first], objectives[first], keys[first] = total_bytes, objective, key
    tally.front_size[0] = grown


def scan(m: Machine, grid: Grid, tables: Tables, wanted: Wanted, tally: Tally, rows: Array) -> None:
    """Go through all strategies of some rows.

    Parameters
    ----------
    m : Machine
        Numbers of the accelerator.
    grid, tables, wanted : Grid, Tables, Wanted
        Loops, times, aims.
    tally : Tally
        Filled in.
    rows : array of 3
        First row in the tables, the one after the last, and the number that the first table row has
        in the enumeration.

    Notes
    -----
    Memory is computed for every strategy, once for those that differ in overlap only, so the counts of
    what fits are exact. A step is computed for a strategy that fits, unless its whole loop over sharding,
    offload and overlap is pruned. Proof of the pruning: the bound is `step` itself with the same pipeline
    and with parameters, network, offload that cost nothing. `step` adds non-negative terms for them to
    the same sum in the same order, then multiplies by what does not depend on them; rounding is monotone;
    so the bound is not above any step of the loop, in floating-point numbers as in real ones. An objective
    with non-negative prices is monotone in step time at equal busy time. What is strictly above an
    objective reached by k strategies is not among the k best, however ties fall. For the front, the
    bound and the least memory of the loop are both above or equal to those of one earlier strategy,
    which then dominates or equals all of the loop.
    """
    counts = tally.counts
    n_batches, n_cuts = grid.batches.shape[0], grid.cut_vpp.shape[0]
    n_opt, n_act = grid.optimizer_offloads.shape[0], grid.activation_offloads.shape[0]
    n_dpo, n_all = grid.dp_overlaps.shape[0], grid.shardings.shape[0]
    width = n_all * n_opt * n_act * n_dpo
    needs = np.empty(n_all * n_opt * n_act)
    idle = stage(tables.nothing[0], tables.no_ends[0], wanted.model_layers, 2.0, 1.0, 0)
    worst = tally.best.shape[0] - 1
    for row in range(rows[0], rows[1]):
        one, both = tables.layers[row], tables.ends[row]
        arrangement, microbatch = tables.arrangement[row], tables.microbatch[row]
        for p in range(grid.pps.shape[0]):
            replicas = grid.dps[arrangement, p]
            if replicas == 0:
                continue
            stages = grid.pps[p]
            pp = float(stages)
            net = tables.networks[arrangement, p]
            n_shard = n_all if stages == 1 else grid.staged_shardings[0]
            n_needs = n_shard * n_opt * n_act
            for cut in range(grid.cut_start[p], grid.cut_start[p + 1]):
                vpp = float(grid.cut_vpp[cut])
                schedule = grid.cut_schedule[cut]
                s = stage(one, both, wanted.model_layers, pp, vpp, grid.cut_uneven[cut])
                for b in range(n_batches):
                    batch = grid.batches[b]
                    unit = replicas * microbatch
                    whole = batch // unit
                    if whole * unit != batch:
                        continue
                    if schedule == INTERLEAVED and whole % stages != 0:
                        continue
                    counts[ENUMERATED] += n_needs * n_dpo
                    microbatches = float(whole)
                    base = (((row + rows[2]) * n_cuts + cut) * n_batches + b) * width
                    # --- memory, which overlap does not change
                    least = np.inf
                    for i in range(n_needs):
                        held = memory(
                            m, one, both, s, net,
                            pp=pp,
                            vpp=vpp,
                            schedule=schedule,
                            microbatches=microbatches,
                            sharding=grid.shardings[i // (n_opt * n_act)],
                            optimizer_offload=grid.optimizer_offloads[i // n_act % n_opt],
                            activation_offload=grid.activation_offloads[i % n_act],
                        )  # fmt: skip
                        total = held.total_bytes
                        needs[i] = total
                        if total <= m.hbm_bytes:
                            counts[FEASIBLE] += n_dpo
                            least = min(least, total)
                            continue
                        state = held.weights_bytes + held.gradients_bytes + held.optimizer_bytes
                        why = TOO_MUCH_STATE if state > m.hbm_bytes else TOO_MUCH_ACTIVATION
                        counts[why] += n_dpo
                        if total < tally.miss_bytes[0]:
                            tally.miss_bytes[0] = total
                            tally.miss_key[0] = base + i * n_dpo
                    if least > m.hbm_bytes:
                        continue
                    # --- is anything here worth a step?
                    pipe = pipeline(m, s, net, one.boundary_bytes, pp, vpp, schedule, microbatches)
                    if wanted.prune:
                        quick = step(
                            m, one, idle, pipe, tables.no_network[0],
                            pp=pp,
                            vpp=vpp,
                            microbatches=microbatches,
                            sharding=NO_SHARDING,
                            dp_overlap=0,
                            optimizer_offload=0,
                            activation_offload=0,
                            doublings=wanted.doublings,
                        )  # fmt: skip
                        bound = wanted.per_step_s * quick.step_s
                        bound = (bound + wanted.per_busy_s * quick.busy_s) / batch
                        dull = bound > min(wanted.bound, tally.best[worst])
                        if dull and wanted.front:
                            at = after(tally, least)
                            dull = at > 0 and tally.front_objective[at - 1] <= bound
                        if dull:
                            for i in range(n_needs):
                                if needs[i] <= m.hbm_bytes:
                                    counts[PRUNED] += n_dpo
                            continue
                    # --- steps
                    for i in range(n_needs):
                        if needs[i] > m.hbm_bytes:
                            continue
                        counts[EVALUATED] += n_dpo
                        for d in range(n_dpo):
                            done = step(
                                m, one, s, pipe, net,
                                pp=pp,
                                vpp=vpp,
                                microbatches=microbatches,
                                sharding=grid.shardings[i // (n_opt * n_act)],
                                dp_overlap=grid.dp_overlaps[d],
                                optimizer_offload=grid.optimizer_offloads[i // n_act % n_opt],
                                activation_offload=grid.activation_offloads[i % n_act],
                                doublings=wanted.doublings,
                            )  # fmt: skip
                            objective = wanted.per_step_s * done.step_s
                            objective = (objective + wanted.per_busy_s * done.busy_s) / batch
                            key = base + i * n_dpo + d
                            place(tally, objective, key)
                            if wanted.front:
                                settle(tally, objective, needs[i], key)


def _digest() -> str:
    """Digest of all sources that the compiled kernel is made of, its types among them.

    Numba keeps compiled code by the name of the function that was asked for. It does not see that a
    function called from there has changed in another file, and cannot read what it kept once a type has
    another name. With this digest in the name, changed sources meet nothing that was kept before. Raises
    OSError where there are no sources.
    """
    functions = (scan, step, layer, ends, network, occupied, Machine, Grid)
    modules = [sys.modules[function.__module__] for function in functions]
    text = "".join(inspect.getsource(module) for module in modules)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


_COMPILING = threading.Lock()


@functools.cache
def _compile() -> Callable[..., Any]:
    import numba
    from numba.extending import register_jitable

    options: dict[str, Any] = {"error_model": "numpy"}
    for function in (stage, pipeline, step, memory, place, after, settle, scan):
        register_jitable(**options)(function)

    def entry(
        m: Machine, grid: Grid, tables: Tables, wanted: Wanted, tally: Tally, rows: Array
    ) -> None:
        scan(m, grid, tables, wanted, tally, rows)

    try:
        entry.__qualname__ = f"scan_{_digest()}"
        kernel: Callable[..., Any] = numba.njit(nogil=True, cache=True, **options)(entry)
    except (OSError, RuntimeError):  # no sources, or no folder to keep it in: for this process only
        kernel = numba.njit(nogil=True, **options)(entry)
    return kernel


def compiled() -> Callable[..., Any]:
    """`scan`, compiled; the first call of a machine compiles, later processes load."""
    with _COMPILING:
        return _compile()
