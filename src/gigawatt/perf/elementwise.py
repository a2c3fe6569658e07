"""Memory traffic between the products: norms, residuals, rotary embedding, gates, casts, scores, scans.

Counted are the bytes that ideally fused kernels would move; a stack moves a constant times as many.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .attention import scores, unaligned_heads
from .machine import Machine, Value
from .operations import BF16, Split, Work, shared_layers
from .shape import Shape

__all__ = ["Elementwise", "elementwise"]

_SCAN_BYTES = 30.0
"""Split, convolution, scan and gated norm of a state-space layer: some 13 touches of 2 bytes, and the
states in single precision, per element of its inner width [B]."""
_ACCUMULATE_BYTES = 8.0
"""A gradient of a weight is added to its sum: read and written in single precision [B]."""


class Elementwise(NamedTuple):
    """Traffic and kernels of all layers on one rank."""

    forward_s: Value
    backward_s: Value
    kernels: Value
    """Elementwise kernels issued forward [1]."""


def elementwise(
    m: Machine, shape: Shape, cut: Split, work: Work, expert_weights: Value
) -> Elementwise:
    """Time of all that is neither product nor message.

    Parameters
    ----------
    m, shape, cut : Machine, Shape, Split
        Accelerator, model, cut.
    work : Work
        The products, for the operands to quantise and the gradients to add up.
    expert_weights : float
        Weights of the experts of one layer on the rank [1].
    """
    attention = shape.full + shape.sliding
    heads, kv = shape.heads / cut.tp, np.maximum(shape.kv_heads / cut.tp, 1.0)
    blocks = attention + shape.mamba + shape.dense + shape.moe
    # A block reads and writes a norm, and adds to the residual stream: five touches of the width.
    residual = blocks / 2.0 * cut.part * 10.0 * shape.hidden * BF16
    rotary = attention * cut.tokens * 2.0 * (heads + kv) * shape.qk_dim * BF16
    inner = (shape.dense * shape.ffn + shared_layers(shape) * shape.shared_ffn) / cut.tp
    gates = cut.tokens * (2.0 + shape.gated) * inner * BF16
    ideal = residual + rotary + gates
    scan = shape.mamba * cut.tokens * _SCAN_BYTES * shape.mamba_inner / cut.tp
    cast = work.elements * m.cast_bytes / 2.0
    loose = unaligned_heads(shape, cut)
    square = m.attention_unfused * attention * scores(shape, cut) * BF16
    forward = m.traffic * ideal + scan + cast + (8.0 + 9.0 * loose) * square
    backward = 2.0 * m.traffic * ideal + 2.0 * scan + cast + (9.0 + 6.0 * loose) * square
    gradients = work.parameters + shape.moe * expert_weights
    backward = backward + m.gradient_traffic * _ACCUMULATE_BYTES * gradients
    kernels = 6.0 * attention + 4.0 * shape.dense + 60.0 * shape.moe + 10.0 * shape.mamba
    kernels = kernels + np.where(np.asarray(m.cast_bytes) > 0, 2.0, 0.0) * work.kernels
    kernels = kernels + (8.0 + 6.0 * loose) * m.attention_unfused * attention
    return Elementwise(
        forward_s=forward * m.hbm_s_per_byte + kernels * m.kernel_s,
        backward_s=backward * m.hbm_s_per_byte + 2.0 * kernels * m.kernel_s,
        kernels=kernels,
    )
