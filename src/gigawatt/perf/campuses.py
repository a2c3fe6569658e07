"""Searching strategies over one campus or several, between which data parallelism alone crosses.

With an exchange in every step, the campus is one more tier of the network under the gradients. With an
exchange every so many steps (low-communication data parallelism), each campus trains by itself, and the
step carries its share of one all-reduce of all parameters. What that does to the loss is not modelled.

References
----------
A. Douillard et al., DiLoCo: Distributed Low-Communication Training of Language Models, arXiv:2311.08105.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from itertools import accumulate

from .found import Counts, Found, Point
from .job import Job, divisors
from .machine import Machine
from .machines import Fabric
from .objective import Objective
from .predict import Prediction, predict
from .search import search
from .shape import Shape
from .space import Space
from .training_request import LATENCY_S_PER_KM, TrainingRequest, job_of

__all__ = ["Campuses", "exchange_s"]

OUTER_BYTES = 4.0
"""Bytes of a parameter's change as campuses exchange it: single precision [B]."""
_SPARE = 32
"""Candidates beyond those wanted, for what crosses campuses otherwise than by data parallelism."""


@dataclass(frozen=True, slots=True)
class Campuses:
    """A settled request's accelerators, and the machines of their campuses.

    Attributes
    ----------
    request : TrainingRequest
        Settled.
    shape : Shape
        The model.
    machine : callable
        The machine on given networks beyond the datasheet.
    """

    request: TrainingRequest
    shape: Shape
    machine: Callable[[Fabric], Machine]

    @property
    def alone(self) -> bool:
        """Whether a campus trains by itself between exchanges."""
        return self.request.campuses == 1 or self.request.outer_every > 1

    @property
    def job(self) -> Job:
        """The step that is searched: of all campuses, or of one where it trains by itself."""
        whole, n = job_of(self.request), self.request.campuses
        if not self.alone or n == 1:
            return whole
        return Job(whole.count // n, whole.batch_sequences // n, whole.sequence, whole.imbalance)

    def machine_for(self, pp: int) -> Machine:
        """The machine as `pp` stages see it: ranks of a stage on one campus are its share by `pp`."""
        r = self.request
        if self.alone:
            return self.machine(Fabric())
        return self.machine(
            Fabric(
                campus=r.count / r.campuses / pp,
                campus_bytes_per_s=r.campus_gbps * 1e9 / 8.0,
                campus_latency_s=r.campus_km * LATENCY_S_PER_KM,
            )
        )

    def crossing_s(self, prediction: Prediction) -> float:
        """Of a step's data parallelism, what it pays for crossing campuses [s]."""
        if self.alone:
            return 0.0
        near = predict(self.machine(Fabric()), self.shape, prediction.job, prediction.strategy)
        return float(prediction.step.data_parallel_s) - float(near.step.data_parallel_s)

    def search(
        self,
        space: Space,
        objective: Objective,
        k: int,
        *,
        front: bool = False,
        progress: Callable[[float], None] | None = None,
    ) -> Found:
        """Search a space, exactly; see `gigawatt.perf.search.search`.

        Notes
        -----
        Which ranks share a campus depends on the number of stages, so several campuses that exchange
        in every step are searched once for each number of stages.
        """
        if self.alone:
            return search(
                self.machine_for(1), self.shape, self.job, space,
                objective=objective, k=k, front=front, progress=progress,
            )  # fmt: skip
        parts = self._by_stages(space)
        if not parts:  # so that the refusal is one of a campus
            near, n = self.job, self.request.campuses
            return search(
                self.machine(Fabric()), self.shape,
                Job(near.count // n, near.batch_sequences // n, near.sequence, near.imbalance), space,
                objective=objective,
            )  # fmt: skip
        found = []
        for at, (pp, part) in enumerate(parts):

            def told(share: float, at: int = at) -> None:
                if progress is not None:
                    progress((at + share) / len(parts))

            found.append(
                search(
                    self.machine_for(pp), self.shape, self.job, part,
                    objective=objective, k=k + _SPARE, front=front, progress=told,
                )
            )  # fmt: skip
        n = self.request.campuses
        return _merged(found, k, lambda p: p.replicas % n == 0)

    def _by_stages(self, space: Space) -> list[tuple[int, Space]]:
        """Numbers of stages, and what may be chosen with each so that replicas fit into a campus."""
        campus = self.request.count // self.request.campuses
        parts = []
        for pp in divisors(campus):
            if pp > self.shape.layers or (space.pp is not None and pp not in space.pp):
                continue
            within = divisors(campus // pp)
            tp, cp = (
                tuple(n for n in within if allowed is None or n in allowed)
                for allowed in (space.tp, space.cp)
            )
            if tp and cp:
                parts.append((pp, space.only(pp=(pp,), tp=tp, cp=cp)))
        return parts


def exchange_s(request: TrainingRequest, parameters: float) -> float:
    """Time of one exchange of all parameters between campuses, over the steps between two [s].

    Parameters
    ----------
    request : TrainingRequest
        Campuses, their links, steps between two exchanges.
    parameters : float
        Parameters of the model [1].

    Notes
    -----
    An all-reduce over c campuses, each sending its own copy through the links of all its accelerators:
    ``2 (c - 1) / c × bytes / (links) + 2 ceil(log2 c) × latency``, not hidden behind computation.
    """
    c = request.campuses
    if c == 1 or request.outer_every == 1:
        return 0.0
    links = request.count / c * request.campus_gbps * 1e9 / 8.0
    latency = request.campus_km * LATENCY_S_PER_KM
    moved = 2.0 * (c - 1.0) / c * OUTER_BYTES * parameters / links
    return (moved + 2.0 * math.ceil(math.log2(c)) * latency) / request.outer_every


def _merged(found: list[Found], k: int, keep: Callable[[Prediction], bool]) -> Found:
    """Several searches of parts of a space as one."""
    objective = found[0].objective
    best = sorted(
        (p for one in found for p in one.best if keep(p)), key=lambda p: float(objective.of(p))
    )
    misses = [one.nearest_miss for one in found if one.nearest_miss is not None]
    counts = Counts(
        **{
            field.name: sum(getattr(one.counts, field.name) for one in found)
            for field in fields(Counts)
        }
    )
    refused = min((one.refused for one in found if one.refused), key=len, default=())
    return replace(
        found[0],
        best=tuple(best[:k]),
        counts=counts,
        front=_front([point for one in found for point in one.front]),
        nearest_miss=min(misses, key=lambda p: float(p.excess_bytes), default=None),
        refused=() if counts.enumerated else refused,
        seconds=sum(one.seconds for one in found),
    )


def _front(points: list[Point]) -> tuple[Point, ...]:
    """Those that no other beats in both objective and memory."""
    ordered = sorted(points, key=lambda p: (p.memory_bytes, p.objective))
    least = list(accumulate((p.objective for p in ordered), min))
    return tuple(
        point for at, point in enumerate(ordered) if at == 0 or point.objective < least[at - 1]
    )
