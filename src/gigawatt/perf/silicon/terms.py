"""What the time of a kernel is made of: the terms of each surface, from shapes.

Pure arithmetic over arrays. The time of a kernel is the sum of its terms times the constants of its
surface; `seconds` does that for a record of the catalog, the fit solves it for the constants.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "COLLECTIVES",
    "attention_terms",
    "collective_seconds",
    "collective_terms",
    "gemm_terms",
    "grouped_terms",
    "link_bytes",
    "stream_terms",
]

Floats = NDArray[np.float64]
Value = Any
"""A float, or an array that broadcasts with the others."""

COLLECTIVES = (
    "all_reduce",
    "all_gather",
    "reduce_scatter",
    "alltoall",
    "expert_dispatch",
    "expert_combine",
)


def _stack(*terms: Value) -> Floats:
    return np.stack(np.broadcast_arrays(*(np.asarray(t, dtype=np.float64) for t in terms)), axis=-1)


def gemm_terms(m: Value, n: Value, k: Value) -> Floats:
    """Terms of a matrix product (m × k) (k × n): launch, FLOP, m n, m k, n k.

    Parameters
    ----------
    m, n, k : float or array
        Rows of the activations, columns of the weights, inner size.

    Returns
    -------
    array, shape (..., 5)
        1; 2 m n k [FLOP]; output, activation and weight elements.
    """
    return _stack(1.0, 2.0 * m * n * k, m * n, m * k, n * k)


def attention_terms(
    sequences: Value,
    length: Value,
    heads: Value,
    kv_heads: Value,
    qk_dim: Value,
    v_dim: Value,
    element_bytes: Value,
) -> Floats:
    """Terms of the causal forward attention core: launch, FLOP, bytes.

    Parameters
    ----------
    sequences, length : float or array
        Sequences of the batch, and tokens of each.
    heads, kv_heads : float or array
        Query heads, and heads of keys and values, on this rank.
    qk_dim, v_dim : float or array
        Head dimension of queries and keys, and of values.
    element_bytes : float or array
        Bytes of an element of queries, keys and values; the output has 2 [B].

    Returns
    -------
    array, shape (..., 3)
        1; half of the products of all pairs, ``sequences · heads · length² · (qk_dim + v_dim)``
        [FLOP], which is 2 b h s² d where both dimensions are d; reads of Q, K, V and writes of the
        output [B].
    """
    flops = sequences * heads * length * length * (qk_dim + v_dim)
    reads = element_bytes * (heads * qk_dim + kv_heads * (qk_dim + v_dim))
    return _stack(1.0, flops, sequences * length * (reads + 2.0 * heads * v_dim))


def grouped_terms(
    rows: Value, hidden: Value, ffn: Value, experts: Value, weight_bytes: Value
) -> Floats:
    """Terms of the experts of one layer on one rank: launch, FLOP, weight bytes, token bytes.

    Parameters
    ----------
    rows : float or array
        Rows that the experts of the rank compute: tokens × experts per token.
    hidden, ffn : float or array
        Width of the model, and inner width of an expert on this rank.
    experts : float or array
        Experts on the rank, all of them touched.
    weight_bytes : float or array
        Bytes of a weight, its share of block scales included [B].

    Returns
    -------
    array, shape (..., 4)
        1; three products of a gated block, 6 rows hidden ffn [FLOP]; their weights,
        3 experts hidden ffn weight_bytes [B]; rows that enter and leave in bf16, 4 rows hidden [B].
    """
    weights = 3.0 * experts * hidden * ffn * weight_bytes
    return _stack(1.0, 6.0 * rows * hidden * ffn, weights, 4.0 * rows * hidden)


def stream_terms(moved_bytes: Value) -> Floats:
    """Terms of a kernel that only moves memory: launch, bytes."""
    return _stack(1.0, moved_bytes)


def link_bytes(operation: str, message_bytes: Value, ranks: Value) -> Value:
    """Bytes that a rank sends over its links [B].

    Parameters
    ----------
    operation : str
        One of `COLLECTIVES`.
    message_bytes : float or array
        The whole message [B]: the buffer that is reduced (all_reduce), the gathered result
        (all_gather), the input before scattering (reduce_scatter), all that a rank sends, its own
        part included (alltoall, expert_dispatch, expert_combine).
    ranks : float or array
        Ranks of the group.

    Returns
    -------
    float or array
        ``message (n-1)/n``, twice that for an all-reduce.

    Examples
    --------
    >>> link_bytes("all_gather", 8e6, 8), link_bytes("all_reduce", 8e6, 8)
    (7000000.0, 14000000.0)
    """
    if operation not in COLLECTIVES:
        raise ValueError(f"'{operation}' is not one of {', '.join(COLLECTIVES)}")
    twice = 2.0 if operation == "all_reduce" else 1.0
    return twice * message_bytes * (ranks - 1.0) / ranks


def collective_terms(
    links: Value, ranks: Value, sizes: tuple[int, ...], ramp_bytes: float
) -> Floats:
    """Terms of a collective in the scale-up domain: start, ranks, bytes by group size, ramp.

    Parameters
    ----------
    links : float or array
        Bytes on the links of a rank, from `link_bytes` [B].
    ranks : float or array
        Ranks of the group.
    sizes : tuple of int
        Group sizes that have a bandwidth of their own.
    ramp_bytes : float
        Bytes up to which the transfer is not yet at full bandwidth [B].

    Returns
    -------
    array, shape (..., 3 + len(sizes))
        1; n - 1; link bytes where n is the first size, the second, …; link bytes bounded by the ramp,
        ``x / (1 + x / ramp)``.
    """
    by_size = [np.where(np.asarray(ranks) == size, links, 0.0) for size in sizes]
    return _stack(1.0, ranks - 1.0, *by_size, links / (1.0 + links / ramp_bytes))


def collective_seconds(
    operation: str, message_bytes: Value, ranks: Value, surface: Mapping[str, Any]
) -> Value:
    """Time of a collective from the constants of a record [s].

    Parameters
    ----------
    operation, message_bytes, ranks
        As in `link_bytes`.
    surface : mapping
        `alpha_s`, `alpha_rank_s`, `bytes_per_s` by group size, and where there is a ramp `ramp_bytes`
        and `ramp_bytes_per_s`. A group size that was not measured takes the bandwidth of the nearest
        one, in ratio; one beyond the largest that of the largest.

    Examples
    --------
    >>> surface = {"alpha_s": 5e-6, "alpha_rank_s": 1e-6, "bytes_per_s": {2: 3e11, 8: 4e11}}
    >>> surface |= {"ramp_bytes": 8e6, "ramp_bytes_per_s": 2e11}
    >>> round(1e6 * float(collective_seconds("all_gather", 8e6, 8, surface)), 2)
    48.17
    """
    links = np.asarray(link_bytes(operation, message_bytes, ranks))
    sizes = np.array(sorted(int(size) for size in surface["bytes_per_s"]))
    rates = np.array([surface["bytes_per_s"][size] for size in sizes])
    nearest = np.abs(np.log(sizes) - np.log(np.asarray(ranks))[..., None]).argmin(axis=-1)
    ramp: Value = 0.0
    if surface.get("ramp_bytes_per_s"):
        ramp = links / (1.0 + links / surface["ramp_bytes"]) / surface["ramp_bytes_per_s"]
    return (
        surface["alpha_s"]
        + surface["alpha_rank_s"] * (np.asarray(ranks) - 1.0)
        + links / rates[nearest]
        + ramp
    )
