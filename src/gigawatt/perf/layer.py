"""One average layer on one rank: time forward, backward and again, messages, memory.

A model of several kinds of layer is averaged over them by count, since pipeline stages hold whole
multiples of the pattern or near it. Everything here broadcasts: over strategies when a search builds its
table, over rows when measured runs are predicted, over draws.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .activations import FULL, SELECTIVE, activations
from .attention import mixing, scores
from .elementwise import elementwise
from .experts import experts
from .machine import Machine, Value
from .messages import messages
from .operations import BF16, Split, products
from .shape import Shape

__all__ = ["Layer", "Split", "layer"]


class Layer(NamedTuple):
    """An average layer on one rank; times per microbatch."""

    forward_s: Value
    backward_s: Value
    """Gradients of inputs and weights, without recomputation [s]."""
    recompute_s: Value
    """Forward work done again in the backward pass [s]."""
    weight_gradient_s: Value
    """Part of `backward_s` that is gradients of weights, which a zero-bubble schedule can move [s]."""
    gemm_s: Value
    attention_s: Value
    elementwise_s: Value
    expert_s: Value
    """Of one forward and backward pass: grouped products, routing and permutation [s]."""
    tp_s: Value
    """Exposed tensor-parallel messages of one forward and backward pass [s]."""
    cp_s: Value
    ep_s: Value
    host_s: Value
    """What the host adds where it is slower than the accelerator [s]."""
    activation_bytes: Value
    """Kept for the backward pass [B]."""
    workspace_bytes: Value
    """Largest temporary in the layer [B]."""
    boundary_bytes: Value
    """Sent to the next stage [B]."""
    shared_parameters: Value
    """Parameters on a rank that are replicated over all of data and context parallelism [1]."""
    expert_parameters: Value
    """Parameters on a rank that belong to experts [1]."""
    flops: Value
    """Model FLOP of one forward and backward pass on the rank, attention counted causal [FLOP]."""


def layer(m: Machine, shape: Shape, cut: Split) -> Layer:
    """Time, messages and memory of an average layer.

    Parameters
    ----------
    m : Machine
        The accelerator under its precision and stack.
    shape : Shape
        The model.
    cut : Split
        How a layer is cut over ranks and how large a microbatch is.

    Returns
    -------
    Layer
        Per microbatch and layer; fields broadcast over all inputs.

    Notes
    -----
    A pass takes as long as the accelerator works or as the host needs to issue its kernels, whichever is
    longer, and what of its messages is exposed. A backward pass does every product twice, sends what the
    forward pass sent (the exchange of keys and values twice), and issues twice the kernels.
    """
    work = products(m, shape, cut)
    mixed = mixing(m, shape, cut)
    expert = experts(m, shape, cut)
    small = elementwise(m, shape, cut, work, expert.weights)
    sent = messages(m, shape, cut, expert, mixed.core_forward_s)
    memory = activations(m, shape, cut, expert)
    grouped, permute = shape.moe * expert.grouped_s, shape.moe * expert.permute_s

    forward_gpu = work.gemm + mixed.forward_s + grouped + permute + small.forward_s
    backward_gpu = work.gemm_back + mixed.backward_s + 2.0 * grouped + permute + small.backward_s
    attention = shape.full + shape.sliding
    host = m.host_s * (work.kernels + small.kernels + 2.0 * attention + sent.kernels)
    forward = np.maximum(forward_gpu, host)
    backward = np.maximum(backward_gpu, 2.0 * host)
    exposed = sent.tp_s + sent.cp_s + sent.ep_s
    # Selective: scores again where they are stored at all, else norms and gates again.
    square = m.attention_unfused * attention * scores(shape, cut) * BF16
    cheap = np.where(
        np.asarray(m.attention_unfused) > 0,
        mixed.core_forward_s + 8.0 * square * m.hbm_s_per_byte,
        0.5 * (small.forward_s + permute),
    )
    recompute = np.asarray(cut.recompute)
    again = np.where(
        recompute == FULL, forward + exposed, np.where(recompute == SELECTIVE, cheap, 0.0)
    )
    per = 1.0 / shape.layers
    return Layer(
        forward_s=per * (forward + exposed),
        backward_s=per * (backward + exposed + sent.cp_s),
        recompute_s=per * again,
        weight_gradient_s=per * (work.weight + grouped),
        gemm_s=per * (work.gemm + work.gemm_back),
        attention_s=per * (mixed.forward_s + mixed.backward_s),
        elementwise_s=per * (small.forward_s + small.backward_s),
        expert_s=per * (3.0 * grouped + 2.0 * permute),
        tp_s=per * 2.0 * sent.tp_s,
        cp_s=per * 3.0 * sent.cp_s,
        ep_s=per * 2.0 * sent.ep_s,
        host_s=per * (forward - forward_gpu + backward - backward_gpu),
        activation_bytes=per * memory.kept_bytes,
        workspace_bytes=memory.workspace_bytes,
        # Each tensor-parallel rank sends its share; the receivers gather it in their own domain.
        boundary_bytes=cut.tokens / cut.tp * shape.hidden * BF16,
        shared_parameters=per * (work.parameters + 2.0 * attention * shape.hidden),
        expert_parameters=per * shape.moe * expert.weights,
        flops=per * (work.flops + mixed.flops + 3.0 * shape.moe * expert.flops),
    )
