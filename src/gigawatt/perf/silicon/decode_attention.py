"""Attention of one new token a sequence over its cache: grouped-query and latent.

Takes the fastest of vLLM, SGLang and TensorRT-LLM for each shape. The collectors read the same cache again
and again; where the last-level cache holds it that is faster than a model ever sees. So only caches beyond
one and a half times its size count, and those so small that the launch is all there is.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .attention import HEADS
from .decode_terms import DecodeTerms, decode_attention_terms, decode_mla_terms
from .figures import evidence
from .frameworks import fastest_compared
from .precisions import ELEMENT_BYTES, NAMES
from .roofline import datasheet_floor, fit_hidden, named_constants
from .tables import Rows, Tables

__all__ = ["HEADS", "MOST_SEQUENCES", "SHARING", "SHORTEST", "fit_decode_attention"]

SHORTEST = 128
"""Shortest context [token]."""
MOST_SEQUENCES = 1024
SHARING = (2, 16)
"""Query heads that share a head of keys and values: with one, or many, fp8 has no good kernels."""
SMALL_BYTES = 2e6
"""Largest key-value cache that counts although the last-level cache holds it [B]."""
FEWEST = 50


def fit_decode_attention(
    tables: Tables,
    gpu: str,
    head: str,
    precision: str,
    peak_flops_per_s: float,
    hbm_bytes_per_s: float,
    cache_bytes: float,
) -> dict[str, Any] | None:
    """Surface of attention at decode for one head dimension and precision of the key-value cache.

    Parameters
    ----------
    tables : Tables
        Measured tables.
    gpu : str
        Name in the tables, such as `h100_sxm`.
    head : str
        One of `HEADS`.
    precision : str
        Of the key-value cache: `bf16` or `fp8`.
    peak_flops_per_s, hbm_bytes_per_s : float
        What the fitted rates may not exceed [FLOP/s], [B/s].
    cache_bytes : float
        Last-level cache of the accelerator [B].

    Returns
    -------
    dict or None
        Constants of a `DecodeAttentionSurface`; None where the tables have fewer than 50 such rows.
    """
    shape = ("batch_size", "context", "num_heads", "kv_heads")

    def read(backends: tuple[str, ...]) -> Rows | None:
        rows = _rows(tables, gpu, head, precision, backends)
        if rows is None:
            return None
        (moved,) = np.broadcast_arrays(_terms(rows, head, precision)["bytes_per_s"])
        cold = (moved <= SMALL_BYTES) | (moved >= 1.5 * cache_bytes)
        return rows.where(
            cold
            & (rows["context"] >= SHORTEST)
            & (rows["batch_size"] <= MOST_SEQUENCES)
            & ((head == "mla") | _grouped(rows))
        )

    found = fastest_compared(read, shape, FEWEST)
    if found is None:
        return None
    rows, frameworks = found
    terms = _terms(rows, head, precision)
    least = datasheet_floor(peak_flops_per_s, hbm_bytes_per_s)
    fitted = fit_hidden(terms, rows.seconds, least=least)
    return {
        **named_constants(terms, fitted),
        **frameworks,
        **evidence(fitted, rows),
    }


def _terms(rows: Rows, head: str, precision: str) -> DecodeTerms:
    sequences, context, heads, kv_heads = rows.floats(
        "batch_size", "context", "num_heads", "kv_heads"
    )
    if head == "mla":
        return decode_mla_terms(sequences, context, heads, ELEMENT_BYTES[precision])
    dim = float(head)
    return decode_attention_terms(
        sequences, context, heads, kv_heads, dim, ELEMENT_BYTES[precision]
    )


def _grouped(rows: Rows) -> NDArray[np.bool_]:
    least, most = SHARING
    heads, kv_heads = rows["num_heads"], rows["kv_heads"]
    grouped: NDArray[np.bool_] = (heads >= least * kv_heads) & (heads <= most * kv_heads)
    return grouped


def _rows(
    tables: Tables, gpu: str, head: str, precision: str, backends: tuple[str, ...]
) -> Rows | None:
    columns: dict[str, Any] = dict.fromkeys(
        ("kv_cache_dtype", "batch_size", "isl", "num_heads", "step"), ...
    )
    if head == "mla":
        rows = tables.read(gpu, "mla", "generation_mla_perf", columns, backends=backends)
    else:
        columns |= {"num_key_value_heads": ..., "head_dim": ..., "window_size": 0}
        rows = tables.read(
            gpu, "attention", "generation_attention_perf", columns, backends=backends
        )
    if rows is None:
        return None
    keep = rows["kv_cache_dtype"] == NAMES[precision]
    if head == "mla":
        kv_heads = np.ones(len(rows), dtype=np.int64)
    else:
        kv_heads = rows["num_key_value_heads"]
        kv_heads = np.where(kv_heads == 0, rows["num_heads"], kv_heads)
        keep &= (rows["head_dim"] == int(head)) & (rows["window_size"] == 0)
    context = rows["step"] + rows["isl"]
    rows = Rows({**rows.columns, "kv_heads": kv_heads, "context": context}, rows.origin)
    return rows.where(keep)
