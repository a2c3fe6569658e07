"""One training step: layers into pipeline stages, stages into a step, and the memory of it all.

The functions here take the choices of one strategy as plain numbers and times that may be arrays (over
draws), and use nothing but arithmetic, minimum and maximum: the search compiles these very functions,
so that a compiled search and a plain prediction cannot differ in a formula.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .ends import Ends
from .layer import Layer
from .machine import Machine, Value
from .network import Network

__all__ = [
    "FSDP",
    "HSDP",
    "INTERLEAVED",
    "NO_SHARDING",
    "ONE_F_ONE_B",
    "ZERO1",
    "ZERO_BUBBLE",
    "Memory",
    "Pipeline",
    "Stage",
    "Step",
    "memory",
    "pipeline",
    "stage",
    "step",
]

ONE_F_ONE_B, INTERLEAVED, ZERO_BUBBLE = 0, 1, 2
NO_SHARDING, ZERO1, FSDP, HSDP = 0, 1, 2, 3

WEIGHT_BYTES = 2.0
OPTIMIZER_BYTES = 12.0
"""Master weights and two moments in single precision [B/parameter]."""
OPTIMIZER_PASS_BYTES = 30.0
"""Read gradient, master and moments; write master, moments and bf16 weights [B/parameter]."""
REDUCED_BYTES = 2.0
"""Bytes of a gradient that full sharding scatters: bf16, whatever it is added up in [B]."""
FRAGMENTATION = 1.06
"""Reserved over allocated memory of a caching allocator [1]."""
RESERVED_BYTES = 3.0e9
"""Context, communication buffers and library workspaces [B]."""


class Stage(NamedTuple):
    """What the slowest pipeline stage does for one microbatch, and all stages together."""

    layers: Value
    """Layers of an ordinary stage [1]."""
    first_layers: Value
    """Layers of the first stage [1]."""
    last_layers: Value
    """Layers of the last stage, those that predict further tokens among them [1]."""
    forward_s: Value
    """Forward pass of the slowest stage [s]."""
    backward_s: Value
    """Backward pass with recomputation [s]."""
    weight_s: Value
    """Of the backward pass, gradients of weights [s]."""
    total_s: Value
    """Forward and backward of one microbatch through all stages [s]."""
    shared_parameters: Value
    """Parameters on a rank of the stage that holds most, experts aside [1]."""
    expert_parameters: Value
    """Experts' parameters on a rank of the stage that holds most [1]."""
    tied_parameters: Value
    """Of a table that the first and the last stage both hold, whose gradients they add up [1]."""


class Pipeline(NamedTuple):
    """A step's microbatches through the pipeline."""

    busy_s: Value
    """The slowest stage at work, its exposed messages among it [s]."""
    bubble_s: Value
    """The slowest stage waiting while the pipeline fills and drains [s]."""
    hop_s: Value
    """Exposed transfers between stages [s]."""


class Step(NamedTuple):
    """A step and what it is made of [s]."""

    step_s: Value
    busy_s: Value
    bubble_s: Value
    hop_s: Value
    data_parallel_s: Value
    optimizer_s: Value
    offload_s: Value
    fixed_s: Value
    jitter_s: Value


class Memory(NamedTuple):
    """Memory of the fullest rank [B]."""

    total_bytes: Value
    weights_bytes: Value
    gradients_bytes: Value
    optimizer_bytes: Value
    activations_bytes: Value
    spilled_bytes: Value
    workspace_bytes: Value
    reserved_bytes: Value


def stage(layer: Layer, ends: Ends, layers: float, pp: float, vpp: float, uneven: int) -> Stage:
    """Cut a model into stages.

    Parameters
    ----------
    layer, ends : Layer, Ends
        Times of an average layer and of both ends.
    layers, pp, vpp : float
        Layers of the model, pipeline stages, chunks of layers per stage.
    uneven : int
        1 where the two ends count as a layer each, so that first and last stage have one layer less.

    Notes
    -----
    An ordinary stage holds ``vpp ceil((L + 2 u) / (pp vpp))`` layers; where that does not come out
    even, the last stage holds what is left. The slowest stage sets the pace: an ordinary one, the first
    with the input table, or the last with the output head and the layers that predict further tokens.
    """
    ordinary = vpp * np.ceil((layers + 2.0 * uneven) / (pp * vpp))
    if pp == 1:
        ordinary = layers
    last = ordinary - uneven
    if pp == 1:
        last = layers
    elif uneven == 0:
        last = np.maximum(layers - ordinary * (pp - 1.0), 0.0)
    last = last + ends.extra_layers
    first = ordinary
    if pp > 1:
        first = ordinary - uneven
    if pp == 2:  # a first and a last stage, and none between
        ordinary = first
    back = layer.backward_s + layer.recompute_s
    mid_f, mid_b = ordinary * layer.forward_s, ordinary * back
    end_f = last * layer.forward_s + ends.head_forward_s
    end_b = last * back + ends.head_backward_s
    if pp == 1:
        end_f = end_f + ends.embed_s
        mid_f, mid_b = end_f, end_b
    both = np.maximum(mid_f + mid_b, end_f + end_b)
    if pp > 1:
        both = np.maximum(both, first * (layer.forward_s + back) + ends.embed_s)
    forward = np.maximum(mid_f, both - np.maximum(mid_b, end_b))
    total = (
        (layers + ends.extra_layers) * (layer.forward_s + back)
        + ends.head_forward_s
        + ends.head_backward_s
        + ends.embed_s
    )
    tables = ends.head_parameters
    shared = ordinary * layer.shared_parameters + tables
    tied = ends.tied * tables
    if pp == 1:
        shared = last * layer.shared_parameters + 2.0 * tables - tied
        tied = 0.0 * tied
    else:
        shared = np.maximum(shared, last * layer.shared_parameters + tables)
    return Stage(
        layers=ordinary,
        first_layers=first,
        last_layers=last,
        forward_s=forward,
        backward_s=both - forward,
        weight_s=ordinary * layer.weight_gradient_s,
        total_s=total,
        shared_parameters=shared,
        expert_parameters=np.maximum(ordinary, last) * layer.expert_parameters,
        tied_parameters=tied,
    )


def pipeline(
    m: Machine,
    s: Stage,
    net: Network,
    boundary_bytes: Value,
    pp: float,
    vpp: float,
    schedule: int,
    microbatches: float,
) -> Pipeline:
    """Time of the microbatches through the pipeline.

    Notes
    -----
    ``m t + (T - t) / v`` for m microbatches, t of the slowest stage, T of all stages, v chunks per
    stage: while the pipeline fills and drains, the slowest stage waits for the others once. A
    zero-bubble schedule (ZB-H1) moves gradients of weights into the bubble, which shrinks by
    ``(F + B - W) / (F + B + W)``.

    References
    ----------
    D. Narayanan et al., arXiv:2104.04473, section 2.2; P. Qi et al., arXiv:2401.10241, table 1.
    """
    slot = s.forward_s + s.backward_s
    busy = microbatches * slot
    if pp == 1:
        return Pipeline(busy, 0.0 * slot, 0.0 * slot)
    bubble = (s.total_s - slot) / vpp
    if schedule == ZERO_BUBBLE:
        bubble = bubble * np.maximum(1.0 - 2.0 * s.weight_s / slot, 0.0)
    hop = boundary_bytes * net.hop_s_per_byte + net.hop_latency_s
    hops = 2.0 * hop * (vpp * microbatches * m.pp_exposed + (pp - 1.0))
    return Pipeline(busy, bubble, hops)


def step(
    m: Machine,
    layer: Layer,
    s: Stage,
    pipe: Pipeline,
    net: Network,
    pp: float,
    vpp: float,
    microbatches: float,
    sharding: int,
    dp_overlap: int,
    optimizer_offload: int,
    activation_offload: int,
    doublings: float,
) -> Step:
    """Time of a step.

    Parameters
    ----------
    m, layer, s, pipe, net
        The accelerator, an average layer, the slowest stage, the pipeline, the data-parallel network.
    pp, vpp, microbatches : float
        Stages, chunks per stage, microbatches of a rank in a step.
    sharding : int
        `NO_SHARDING` (all-reduce of gradients), `ZERO1` (optimizer sharded: reduce-scatter and
        all-gather), `FSDP` (parameters gathered for each pass of each microbatch), `HSDP` (the same
        within a scale-up domain; replicas in other domains add their gradients up once a step).
    dp_overlap : int
        1 where gradients and parameters travel while the last and first microbatch compute.
    optimizer_offload, activation_offload : int
        1 where optimizer states or activations live in host memory.
    doublings : float
        log2 of the number of scale-up domains: stragglers and network noise grow with it.
    """
    shared, expert = s.shared_parameters, s.expert_parameters
    gathered_forward = gathered_backward = 0.0 * shared
    start_expert = np.minimum(expert, 1.0) * net.expert_gather_latency_s  # nothing without experts
    weights = WEIGHT_BYTES * shared
    gradients = m.gradient_bytes * shared
    if sharding in (FSDP, HSDP):
        sent_bytes = np.minimum(m.gradient_bytes, REDUCED_BYTES)
        between = 0.0 * weights
        per_byte, latency = net.gather_s_per_byte, net.gather_latency_s
        if sharding == HSDP:
            per_byte, latency = net.shard_s_per_byte, net.shard_latency_s
            between = gradients / net.shard_ranks * net.replica_s_per_byte + net.replica_latency_s
        fixed = (latency + start_expert) * s.layers
        gather = weights * per_byte + WEIGHT_BYTES * expert * net.expert_gather_s_per_byte
        scatter = sent_bytes * (shared * per_byte + expert * net.expert_gather_s_per_byte)
        forward = gather + fixed
        backward = gather + scatter + 2.0 * fixed
        gathered_forward, gathered_backward = forward, backward
        if dp_overlap:
            # The longer hides most of the shorter; a share of the shorter stays exposed.
            exposed = np.maximum(forward - s.forward_s, 0.0) + m.fsdp_exposed * np.minimum(
                forward, s.forward_s
            )
            exposed = exposed + np.maximum(backward - s.backward_s, 0.0)
            exposed = exposed + m.fsdp_exposed * np.minimum(backward, s.backward_s)
            between = np.maximum(between - s.backward_s, m.dp_exposed * between)
        else:
            exposed = forward + backward
        communication = microbatches * exposed + between
        shards = net.data_ranks if sharding == FSDP else net.shard_ranks
    else:
        if sharding == ZERO1:
            start = net.gather_latency_s + start_expert
            reduce = gradients * net.gather_s_per_byte + start
            reduce = reduce + m.gradient_bytes * expert * net.expert_gather_s_per_byte
            gather = weights * net.gather_s_per_byte + start
            gather = gather + WEIGHT_BYTES * expert * net.expert_gather_s_per_byte
            shards = net.data_ranks
        else:
            reduce = gradients * net.reduce_s_per_byte + net.reduce_latency_s + 2.0 * start_expert
            reduce = reduce + m.gradient_bytes * expert * net.expert_reduce_s_per_byte
            gather = 0.0 * reduce
            shards = 1.0 + 0.0 * net.data_ranks
        if dp_overlap:
            # Interleaved, a chunk's gradients are final while the other chunks still work.
            window = np.maximum(1.0, np.minimum(microbatches, pp) * (1.0 - 1.0 / vpp))
            communication = np.maximum(reduce - window * s.backward_s, m.dp_exposed * reduce)
            communication = communication + np.maximum(
                gather - window * s.forward_s, m.dp_exposed * gather
            )
        else:
            communication = reduce + gather
    # Both copies of a tied table get the sum of their gradients: an all-reduce of two.
    together = m.gradient_bytes * s.tied_parameters * net.hop_s_per_byte
    communication = (
        communication + together + 2.0 * net.hop_latency_s * np.minimum(s.tied_parameters, 1.0)
    )
    own = shared / shards + expert / (1.0 if sharding == NO_SHARDING else net.expert_ranks)
    optimizer = OPTIMIZER_PASS_BYTES * own * m.optimizer_traffic * m.hbm_s_per_byte
    offload = 0.0 * optimizer
    if optimizer_offload:
        offload = (m.gradient_bytes + WEIGHT_BYTES + OPTIMIZER_BYTES) * own * m.host_link_s_per_byte
    if activation_offload:
        # The link to the host also carries what full sharding gathers over the network.
        moved = s.layers * layer.activation_bytes * m.host_link_s_per_byte
        out = np.maximum(moved + gathered_forward - s.forward_s, 0.0)
        back = np.maximum(moved + gathered_backward - s.backward_s, 0.0)
        offload = offload + microbatches * (np.minimum(out, moved) + np.minimum(back, moved))
    quiet = (
        pipe.busy_s + pipe.bubble_s + pipe.hop_s + communication + optimizer + offload + m.fixed_s
    )
    jitter = m.jitter * doublings * quiet
    return Step(
        step_s=quiet + jitter,
        busy_s=pipe.busy_s,
        bubble_s=pipe.bubble_s,
        hop_s=pipe.hop_s,
        data_parallel_s=communication,
        optimizer_s=optimizer,
        offload_s=offload,
        fixed_s=m.fixed_s + 0.0 * quiet,
        jitter_s=jitter,
    )


def memory(
    m: Machine,
    layer: Layer,
    ends: Ends,
    s: Stage,
    net: Network,
    pp: float,
    vpp: float,
    schedule: int,
    microbatches: float,
    sharding: int,
    optimizer_offload: int,
    activation_offload: int,
) -> Memory:
    """Memory of the fullest rank.

    Notes
    -----
    The first stage keeps the activations of ``min(m, pp)`` microbatches under 1F1B and ZB-H1, and of
    ``pp + (pp - 1) / v`` under interleaving; the last one those of a single microbatch, and of
    ``((v - 1) pp + 1) / v`` under interleaving, with the logits. Full sharding keeps two layers gathered.
    What the allocator reserves beyond what is used, and what the libraries take, comes on top.

    References
    ----------
    V. Korthikanti et al., arXiv:2205.05198, section 4.2.3; S. Rajbhandari et al., arXiv:1910.02054.
    """
    shared, expert = s.shared_parameters, s.expert_parameters
    if sharding == FSDP:
        split_shared, split_expert = net.data_ranks, net.expert_ranks
    elif sharding == HSDP:
        split_shared, split_expert = net.shard_ranks, net.expert_ranks
    else:
        split_shared, split_expert = 1.0 + 0.0 * net.data_ranks, 1.0 + 0.0 * net.expert_ranks
    held = shared / split_shared + expert / split_expert
    if sharding == NO_SHARDING:
        own = shared + expert
    elif sharding == ZERO1:
        own = shared / net.data_ranks + expert / net.expert_ranks
    else:
        own = held
    gathered = 0.0 * held
    if sharding in (FSDP, HSDP):
        gathered = (
            2.0
            * (shared + expert)
            / np.maximum(s.layers, 1.0)
            * (WEIGHT_BYTES + np.minimum(m.gradient_bytes, REDUCED_BYTES))
        )
    weights = WEIGHT_BYTES * held + gathered
    gradients = m.gradient_bytes * held
    optimizer = 0.0 * own if optimizer_offload else OPTIMIZER_BYTES * own
    at_last = 1.0
    if pp == 1:
        in_flight = 1.0
    elif schedule == INTERLEAVED:
        in_flight = np.minimum(microbatches, pp + (pp - 1.0) / vpp)
        at_last = np.minimum(microbatches, ((vpp - 1.0) * pp + 1.0) / vpp)
    else:
        in_flight = np.minimum(microbatches, pp)
    one = s.layers * layer.activation_bytes
    if activation_offload:
        activations = np.minimum(2.0 * layer.activation_bytes, one) + 0.0 * one
        last = activations + ends.head_bytes
    else:
        activations = one * in_flight
        last = s.last_layers * layer.activation_bytes * at_last + ends.head_bytes
    activations = np.maximum(activations, last) if pp > 1 else activations + ends.head_bytes
    # What the host cannot hold stays on the accelerator: spilled.
    sent = 0.0 * one
    if optimizer_offload:
        sent = sent + OPTIMIZER_BYTES * own
    if activation_offload:
        sent = sent + one * in_flight
    spilled = np.maximum(sent - m.host_bytes, 0.0)
    workspace = layer.workspace_bytes + 0.0 * one
    used = weights + gradients + optimizer + activations + (workspace + spilled)
    reserved = (FRAGMENTATION - 1.0) * used + RESERVED_BYTES
    return Memory(
        total_bytes=used + reserved,
        weights_bytes=weights,
        gradients_bytes=gradients,
        optimizer_bytes=optimizer,
        activations_bytes=activations,
        spilled_bytes=spilled,
        workspace_bytes=workspace,
        reserved_bytes=reserved,
    )
