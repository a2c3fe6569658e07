"""Matrix products of a layer, forward and backward: projections, feed-forward blocks, routers.

A product's time is a launch, its multiplications at the sustained rate, and the traffic of output and
operands: `gemm`. A linear map is one product forward and two backward. Attention cores, scans, grouped
products of experts and elementwise work are elsewhere.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .machine import Machine, Value
from .shape import Shape

__all__ = ["BF16", "Split", "Work", "gemm", "linear", "products", "shared_layers"]

BF16 = 2.0
"""Bytes of an element that is kept in bf16 [B]."""


class Split(NamedTuple):
    """How one layer is cut: what its time depends on, and nothing else."""

    microbatch: Value
    """Sequences in a microbatch [1]."""
    sequence: Value
    """Tokens in a sequence [token]."""
    tp: Value
    sequence_parallel: Value
    """1 where norms and residuals are split over the tensor-parallel ranks [1]."""
    cp: Value
    ep: Value
    etp: Value
    """Ranks over which one expert is cut [1]."""
    recompute: Value
    """0 none, 1 selective (attention scores, activations of norms and gates), 2 full [1]."""
    tp_overlap: Value
    """1 where tensor-parallel messages overlap computation, as far as the stack can [1]."""
    imbalance: Value = 1.0
    """Tokens of the busiest expert rank over the mean [1]."""

    @property
    def tokens(self) -> Value:
        """Tokens of a microbatch on a context-parallel rank [token]."""
        return self.microbatch * self.sequence / self.cp

    @property
    def part(self) -> Value:
        """Tokens whose norms and residuals a rank works on [token]."""
        return self.tokens / np.where(np.asarray(self.sequence_parallel) > 0, self.tp, 1.0)


class Work(NamedTuple):
    """Matrix products of one layer, or of many."""

    gemm: Value = 0.0
    """Forward [s]."""
    gemm_back: Value = 0.0
    """Gradients of inputs and of weights [s]."""
    weight: Value = 0.0
    """Of these, gradients of weights [s]."""
    flops: Value = 0.0
    """Forward and backward [FLOP]."""
    kernels: Value = 0.0
    """Products issued forward [1]."""
    elements: Value = 0.0
    """Elements of operands that a narrow precision must quantise, both passes [1]."""
    parameters: Value = 0.0
    """Weights on the rank [1]."""

    def add(self, other: Work, count: Value = 1.0) -> Work:
        """This and `count` times the other."""
        return Work(*(a + count * b for a, b in zip(self, other, strict=True)))


def gemm(m: Machine, rows: Value, columns: Value, inner: Value, half: bool = False) -> Value:
    """Time of one matrix product (rows × inner) · (inner × columns) [s].

    Parameters
    ----------
    m : Machine
        Constants of the surface.
    rows, columns, inner : int
        Sizes: tokens, output width, input width.
    half : bool
        In bf16 whatever the training precision.

    Notes
    -----
    ``t0 + 2 m n k / P + a m n + b m k + c n k``: a launch, the multiplications at the sustained rate,
    and the traffic of output and operands, which is what makes small and narrow products slow.
    """
    if half:
        return (
            m.half_launch_s
            + 2.0 * rows * columns * inner * m.half_s_per_flop
            + rows * columns * m.half_s_per_mn
            + rows * inner * m.half_s_per_mk
            + columns * inner * m.half_s_per_nk
        )
    return (
        m.gemm_launch_s
        + 2.0 * rows * columns * inner * m.gemm_s_per_flop
        + rows * columns * m.gemm_s_per_mn
        + rows * inner * m.gemm_s_per_mk
        + columns * inner * m.gemm_s_per_nk
    )


def linear(m: Machine, tokens: Value, out: Value, inner: Value, half: bool = False) -> Work:
    """A linear map forward, and its two products backward; nothing where a width is 0."""
    exists = np.where(out * inner > 0, 1.0, 0.0)
    weight = gemm(m, out, inner, tokens, half)
    return Work(
        gemm=exists * gemm(m, tokens, out, inner, half),
        gemm_back=exists * (gemm(m, tokens, inner, out, half) + weight),
        weight=exists * weight,
        flops=6.0 * tokens * out * inner,
        kernels=exists,
        elements=0.0 if half else tokens * inner + tokens * out,
        parameters=out * inner,
    )


def shared_layers(shape: Shape) -> Value:
    """Layers with shared experts [1]."""
    return np.where(shape.shared_ffn > 0, shape.moe, 0.0)


def products(m: Machine, shape: Shape, cut: Split) -> Work:
    """All matrix products of all layers on one rank, experts' own aside."""
    tokens, part, tp = cut.tokens, cut.part, cut.tp
    work = Work().add(_attention(m, shape, cut), shape.full + shape.sliding)
    work = work.add(_feed_forward(m, shape, shape.ffn, tp, tokens), shape.dense)
    work = work.add(_feed_forward(m, shape, shape.shared_ffn, tp, tokens), shared_layers(shape))
    work = work.add(linear(m, part, shape.experts, shape.hidden, half=True), shape.moe)
    latent = np.where(shape.expert_width < shape.hidden, shape.moe, 0.0)
    work = work.add(linear(m, part, shape.expert_width, shape.hidden), 2.0 * latent)
    return work.add(_mamba(m, shape, tp, tokens), shape.mamba)


def _attention(m: Machine, shape: Shape, cut: Split) -> Work:
    """Projections of one attention block, grouped-query or latent."""
    tokens, hidden = cut.tokens, shape.hidden
    heads = shape.heads / cut.tp
    kv = np.maximum(shape.kv_heads / cut.tp, 1.0)
    plain = linear(m, tokens, (heads + 2.0 * kv) * shape.qk_dim, hidden)
    plain = plain.add(linear(m, tokens, hidden, heads * shape.v_dim))
    if not np.any(shape.latent):
        return plain
    nope = shape.qk_dim - shape.rope_dim
    compressed = np.where(shape.q_rank > 0, shape.q_rank, 0.0)
    latent = linear(m, tokens, compressed, hidden)
    latent = latent.add(
        linear(m, tokens, heads * shape.qk_dim, np.where(compressed > 0, compressed, hidden))
    )
    latent = latent.add(linear(m, tokens, shape.kv_rank + shape.rope_dim, hidden))
    latent = latent.add(linear(m, tokens, heads * (nope + shape.v_dim), shape.kv_rank))
    latent = latent.add(linear(m, tokens, hidden, heads * shape.v_dim))
    return Work(*(np.where(shape.latent > 0, b, a) for a, b in zip(plain, latent, strict=True)))


def _feed_forward(m: Machine, shape: Shape, width: Value, tp: Value, tokens: Value) -> Work:
    """A dense feed-forward block, or the shared experts, of inner width `width`."""
    up = linear(m, tokens, (1.0 + shape.gated) * width / tp, shape.hidden)
    return up.add(linear(m, tokens, shape.hidden, width / tp))


def _mamba(m: Machine, shape: Shape, tp: Value, tokens: Value) -> Work:
    """Projections of a Mamba-2 block: z, x, B, C and dt in one product, and the output."""
    wide = (
        2.0 * shape.mamba_inner + 2.0 * shape.mamba_groups * shape.mamba_state + shape.mamba_heads
    )
    into = linear(m, tokens, wide / tp, shape.hidden)
    return into.add(linear(m, tokens, shape.hidden, shape.mamba_inner / tp))
