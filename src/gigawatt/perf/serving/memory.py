"""Memory of a served model: weights on an accelerator, cache of a sequence, sequences that fit."""

from __future__ import annotations

import numpy as np

from gigawatt.perf.machine import Value
from gigawatt.perf.shape import Shape

from .engine import Engine
from .layout import Layout
from .passes import STATE_BYTES

__all__ = ["cache_bytes", "most_sequences", "weight_bytes"]

BF16 = 2.0


def weight_bytes(e: Engine, shape: Shape, cut: Layout) -> Value:
    """Weights on the fullest accelerator [B]."""
    hidden, heads = shape.hidden, shape.heads / cut.tp
    kv = np.maximum(shape.kv_heads / cut.tp, 1.0)
    plain = (heads + 2.0 * kv) * shape.qk_dim * hidden + hidden * heads * shape.v_dim
    nope = shape.qk_dim - shape.rope_dim
    inner = np.where(shape.q_rank > 0, shape.q_rank, hidden)
    latent = (
        hidden * (shape.q_rank + shape.kv_rank + shape.rope_dim)
        + inner * heads * shape.qk_dim
        + shape.kv_rank * heads * (nope + shape.v_dim)
        + hidden * heads * shape.v_dim
    )
    wide = 3.0 * shape.mamba_inner + 2.0 * shape.mamba_groups * shape.mamba_state
    mamba = shape.mamba * (wide + shape.mamba_heads) * hidden / cut.tp
    matrices = 2.0 + shape.gated
    attention = (shape.full + shape.sliding) * np.where(np.asarray(shape.latent) > 0, latent, plain)
    dense = shape.dense * matrices * hidden * shape.ffn / cut.stage
    shared = np.where(shape.shared_ffn > 0, shape.moe, 0.0)
    dense = dense + shared * matrices * hidden * shape.shared_ffn / cut.tp
    expert = shape.moe * matrices * shape.expert_width * shape.expert_ffn * shape.experts
    # Of several stages the first has the input table and the last the output head.
    both = (np.asarray(shape.tied) <= 0) & (np.asarray(cut.pp) <= 1)
    tables = np.where(both, 2.0, 1.0) * shape.vocab * hidden * BF16 / cut.tp
    layers = (
        (attention + mamba) * e.projection_bytes
        + dense * e.feed_bytes
        + expert / cut.stage * e.expert_bytes
    )
    return layers * _fullest(shape, cut) + tables


def _fullest(shape: Shape, cut: Layout) -> Value:
    """Share of the layers that the fullest pipeline stage has [1]."""
    return np.ceil(shape.layers / cut.pp) / shape.layers


def cache_bytes(e: Engine, shape: Shape, cut: Layout, context: Value) -> Value:
    """Cache of one sequence on each accelerator that holds it [B].

    Parameters
    ----------
    e, shape, cut : Engine, Shape, Layout
        Format of the cache; layers; ranks that share it.
    context : float
        Tokens of the sequence, prompt and answer so far [token].
    """
    kv = np.maximum(shape.kv_heads / cut.tp, 1.0)
    latent = np.asarray(shape.latent) > 0
    elements = np.where(latent, shape.kv_rank + shape.rope_dim, 2.0 * kv * shape.qk_dim)
    near = np.minimum(context, np.maximum(shape.window, 1.0))
    tokens = shape.full * context + shape.sliding * near
    state = shape.mamba * shape.mamba_inner * shape.mamba_state / cut.tp * STATE_BYTES
    return (tokens * elements * e.cache_bytes + state) * _fullest(shape, cut)


def most_sequences(e: Engine, shape: Shape, cut: Layout, context: Value) -> Value:
    """Sequences of a context that a replica holds at once [1].

    Every copy of attention holds whole ones; 0 where the weights do not fit, or a copy holds not one.
    """
    free = e.usable * (e.hbm_bytes - e.reserved_bytes - weight_bytes(e, shape, cut))
    each = np.maximum(free, 0.0) / cache_bytes(e, shape, cut, context)
    return np.floor(each * (1.0 + 1e-12)) * cut.dp
