"""A model's shape as flat numbers, ready for array arithmetic.

A `Shape` says how many layers of each kind a model has and how wide they are. It is made once from a
catalog `Architecture`; several shapes stack into one whose fields are arrays, so that measured runs of
different models are predicted in one pass.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from gigawatt.catalog.records import Architecture

from .machine import Value

__all__ = ["Shape", "shape_of", "stack"]


class Shape(NamedTuple):
    """Counts and widths of a model; each a number or an array over models."""

    hidden: Value
    vocab: Value
    layers: Value
    """Layers that pipeline stages are cut from [1]."""
    full: Value
    """Layers with attention over the whole context [1]."""
    sliding: Value
    """Layers with attention over a window [1]."""
    window: Value
    """Tokens of that window [token]."""
    heads: Value
    kv_heads: Value
    qk_dim: Value
    """Width of a query and key head [1]."""
    v_dim: Value
    latent: Value
    """1 for multi-head latent attention, 0 otherwise [1]."""
    q_rank: Value
    kv_rank: Value
    rope_dim: Value
    dense: Value
    """Layers with a dense feed-forward block [1]."""
    ffn: Value
    gated: Value
    """1 where the feed-forward blocks have a gate [1]."""
    parallel: Value
    """1 where attention and feed-forward block are added up together, with one all-reduce, else 0 [1]."""
    moe: Value
    """Layers with experts [1]."""
    experts: Value
    top_k: Value
    expert_ffn: Value
    expert_width: Value
    """Width that experts see: hidden, or the latent width of a latent MoE [1]."""
    shared_ffn: Value
    """Inner width of the shared experts together [1]."""
    mamba: Value
    """State-space layers [1]."""
    mamba_inner: Value
    """Heads × head width of a state-space layer [1]."""
    mamba_heads: Value
    mamba_groups: Value
    mamba_state: Value
    predictions: Value
    """Layers that predict tokens beyond the next, each with its own pass through the head [1]."""
    tied: Value
    """1 where the output head is the input table [1]."""


def shape_of(a: Architecture) -> Shape:
    """Flatten a catalog architecture.

    Examples
    --------
    >>> from gigawatt.catalog import Catalog
    >>> shape = shape_of(Catalog().model("gpt-oss-120b").architecture)
    >>> shape.full, shape.sliding, shape.moe, shape.dense
    (18.0, 18.0, 36.0, 0.0)
    """
    if a.hybrid:
        attention = float(a.attention_layers)
        moe = float(a.moe_layers)
        dense = float(a.mlp_layers)
    else:
        attention = float(a.layers)
        dense = float(a.dense_layers if a.experts else a.layers)
        moe = float(a.layers) - dense if a.experts else 0.0
    sliding = float(a.layers // a.sliding_every) if a.sliding_window else 0.0
    latent = float(a.kv_lora_rank > 0)
    shared_width = a.ffn_shared or a.ffn_expert
    return Shape(
        hidden=float(a.hidden),
        vocab=float(a.vocab),
        layers=float(a.layers),
        full=attention - sliding,
        sliding=sliding,
        window=float(a.sliding_window),
        heads=float(a.heads),
        kv_heads=float(a.kv_heads),
        qk_dim=float(a.qk_nope_dim + a.qk_rope_dim if latent else a.head_dim),
        v_dim=float(a.v_head_dim if latent else a.head_dim),
        latent=latent,
        q_rank=float(a.q_lora_rank),
        kv_rank=float(a.kv_lora_rank),
        rope_dim=float(a.qk_rope_dim),
        dense=dense,
        ffn=float(a.ffn),
        gated=float(a.gated_ffn),
        parallel=float(a.parallel_blocks),
        moe=moe,
        experts=float(a.experts),
        top_k=float(a.experts_per_token),
        expert_ffn=float(a.ffn_expert),
        expert_width=float(a.moe_latent or a.hidden),
        shared_ffn=float(a.experts_shared * shared_width),
        mamba=float(a.mamba_layers),
        mamba_inner=float(a.mamba_heads * a.mamba_head_dim),
        mamba_heads=float(a.mamba_heads),
        mamba_groups=float(a.mamba_groups),
        mamba_state=float(a.mamba_state),
        predictions=float(a.mtp_layers),
        tied=float(a.tied_embeddings),
    )


def stack(shapes: Sequence[Shape]) -> Shape:
    """Several shapes as one whose fields are arrays of shape (len(shapes),)."""
    return Shape(*(np.array(column) for column in zip(*shapes, strict=True)))
