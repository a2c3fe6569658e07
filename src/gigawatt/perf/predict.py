"""One strategy predicted: layers, stages, pipeline, step and memory put together.

This is the plain way through the model, one strategy at a time; `search` goes the same way through
millions. Machine fields may be arrays (draws), and so are then the answers.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gigawatt.core.errors import InputError, Problem

from .ends import Ends, ends
from .job import Job, refusals
from .layer import Layer, Split, layer
from .machine import Machine, Value
from .network import Network, network
from .occupancy import occupied
from .shape import Shape
from .step import Memory, Pipeline, Stage, Step, memory, pipeline, stage, step
from .strategy import RECOMPUTES, SCHEDULES, SHARDINGS, Strategy

__all__ = ["Prediction", "doublings", "model_flops", "predict"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Prediction:
    """A training step under one strategy, and what it is made of.

    Attributes
    ----------
    job, strategy : Job, Strategy
        What was predicted.
    layer, ends, network, stage, pipeline, step, memory
        The breakdowns; see their modules.
    model_flops : float
        Model FLOP of a step over all accelerators, without recomputation [FLOP].
    hbm_bytes : float
        Memory of an accelerator [B].
    """

    job: Job
    strategy: Strategy
    layer: Layer
    ends: Ends
    network: Network
    stage: Stage
    pipeline: Pipeline
    step: Step
    memory: Memory
    model_flops: Value
    hbm_bytes: Value

    @property
    def step_s(self) -> Value:
        """Time of a step [s]."""
        return self.step.step_s

    @property
    def replicas(self) -> int:
        """Data-parallel replicas [1]."""
        return self.job.replicas(self.strategy)

    @property
    def tokens_per_s_per_gpu(self) -> Value:
        """Tokens per second and accelerator [token/s]."""
        return self.job.tokens / self.job.count / self.step_s

    @property
    def flops_per_s_per_gpu(self) -> Value:
        """Model FLOP per second and accelerator [FLOP/s]."""
        return self.model_flops / self.job.count / self.step_s

    def mfu(self, peak_flops_per_s: Value) -> Value:
        """Model FLOP utilisation of a peak [1]."""
        return self.flops_per_s_per_gpu / peak_flops_per_s

    @property
    def excess_bytes(self) -> Value:
        """Memory beyond what an accelerator has [B]; negative where there is room."""
        return self.memory.total_bytes - self.hbm_bytes

    @property
    def fits(self) -> Value:
        """Whether the fullest rank fits into memory."""
        return self.excess_bytes <= 0.0


def doublings(m: Machine, count: Value) -> Value:
    """Log2 of the number of scale-up domains [1], with which stragglers and network noise grow.

    The machine is one that the job occupies: see `occupancy.occupied`.
    """
    return np.log2(np.maximum(count / m.domain, 1.0))


def model_flops(m: Machine, shape: Shape, job: Job) -> Value:
    """Model FLOP of a step over all accelerators, attention counted causal [FLOP].

    Counted on one undivided sequence, so that copies on several ranks do not count twice.
    """
    whole = Split(1.0, float(job.sequence), 1.0, 0.0, 1.0, 1.0, 1.0, 0.0, 0.0)
    both = ends(m, shape, whole)
    layers = shape.layers + both.extra_layers
    return job.batch_sequences * (layers * layer(m, shape, whole).flops + both.flops)


def predict(m: Machine, shape: Shape, job: Job, strategy: Strategy) -> Prediction:
    """Predict the step of one strategy.

    Parameters
    ----------
    m : Machine
        The accelerator under its precision and stack; fields may be arrays over draws.
    shape : Shape
        The model; one model, not a stack.
    job : Job
        Accelerators, batch, sequence.
    strategy : Strategy
        How the model is spread.

    Returns
    -------
    Prediction
        Also where the strategy does not fit into memory: see `Prediction.fits`.

    Raises
    ------
    InputError
        Where the strategy is not valid for the model and the job, with every rule it breaks.
    """
    broken = refusals(shape, job, strategy)
    if broken:
        raise InputError(
            [
                Problem("E203", refusal.message, path=f"strategy ({refusal.rule})")
                for refusal in broken
            ]
        )
    m = occupied(m, job.count)
    tp, cp, pp, vpp = (float(n) for n in (strategy.tp, strategy.cp, strategy.pp, strategy.vpp))
    ep, etp = float(strategy.ep), float(strategy.etp)
    microbatches = float(job.microbatches(strategy))
    schedule = SCHEDULES.index(strategy.schedule)
    sharding = SHARDINGS.index(strategy.sharding)
    cut = Split(
        microbatch=float(strategy.microbatch),
        sequence=float(job.sequence),
        tp=tp,
        sequence_parallel=float(strategy.sequence_parallel),
        cp=cp,
        ep=ep,
        etp=etp,
        recompute=float(RECOMPUTES.index(strategy.recompute)),
        tp_overlap=float(strategy.tp_overlap),
        imbalance=job.imbalance,
    )
    one = layer(m, shape, cut)
    both = ends(m, shape, cut)
    net = network(m, tp, cp, pp, float(job.replicas(strategy)), ep, etp)
    slowest = stage(one, both, shape.layers, pp, vpp, int(strategy.uneven))
    pipe = pipeline(m, slowest, net, one.boundary_bytes, pp, vpp, schedule, microbatches)
    whole = step(
        m, one, slowest, pipe, net,
        pp=pp,
        vpp=vpp,
        microbatches=microbatches,
        sharding=sharding,
        dp_overlap=int(strategy.dp_overlap),
        optimizer_offload=int(strategy.optimizer_offload),
        activation_offload=int(strategy.activation_offload),
        doublings=doublings(m, float(job.count)),
    )  # fmt: skip
    held = memory(
        m, one, both, slowest, net,
        pp=pp,
        vpp=vpp,
        schedule=schedule,
        microbatches=microbatches,
        sharding=sharding,
        optimizer_offload=int(strategy.optimizer_offload),
        activation_offload=int(strategy.activation_offload),
    )  # fmt: skip
    return Prediction(
        job=job,
        strategy=strategy,
        layer=one,
        ends=both,
        network=net,
        stage=slowest,
        pipeline=pipe,
        step=whole,
        memory=held,
        model_flops=model_flops(m, shape, job),
        hbm_bytes=m.hbm_bytes,
    )
