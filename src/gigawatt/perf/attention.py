"""What mixes tokens: the attention core, and the scan of state-space layers.

Causal attention of T tokens costs ``2 (d_qk + d_v) H T s/2`` FLOP forward. Fused kernels do that much and
the diagonal tiles whole; before fused attention the whole square was computed and written to memory.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .machine import Machine, Value
from .operations import Split
from .shape import Shape

__all__ = ["Mixing", "attended", "mixing", "scores", "unaligned_heads"]

_TILE = 128.0
"""Queries of a tile of fused attention, and tokens of a chunk of the scan [token]."""
_LEAVES_TENSOR_CORES = 8.0
"""How much slower 16-bit products are whose inner size is no multiple of 8 [1]: 312 over 39 TFLOP/s
for bf16 on A100 (datasheet)."""


class Mixing(NamedTuple):
    """Attention cores and scans of all layers on one rank."""

    forward_s: Value
    backward_s: Value
    core_forward_s: Value
    """Of the forward time, the attention cores alone [s]."""
    flops: Value
    """Model FLOP forward and backward, attention counted causal [FLOP]."""


def mixing(m: Machine, shape: Shape, cut: Split) -> Mixing:
    """Time of all attention cores and scans."""
    forward, backward, causal = _core(m, shape, cut)
    scan_flops = _scan_flops(shape, cut)
    scan = shape.mamba * scan_flops * m.scan_s_per_flop
    return Mixing(
        forward_s=forward + scan,
        backward_s=backward + 2.5 * scan,
        core_forward_s=forward,
        flops=3.0 * causal + 3.0 * shape.mamba * scan_flops,
    )


def _core(m: Machine, shape: Shape, cut: Split) -> tuple[Value, Value, Value]:
    """Cores of full and sliding layers: forward [s], backward [s], causal FLOP forward."""
    per_token = 2.0 * (shape.qk_dim + shape.v_dim) * shape.heads / cut.tp * cut.tokens
    causal = per_token * attended(shape, cut.sequence)
    unfused = m.attention_unfused
    ragged = np.where(np.asarray(shape.qk_dim) % 8.0 > 0, _LEAVES_TENSOR_CORES - 1.0, 0.0)
    square = (1.0 + unfused) * (1.0 + unfused * ragged)
    diagonal = 1.0 + (1.0 - unfused) * _TILE / (_TILE + cut.sequence)
    seconds = causal * square * diagonal * m.attention_s_per_flop
    launch = (shape.full + shape.sliding) * m.gemm_launch_s * (2.0 + 2.0 * unfused)
    return seconds + launch, seconds * m.attention_backward + launch, causal


def attended(shape: Shape, sequence: Value) -> Value:
    """Tokens that one token attends to, on average over a sequence and summed over layers [token].

    Half of the sequence under a causal mask; under a window of w tokens ``w - w^2 / 2 s``, for the first
    w tokens see less than the whole window.
    """
    window = np.minimum(np.maximum(shape.window, 1.0), sequence)
    return shape.full * sequence / 2.0 + shape.sliding * window * (1.0 - window / (2.0 * sequence))


def _scan_flops(shape: Shape, cut: Split) -> Value:
    """FLOP of one state-space layer forward, in chunks of 128 tokens.

    References
    ----------
    T. Dao and A. Gu, Transformers are SSMs, arXiv:2405.21060, section 6.
    """
    inner = shape.mamba_inner / cut.tp
    within = 2.0 * cut.tokens * inner * (_TILE / 2.0 + 2.0 * shape.mamba_state)
    return within + cut.tokens * _TILE * shape.mamba_groups * shape.mamba_state / cut.tp


def scores(shape: Shape, cut: Split) -> Value:
    """Elements of the score matrices of one layer on one rank [1]."""
    square = cut.microbatch * cut.sequence * cut.sequence / cut.cp
    return square * shape.heads / cut.tp


def unaligned_heads(shape: Shape, cut: Split) -> Value:
    """1 where Megatron's fused softmax, which takes batches of four heads, cannot be used [1]."""
    return np.where((cut.microbatch * shape.heads / cut.tp) % 4.0 > 0, 1.0, 0.0)
