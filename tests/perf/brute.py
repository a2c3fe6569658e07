"""The search done the slow way: every combination of choices, the rules, `predict`, and sorting."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from unittest import mock

import numpy as np

from gigawatt.perf import _search_kernel as kernel
from gigawatt.perf import predict as predict_module
from gigawatt.perf.job import Job, refusals
from gigawatt.perf.machine import Machine
from gigawatt.perf.objective import Objective
from gigawatt.perf.predict import predict
from gigawatt.perf.shape import Shape
from gigawatt.perf.space import Enumeration, Space
from gigawatt.perf.strategy import Strategy

__all__ = ["Tried", "all_keys", "brute", "remembered"]


@dataclass(frozen=True)
class Tried:
    """A valid strategy with what it comes to."""

    job: Job
    strategy: Strategy
    objective: float
    total_bytes: float
    fits: bool


@contextmanager
def remembered() -> Iterator[None]:
    """Let `predict` remember the layers it has seen, so that it is quick enough to try thousands."""
    names = ("layer", "ends", "network", "model_flops")
    with mock.patch.multiple(
        predict_module,
        **{name: functools.cache(getattr(predict_module, name)) for name in names},
    ):
        yield


def brute(m: Machine, shape: Shape, job: Job, space: Space, objective: Objective) -> list[Tried]:
    """Every valid strategy of a space whose choices are all given."""
    names = [field.name for field in fields(Strategy)]
    values = [getattr(space, name) for name in names]
    tried = []
    with remembered():
        for batch in space.batches or (job.batch_sequences,):
            own = replace(job, batch_sequences=batch)
            for choice in itertools.product(*values):
                given = dict(zip(names, choice, strict=True))
                if given["tp"] == 1:
                    # A switch that means nothing at tp = 1 is off there; skip its copies.
                    first = all(
                        given[name] == getattr(space, name)[0]
                        for name in ("sequence_parallel", "tp_overlap")
                    )
                    if not first:
                        continue
                    given |= {"sequence_parallel": False, "tp_overlap": False}
                strategy = Strategy(**given)
                if refusals(shape, own, strategy):
                    continue
                p = predict(m, shape, own, strategy)
                tried.append(
                    Tried(
                        own,
                        strategy,
                        float(objective.of(p)),
                        float(p.memory.total_bytes),
                        bool(p.fits),
                    )
                )
    return tried


def all_keys(listed: Enumeration) -> list[int]:
    """Keys of all strategies of an enumeration, by the loops of the kernel on a machine without costs."""
    g = listed.grid
    found = []
    for key in np.ndindex(len(listed), *listed.widths):
        row, cut, batch, shard = key[:4]
        stages = int(np.searchsorted(g.cut_start, cut, side="right")) - 1
        pp = int(g.pps[stages])
        replicas = int(g.dps[listed.rows.arrangement[row], stages])
        if not replicas or (pp > 1 and shard >= g.staged_shardings[0]):
            continue
        unit = replicas * int(listed.rows.microbatch[row])
        whole, rest = divmod(int(g.batches[batch]), unit)
        if rest or (g.cut_schedule[cut] == kernel.INTERLEAVED and whole % pp):
            continue
        found.append(int(np.ravel_multi_index(key, (len(listed), *listed.widths))))
    return found
