"""What a layer keeps for its backward pass, and its largest temporary.

References
----------
V. Korthikanti et al., Reducing Activation Recomputation in Large Transformer Models, arXiv:2205.05198,
section 4. Its 34 s b h + 5 a s^2 b bytes hold two dropout masks of s b h bytes; without dropout, as models
are trained now, the count here comes to 32 s b h for the same layer.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .attention import scores
from .experts import Experts
from .machine import Machine, Value
from .operations import BF16, Split, shared_layers
from .shape import Shape

__all__ = ["FULL", "NONE", "SELECTIVE", "Activations", "activations"]

NONE, SELECTIVE, FULL = 0, 1, 2
"""Recomputation."""


class Activations(NamedTuple):
    """Memory of all layers on one rank, of one microbatch."""

    kept_bytes: Value
    """Kept for the backward pass [B]."""
    workspace_bytes: Value
    """Largest temporary of one layer [B]."""


def activations(m: Machine, shape: Shape, cut: Split, expert: Experts) -> Activations:
    """Memory between forward and backward pass.

    Notes
    -----
    Kept are the inputs of norms and of products, queries, keys, values and the statistics of attention,
    gates, and what experts received; narrow precisions keep operands in one byte. Selective
    recomputation drops the scores where there are any, else norms' outputs and gated products; full
    recomputation keeps a layer's input alone, and one layer's activations while it is done again.
    """
    attention = shape.full + shape.sliding
    tokens, part, hidden = cut.tokens, cut.part, shape.hidden
    heads, kv = shape.heads / cut.tp, np.maximum(shape.kv_heads / cut.tp, 1.0)
    operand = np.where(np.asarray(m.cast_bytes) > 0, 1.0, BF16)
    inner = (shape.dense * shape.ffn + shared_layers(shape) * shape.shared_ffn) / cut.tp
    kept = attention * (
        part * hidden * 2.0 * BF16
        + tokens * (heads + 2.0 * kv) * shape.qk_dim * BF16
        + tokens * heads * (shape.v_dim * BF16 + 4.0)
    )
    kept = kept + (shape.dense + shape.mamba + shape.moe) * part * hidden * 2.0 * BF16
    kept = kept + tokens * inner * ((1.0 + shape.gated) * BF16 + operand)
    kept = kept + shape.mamba * tokens * 5.0 * shape.mamba_inner / cut.tp * BF16
    received = shape.expert_width * operand + expert.width * ((1.0 + shape.gated) * BF16 + operand)
    kept = kept + shape.moe * expert.routed * received
    square = m.attention_unfused * attention * 5.0 * scores(shape, cut)
    blocks = shape.dense + shape.moe + attention + shape.mamba
    droppable = (
        0.5 * blocks * part * hidden * BF16
        + tokens * inner * operand
        + shape.moe * expert.routed * expert.width * operand
    )
    light = kept - np.where(np.asarray(m.attention_unfused) > 0, 0.0, droppable)
    recompute = np.asarray(cut.recompute)
    inputs = shape.layers * part * hidden * BF16
    held = np.where(
        recompute == FULL, inputs, np.where(recompute == SELECTIVE, light, kept + square)
    )
    widest = np.maximum(shape.ffn, shape.shared_ffn)
    temporary = np.maximum(
        tokens * (2.0 + shape.gated) * widest / cut.tp * BF16,
        np.where(shape.moe > 0, 3.0 * expert.entering * BF16, 0.0),
    )
    again = np.where(recompute == FULL, (kept + square) / shape.layers, 0.0)
    return Activations(held, temporary + again)
