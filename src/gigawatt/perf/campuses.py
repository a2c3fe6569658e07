"""Training over one campus or several, between which data parallelism alone crosses.

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
from dataclasses import dataclass

from .job import Job
from .machine import Machine
from .machines import Fabric
from .predict import Prediction, predict
from .shape import Shape
from .training_request import LATENCY_S_PER_KM, TrainingRequest, fabric_of, job_of

__all__ = ["Campuses", "exchange_s"]

OUTER_BYTES = 4.0
"""Bytes of a parameter's change as campuses exchange it: single precision [B]."""


@dataclass(frozen=True, slots=True)
class Campuses:
    """A settled request's accelerators, and the machine on their networks.

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
        whole = job_of(self.request)
        if not self.alone:
            return whole
        n = whole.campuses
        return Job(whole.count // n, whole.batch_sequences // n, whole.sequence, whole.imbalance)

    @property
    def networks(self) -> Machine:
        """The machine on the networks of the step that is searched."""
        return self.machine(fabric_of(self.request, across=not self.alone))

    def crossing_s(self, prediction: Prediction) -> float:
        """Of a step's data parallelism, what it pays for crossing campuses [s]."""
        if self.alone:
            return 0.0
        together = self.machine(fabric_of(self.request, across=False))
        near = predict(together, self.shape, prediction.job, prediction.strategy)
        return float(prediction.step.data_parallel_s) - float(near.step.data_parallel_s)


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
