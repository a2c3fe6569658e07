"""Time of one forward pass of a served model on one replica, prompts and decoding alike.

A pass works on new tokens; those that decode also read the cache of what came before. Each matrix product
takes the longer of its weights' way from memory and its multiplications, smoothly joined, and each kernel
a fixed time. Everything broadcasts.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gigawatt.perf.machine import Value
from gigawatt.perf.shape import Shape

from .engine import Engine
from .layout import Layout

__all__ = ["Batch", "Pass", "busiest_copy", "forward", "touched_experts"]

BF16 = 2.0
STATE_BYTES = 4.0
"""Bytes of a number of a state-space layer's state [B]."""


class Batch(NamedTuple):
    """What a replica does in one pass, per pipeline stage: sequences that decode, and prompts."""

    decoding: Value = 0.0
    """Sequences that decode [1]."""
    context: Value = 0.0
    """Cached tokens that each of them reads [token]."""
    checked: Value = 1.0
    """New tokens of each of them: more than one where drafted ones are checked [token]."""
    prompts: Value = 0.0
    """Prompts that are read [1]."""
    length: Value = 0.0
    """New tokens of each prompt [token]."""
    reused: Value = 0.0
    """Tokens before them whose cache is there already [token]."""

    @property
    def tokens(self) -> Value:
        """New tokens [token]."""
        return self.decoding * self.checked + self.prompts * self.length

    @property
    def sequences(self) -> Value:
        """Sequences, each of which yields a token or more [1]."""
        return self.decoding + self.prompts

    def busiest(self, copies: Value) -> Batch:
        """What the busiest of some copies of attention has of it: whole sequences and whole prompts."""
        return self._replace(
            decoding=busiest_copy(self.decoding, copies), prompts=busiest_copy(self.prompts, copies)
        )


def busiest_copy(sequences: Value, copies: Value) -> Value:
    """Sequences of the busiest of some copies that share them evenly [1].

    A whole number goes to ``ceil(sequences / copies)``; a mean load between two whole numbers lies as far
    between what these give.

    Examples
    --------
    >>> [float(busiest_copy(n, 8.0)) for n in (0.5, 1.0, 8.0, 8.25, 9.0, 16.0)]
    [0.5, 1.0, 1.0, 1.25, 2.0, 2.0]
    >>> float(busiest_copy(2.5, 1.0))
    2.5
    """
    whole = np.floor(sequences)
    return np.ceil(whole / copies) + (sequences - whole) * (np.mod(whole, copies) == 0.0)


class Pass(NamedTuple):
    """Time of a pass over all layers, by part."""

    products_s: Value
    """Matrix products outside experts, and the output head [s]."""
    attention_s: Value
    """Attention cores: the cache read, or the pairs of prompts [s]."""
    experts_s: Value
    """Grouped products of experts [s]."""
    messages_s: Value
    """Between ranks [s]."""
    kernels_s: Value
    """Fixed times of kernels, and elementwise traffic [s]."""
    host_s: Value
    """What the accelerator waits for the host [s]."""
    wait_s: Value
    """What copies of attention wait for the busiest of them [s]."""

    @property
    def total_s(self) -> Value:
        """All of it [s]."""
        return (
            self.products_s
            + self.attention_s
            + self.experts_s
            + self.messages_s
            + self.kernels_s
            + self.host_s
            + self.wait_s
        )


def touched_experts(experts: Value, top_k: Value, tokens: Value) -> Value:
    """Experts that a batch touches when tokens choose independently: E (1 − (1 − k/E)^T) [1].

    Examples
    --------
    >>> float(round(touched_experts(256.0, 8.0, 1.0), 6)), float(round(touched_experts(256.0, 8.0, 64.0)))
    (8.0, 222.0)
    """
    share = np.minimum(top_k / np.maximum(experts, 1.0), 1.0 - 1e-12)
    return experts * -np.expm1(tokens * np.log1p(-share))


def forward(e: Engine, shape: Shape, cut: Layout, batch: Batch) -> Pass:
    """Time of one pass over all layers.

    Parameters
    ----------
    e : Engine
        Accelerator, formats and runtime.
    shape : Shape
        The model.
    cut : Layout
        How it is cut.
    batch : Batch
        New tokens, and what they look back at.

    Returns
    -------
    Pass
        Fields broadcast over all inputs. Pipeline stages follow one another, so that a pass goes through
        all layers; what several microbatches in flight gain is `modes`' business.
    """
    own = batch.busiest(cut.dp)
    """What the busiest copy of attention works on."""
    attention = shape.full + shape.sliding
    products = attention * _projections(e, shape, cut, own.tokens)
    products = products + shape.dense * _feed_forward(e, shape.hidden, shape.ffn, shape.gated,
                                                      batch.tokens, cut.stage)  # fmt: skip
    # Shared experts: where attention is repeated, each rank does its own tokens with whole weights.
    shared = np.where(shape.shared_ffn > 0, shape.moe, 0.0)
    products = products + shared * _feed_forward(
        e, shape.hidden, shape.shared_ffn, shape.gated, own.tokens, cut.tp
    )
    products = products + shape.mamba * _state_space(e, shape, cut, own.tokens)
    products = products + _head(e, shape, cut, own.decoding * own.checked + own.prompts)
    rows = own.tokens * shape.hidden
    elementwise = shape.layers * 16.0 * rows * e.stream_s_per_byte
    kernels = (
        (attention + shape.mamba) * e.attention_kernels_s
        + shape.dense * e.dense_kernels_s
        + shape.moe * e.expert_kernels_s
    )
    parts = Pass(
        products_s=products,
        attention_s=_cores(e, shape, cut, own),
        experts_s=shape.moe * _experts(e, shape, cut, batch.tokens),
        messages_s=_messages(e, shape, cut, batch.tokens, own.tokens),
        kernels_s=kernels + elementwise,
        host_s=e.pass_s + e.sequence_s * own.sequences,
        wait_s=0.0,
    )
    return parts._replace(wait_s=e.lockstep * (1.0 - 1.0 / cut.dp) * parts.total_s)


def _product(
    e: Engine, rows: Value, out: Value, inner: Value, s_per_flop: Value, weight_bytes: Value
) -> Value:
    """One matrix product: weights or multiplications, and the traffic of its operands [s]."""
    multiply = 2.0 * rows * out * inner * s_per_flop
    read = out * inner * weight_bytes * e.weight_s_per_byte
    traffic = rows * out * e.feed_s_per_mn + rows * inner * e.feed_s_per_mk
    return np.hypot(multiply, read) + traffic


def _projections(e: Engine, shape: Shape, cut: Layout, tokens: Value) -> Value:
    """Projections of one attention block, grouped-query or latent."""

    def product(out: Value, inner: Value) -> Value:
        return _product(e, tokens, out, inner, e.projection_s_per_flop, e.projection_bytes)

    heads = shape.heads / cut.tp
    kv = np.maximum(shape.kv_heads / cut.tp, 1.0)
    plain = product((heads + 2.0 * kv) * shape.qk_dim, shape.hidden)
    plain = plain + product(shape.hidden, heads * shape.v_dim)
    if not np.any(shape.latent):
        return plain
    nope = shape.qk_dim - shape.rope_dim
    inner = np.where(shape.q_rank > 0, shape.q_rank, shape.hidden)
    latent = product(shape.q_rank + shape.kv_rank + shape.rope_dim, shape.hidden)
    latent = latent + product(heads * shape.qk_dim, inner)
    latent = latent + product(heads * (nope + shape.v_dim), shape.kv_rank)
    latent = latent + product(shape.hidden, heads * shape.v_dim)
    return np.where(shape.latent > 0, latent, plain)


def _feed_forward(
    e: Engine, hidden: Value, width: Value, gated: Value, tokens: Value, ranks: Value
) -> Value:
    """A feed-forward block of inner width `width`, cut over ranks; nothing where the width is 0."""
    part = width / ranks
    up = _product(e, tokens, (1.0 + gated) * part, hidden, e.feed_s_per_flop, e.feed_bytes)
    down = _product(e, tokens, hidden, part, e.feed_s_per_flop, e.feed_bytes)
    return np.where(np.asarray(width) > 0, up + down, 0.0)


def _state_space(e: Engine, shape: Shape, cut: Layout, tokens: Value) -> Value:
    """Projections of a Mamba-2 block: z, x, B, C and dt in one product, and the output."""
    inner = shape.mamba_inner
    wide = 2.0 * inner + 2.0 * shape.mamba_groups * shape.mamba_state + shape.mamba_heads
    into = _product(
        e, tokens, wide / cut.tp, shape.hidden, e.projection_s_per_flop, e.projection_bytes
    )
    out = _product(
        e, tokens, shape.hidden, inner / cut.tp, e.projection_s_per_flop, e.projection_bytes
    )
    return into + out


def _head(e: Engine, shape: Shape, cut: Layout, rows: Value) -> Value:
    return _product(e, rows, shape.vocab / cut.tp, shape.hidden, e.head_s_per_flop, BF16)


def _experts(e: Engine, shape: Shape, cut: Layout, tokens: Value) -> Value:
    """Grouped products of one expert layer on the busiest rank.

    Random routing gives ranks unequal numbers of experts and rows: the busiest of n has about
    ``mean + sqrt(2 ln n · mean)``, bounded by what there is.
    """
    experts = np.maximum(shape.experts, 1.0)
    local = experts / cut.ep
    spread = e.skew * np.sqrt(2.0 * np.log(np.maximum(cut.ep, 1.0)))
    mean = touched_experts(shape.experts, shape.top_k, tokens) / cut.ep
    left = np.maximum(1.0 - mean / local, 0.0)
    touched = np.minimum(mean + spread * np.sqrt(mean * left), local)
    rows = tokens * shape.top_k / cut.ep
    rows = np.minimum(rows + spread * np.sqrt(rows), tokens * np.minimum(shape.top_k, local))
    weights = (2.0 + shape.gated) * shape.expert_width * shape.expert_ffn / cut.width
    read = touched * weights * e.expert_bytes * e.expert_weight_s_per_byte
    multiply = 2.0 * rows * weights * e.expert_s_per_flop
    moved = rows * shape.expert_width * e.expert_s_per_token_element
    return np.hypot(read, multiply) + moved


def _cores(e: Engine, shape: Shape, cut: Layout, own: Batch) -> Value:
    """Attention cores of all layers: decoding reads the cache, prompts multiply their pairs."""
    heads = shape.heads / cut.tp
    kv = np.maximum(shape.kv_heads / cut.tp, 1.0)
    window = np.maximum(shape.window, 1.0)
    near = np.minimum(own.context, window)
    tokens = own.decoding * (shape.full * own.context + shape.sliding * near)
    latent = np.asarray(shape.latent) > 0
    elements = np.where(latent, shape.kv_rank + shape.rope_dim, 2.0 * kv * shape.qk_dim)
    read = tokens * elements * e.cache_bytes * e.cache_s_per_byte
    per_token = np.where(
        latent, 2.0 * (2.0 * shape.kv_rank + shape.rope_dim), 2.0 * (shape.qk_dim + shape.v_dim)
    )
    multiply = own.checked * tokens * heads * per_token * e.decode_s_per_flop
    pairs = own.length * (own.length / 2.0 + own.reused)
    near_pairs = np.minimum(pairs, own.length * window)
    pairs = own.prompts * (shape.full * pairs + shape.sliding * near_pairs)
    prompts = 2.0 * heads * (shape.qk_dim + shape.v_dim) * pairs * e.prompt_s_per_flop
    # A state-space layer reads and writes one state of 4-byte numbers for each sequence.
    state = STATE_BYTES * shape.mamba_inner * shape.mamba_state / cut.tp
    states = shape.mamba * 2.0 * own.sequences * state * e.cache_s_per_byte
    return np.hypot(read, multiply) + prompts + states


def _messages(e: Engine, shape: Shape, cut: Layout, tokens: Value, own: Value) -> Value:
    """All-reduces of attention, state-space and feed-forward blocks, exchanges of experts, hops.

    `own` are the tokens of the busiest copy of attention, which also sends most in an exchange.
    """
    mixers = shape.full + shape.sliding + shape.mamba
    summed = _all_reduce(e, own * shape.hidden * BF16, cut.tp, cut.tp)
    stage = cut.stage
    whole = _all_reduce(e, tokens * shape.hidden * BF16, stage, stage)
    repeated = np.asarray(cut.dp) > 1
    # Dispatch in 8 bits, combine in 16; outside of a domain a token is sent once to each domain.
    rows = own / cut.tp * shape.hidden * (1.0 + BF16)
    domains = np.maximum(stage / e.domain, 1.0)
    far = domains * (1.0 - (1.0 - 1.0 / domains) ** shape.top_k) * (1.0 - 1.0 / domains)
    near = rows * np.minimum(shape.top_k, stage) * e.up_s_per_byte
    start = np.where(stage <= e.domain, e.flagged_s + e.flagged_rank_s * (stage - 1.0), e.far_s)
    exchange = 2.0 * start + np.maximum(near, rows * far * e.out_s_per_byte * e.far_exposed)
    hops = (cut.pp - 1.0) * (e.far_s + own * shape.hidden * BF16 * e.up_s_per_byte)
    return (
        mixers * np.where(np.asarray(shape.parallel) > 0, 0.0, summed)
        + shape.moe * np.where(repeated, exchange, whole)
        + shape.dense * whole
        + hops
    )


def _all_reduce(e: Engine, size: Value, ranks: Value, span: Value) -> Value:
    """All-reduce of a small message: a start, and bytes once or twice over the links [s].

    Where flags travel with the data, it starts sooner and moves twice the bytes; the faster way is taken.
    """
    inside = np.asarray(span) <= e.domain
    start = np.where(inside, e.reduce_s + e.reduce_rank_s * (ranks - 1.0), e.far_s)
    flagged = np.where(inside, e.flagged_s + e.flagged_rank_s * (ranks - 1.0), e.far_s)
    link = np.where(inside, e.up_s_per_byte, np.maximum(e.up_s_per_byte, e.out_s_per_byte))
    moved = np.maximum(2.0 * (ranks - 1.0) / ranks, 1.0) * size * link
    return np.where(np.asarray(ranks) > 1, np.minimum(start + moved, flagged + 2.0 * moved), 0.0)
