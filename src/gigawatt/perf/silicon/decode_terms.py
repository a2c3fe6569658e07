"""How long the kernels of decoding take: small products, attention over a cache, a few rows an expert.

Pure arithmetic over arrays. A kernel that is small fills the accelerator badly, so that bytes, FLOP and
the steps taken in turn hide one another: their times add as a root of squares, and what nothing hides
(launch, reading activations, writing results) adds plainly,

    seconds = launch + sum of open terms + sqrt(sum of squares of the hidden terms).

A surface is a mapping with the constants of a record of the catalog (`model_dump()` of it); each may
be an array too, to evaluate rows of several systems at once. Rows are broadcast.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from .terms import Floats, Value

__all__ = [
    "HEAD_WIDTH",
    "LATENT_VALUES",
    "LATENT_WIDTH",
    "DecodeTerms",
    "decode_attention_seconds",
    "decode_attention_terms",
    "decode_mla_seconds",
    "decode_mla_terms",
    "latent_product_seconds",
    "latent_product_terms",
    "quantise_seconds",
    "small_collective_seconds",
    "small_gemm_seconds",
    "small_gemm_terms",
    "small_grouped_seconds",
    "small_grouped_terms",
    "touched_experts",
]

LATENT_WIDTH = 576.0
"""Elements of a token in the cache of multi-head latent attention: 512 latent and 64 rotary."""
LATENT_VALUES = 512.0
"""Elements of it that are values too."""

HEAD_WIDTH = 128.0
"""Elements of a head before the latent and after it."""

Surface = Mapping[str, Any]
DecodeTerms = dict[str, Value]
"""Term of each constant, by the name of the constant; those of rates are in bytes and FLOP."""

HIDDEN = ("bytes_per_s", "arithmetic_flops_per_s", "k_s")
"""Constants whose terms hide one another."""


def small_gemm_terms(m: Value, n: Value, k: Value, weight_bytes: Value) -> DecodeTerms:
    """Terms of a product (m × k) (k × n) with few rows.

    Parameters
    ----------
    m, n, k : float or array
        Rows of the activations, columns of the weights, inner size.
    weight_bytes : float or array
        Bytes of a weight, its share of block scales included [B].

    Returns
    -------
    dict
        `launch_s`: 1. `bytes_per_s`: weights [B]. `arithmetic_flops_per_s`: 2 m n k [FLOP]. `k_s`: the
        inner size, which a tile of the output runs through in turn. `mn_s`, `mk_s`: output and activation
        elements.
    """
    return {
        "launch_s": 1.0,
        "bytes_per_s": n * k * weight_bytes,
        "arithmetic_flops_per_s": 2.0 * m * n * k,
        "k_s": k,
        "mn_s": m * n,
        "mk_s": m * k,
    }


def small_gemm_seconds(surface: Surface, m: Value, n: Value, k: Value) -> Value:
    """Time of a product with 1 to 256 rows, activations already in its precision [s].

    Parameters
    ----------
    surface : mapping
        Constants of a `SmallGemmSurface`.
    m, n, k
        As in `small_gemm_terms`.

    Examples
    --------
    >>> surface = {"launch_s": 3e-6, "bytes_per_s": 2.8e12, "arithmetic_flops_per_s": 9e14}
    >>> surface |= {"k_s": 4e-10, "mn_s": 1e-13, "mk_s": 2e-12, "weight_bytes": 2.0}
    >>> round(1e6 * float(small_gemm_seconds(surface, 16, 8192, 8192)), 2)
    51.38
    """
    return _seconds(surface, small_gemm_terms(m, n, k, surface["weight_bytes"]))


def decode_attention_terms(
    sequences: Value,
    context: Value,
    heads: Value,
    kv_heads: Value,
    head_dim: Value,
    element_bytes: Value,
) -> DecodeTerms:
    """Terms of attention of one new token a sequence over its cache.

    Parameters
    ----------
    sequences, context : float or array
        Sequences of the batch, and tokens of each that are read, the new one included.
    heads, kv_heads : float or array
        Query heads, and heads of keys and values, on this rank.
    head_dim : float or array
        Head dimension.
    element_bytes : float or array
        Bytes of an element of the cache [B].

    Returns
    -------
    dict
        `launch_s`: 1. `bytes_per_s`: keys and values [B]. `arithmetic_flops_per_s`: both products over
        all pairs, 4 · sequences · context · heads · head_dim [FLOP]. `context_s`: the context, which one
        sequence runs through in turn. `query_s`: query elements.
    """
    pairs = sequences * context
    return {
        "launch_s": 1.0,
        "bytes_per_s": 2.0 * pairs * kv_heads * head_dim * element_bytes,
        "arithmetic_flops_per_s": 4.0 * pairs * heads * head_dim,
        "context_s": context,
        "query_s": sequences * heads * head_dim,
    }


def decode_attention_seconds(
    surface: Surface,
    sequences: Value,
    context: Value,
    heads: Value,
    kv_heads: Value,
    head_dim: Value,
    element_bytes: Value,
) -> Value:
    """Time of grouped-query attention of one new token a sequence [s].

    Parameters
    ----------
    surface : mapping
        Constants of a `DecodeAttentionSurface`.
    sequences, context, heads, kv_heads, head_dim, element_bytes
        As in `decode_attention_terms`.

    Examples
    --------
    >>> surface = {"launch_s": 1e-5, "bytes_per_s": 3e12, "arithmetic_flops_per_s": 3e14}
    >>> surface |= {"context_s": 6e-11, "query_s": 8e-12}
    >>> round(1e6 * float(decode_attention_seconds(surface, 32, 4096, 32, 8, 128, 2.0)), 1)
    190.4
    """
    terms = decode_attention_terms(sequences, context, heads, kv_heads, head_dim, element_bytes)
    return _seconds(surface, terms)


def decode_mla_terms(
    sequences: Value, context: Value, heads: Value, element_bytes: Value
) -> DecodeTerms:
    """Terms of latent attention of one new token a sequence, over the cache itself.

    Parameters
    ----------
    sequences, context, element_bytes
        As in `decode_attention_terms`.
    heads : float or array
        Query heads on this rank: all read the one latent of a token.

    Returns
    -------
    dict
        As in `decode_attention_terms`; 576 elements a token, and
        2 · sequences · context · heads · (576 + 512) [FLOP].
    """
    pairs = sequences * context
    return {
        "launch_s": 1.0,
        "bytes_per_s": pairs * LATENT_WIDTH * element_bytes,
        "arithmetic_flops_per_s": 2.0 * pairs * heads * (LATENT_WIDTH + LATENT_VALUES),
        "context_s": context,
        "query_s": sequences * heads * LATENT_WIDTH,
    }


def decode_mla_seconds(
    surface: Surface, sequences: Value, context: Value, heads: Value, element_bytes: Value
) -> Value:
    """Time of latent attention of one new token a sequence [s].

    The products before and after it, from and to the latent, are not in it.

    Parameters
    ----------
    surface : mapping
        Constants of a `DecodeAttentionSurface`.
    sequences, context, heads, element_bytes
        As in `decode_mla_terms`.

    Examples
    --------
    >>> surface = {"launch_s": 1.4e-5, "bytes_per_s": 3e12, "arithmetic_flops_per_s": 7.5e14}
    >>> surface |= {"context_s": 1e-10, "query_s": 1e-12}
    >>> round(1e6 * float(decode_mla_seconds(surface, 64, 8192, 16, 2.0)), 1)
    218.2
    """
    return _seconds(surface, decode_mla_terms(sequences, context, heads, element_bytes))


def latent_product_terms(tokens: Value, heads: Value, weight_bytes: Value) -> DecodeTerms:
    """Terms of one product per head between query or output (128) and the latent (512).

    Parameters
    ----------
    tokens, heads : float or array
        Tokens, and query heads on this rank.
    weight_bytes : float or array
        Bytes of a weight [B].

    Returns
    -------
    dict
        `launch_s`: 1. `bytes_per_s`: weights [B]. `arithmetic_flops_per_s`: FLOP. `row_s`: elements that
        enter and leave, tokens · heads · (128 + 512).
    """
    weights = heads * HEAD_WIDTH * LATENT_VALUES
    return {
        "launch_s": 1.0,
        "bytes_per_s": weights * weight_bytes,
        "arithmetic_flops_per_s": 2.0 * tokens * weights,
        "row_s": tokens * heads * (HEAD_WIDTH + LATENT_VALUES),
    }


def latent_product_seconds(surface: Surface, tokens: Value, heads: Value) -> Value:
    """Time of one of the two products around latent attention, into the latent or out of it [s].

    Parameters
    ----------
    surface : mapping
        Constants of a `LatentProductSurface`.
    tokens, heads
        As in `latent_product_terms`.

    Examples
    --------
    >>> surface = {"launch_s": 4e-6, "bytes_per_s": 3e12, "arithmetic_flops_per_s": 6e14}
    >>> surface |= {"row_s": 1e-12, "weight_bytes": 2.0}
    >>> round(1e6 * float(latent_product_seconds(surface, 64, 128)), 2)
    15.11
    """
    return _seconds(surface, latent_product_terms(tokens, heads, surface["weight_bytes"]))


def touched_experts(tokens: Value, topk: Value, experts: Value, here: Value | None = None) -> Value:
    """Experts that at least one of the tokens goes to, each token choosing at random.

    Parameters
    ----------
    tokens, topk, experts : float or array
        Tokens of all ranks that may come here, experts a token goes to, experts of the layer.
    here : float or array, optional
        Experts on this rank; all where left out.

    Returns
    -------
    float or array
        ``here · (1 - (1 - topk / experts)^tokens)``.

    Examples
    --------
    >>> round(touched_experts(16, 8, 128), 1), touched_experts(1, 8, 128)
    (82.4, 8.0)
    """
    held = experts if here is None else here
    return held * (1.0 - (1.0 - topk / experts) ** tokens)


def small_grouped_terms(
    rows: Value, touched: Value, hidden: Value, ffn: Value, weight_bytes: Value
) -> DecodeTerms:
    """Terms of the experts of one layer on one rank, with few rows.

    Parameters
    ----------
    rows : float or array
        Rows that the experts of the rank compute.
    touched : float or array
        Experts on the rank with at least one row.
    hidden, ffn : float or array
        Width of the model, and inner width of an expert on this rank.
    weight_bytes : float or array
        Bytes of a weight, its share of block scales included [B].

    Returns
    -------
    dict
        `launch_s`: 1. `bytes_per_s`: weights touched [B]. `arithmetic_flops_per_s`: three products of a
        gated block, 6 rows hidden ffn [FLOP]. `row_s`: row elements, rows · hidden.
    """
    return {
        "launch_s": 1.0,
        "bytes_per_s": 3.0 * touched * hidden * ffn * weight_bytes,
        "arithmetic_flops_per_s": 6.0 * rows * hidden * ffn,
        "row_s": rows * hidden,
    }


def small_grouped_seconds(
    surface: Surface,
    tokens: Value,
    hidden: Value,
    ffn: Value,
    topk: Value,
    experts: Value,
    here: Value | None = None,
    touched: Value | None = None,
) -> Value:
    """Time of the experts of one layer on one rank, for 1 to 1,024 tokens [s].

    Routing from given logits, permutation, quantisation, both products and the weighted sum are in it;
    the router's product, shared experts and communication are not.

    Parameters
    ----------
    surface : mapping
        Constants of a `SmallGroupedSurface`.
    tokens : float or array
        Tokens of all ranks that exchange with this one, so that ``tokens · topk · here / experts`` rows
        arrive.
    hidden, ffn : float or array
        Width of the model, and inner width of an expert on this rank.
    topk, experts : float or array
        Experts a token goes to, and experts of the layer.
    here : float or array, optional
        Experts on this rank; all where left out.
    touched : float or array, optional
        Experts with at least one row; `touched_experts` where left out.

    Examples
    --------
    >>> surface = {"launch_s": 3e-5, "bytes_per_s": 3e12, "arithmetic_flops_per_s": 8e14}
    >>> surface |= {"row_s": 2e-12, "weight_bytes": 1.0}
    >>> round(1e6 * float(small_grouped_seconds(surface, 32, 4096, 1536, 8, 128)), 0)
    735.0
    """
    held = experts if here is None else here
    if touched is None:
        touched = touched_experts(tokens, topk, experts, held)
    rows = tokens * topk * held / experts
    return _seconds(
        surface, small_grouped_terms(rows, touched, hidden, ffn, surface["weight_bytes"])
    )


def quantise_seconds(surface: Surface, rows: Value, width: Value) -> Value:
    """Time to turn a few activations from bf16 into fp8 [s].

    Parameters
    ----------
    surface : mapping
        Constants of a stream surface: `launch_s` and `bytes_per_s`.
    rows, width : float or array
        Rows and their elements; 3 bytes an element are moved.

    Examples
    --------
    >>> surface = {"launch_s": 2e-6, "bytes_per_s": 3e12}
    >>> round(1e6 * float(quantise_seconds(surface, 64, 8192)), 3)
    2.524
    """
    return np.asarray(surface["launch_s"]) + 3.0 * rows * width / surface["bytes_per_s"]


def small_collective_seconds(surface: Surface, message_bytes: Value, ranks: Value) -> Value:
    """Time of an all-reduce, or of an exchange with experts, of a small message [s].

    Parameters
    ----------
    surface : mapping
        Constants of a `SmallCollectiveSurface`: `alpha_s` and `bytes_per_s` by group size. A group size
        that was not measured takes those of the nearest one, in ratio; one beyond the largest those of
        the largest.
    message_bytes : float or array
        The buffer that is reduced; for an exchange, what a rank sends:
        tokens × min(topk, ranks) × hidden × bytes of an element [B].
    ranks : float or array
        Ranks of the group; with one there is nothing to do.

    Examples
    --------
    >>> surface = {"alpha_s": {2: 3e-6, 8: 5e-6}, "bytes_per_s": {2: 4e11, 8: 2e11}}
    >>> small_collective_seconds(surface, 2e6, [1, 2, 8]).round(8).tolist()
    [0.0, 8e-06, 1.5e-05]
    """
    sizes = np.array(sorted(int(size) for size in surface["bytes_per_s"]))
    group = np.asarray(ranks, dtype=np.float64)
    nearest = np.abs(np.log(sizes) - np.log(group)[..., None]).argmin(axis=-1)
    alpha = np.array([surface["alpha_s"][size] for size in sizes])[nearest]
    rates = np.array([surface["bytes_per_s"][size] for size in sizes])[nearest]
    return np.where(group > 1.0, alpha + np.asarray(message_bytes) / rates, 0.0)


def _seconds(surface: Surface, terms: DecodeTerms) -> Value:
    open_s: Value = 0.0
    squares: Value = 0.0
    for name, amount in terms.items():
        constant = surface[name]
        part: Floats = np.asarray(amount / constant if "_per_s" in name else amount * constant)
        if name in HIDDEN:
            squares = squares + part * part
        else:
            open_s = open_s + part
    return open_s + np.sqrt(squares)
