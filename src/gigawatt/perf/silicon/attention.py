"""The causal attention core, forward: fused kernels over whole sequences.

Takes the fastest library for each shape; all of them were timed on random numbers. Head dimensions 64,
128 and 256 for grouped-query attention, and the 192/128 of multi-head latent attention (MLA) with keys
and values expanded per head. Backward is not in the tables.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .figures import evidence, median_rate, rate, rounded
from .leastsquares import fit_terms
from .precisions import ELEMENT_BYTES, NAMES
from .tables import Rows, Tables
from .terms import attention_terms

__all__ = ["HEADS", "SHORTEST", "fit_attention"]

HEADS = ("64", "128", "256", "mla")
"""Head dimensions that have a surface."""
SHORTEST = 512
"""Shortest sequence [token]."""
FEWEST = 8
"""Fewest sequences × heads: with fewer the accelerator is not filled."""
LARGE_LENGTH = 4096


def fit_attention(
    tables: Tables,
    gpu: str,
    head: str,
    precision: str,
    peak_flops_per_s: float,
    hbm_bytes_per_s: float,
) -> dict[str, Any] | None:
    """Surface of causal attention, forward, for one head dimension and precision.

    Parameters
    ----------
    tables : Tables
        Measured tables.
    gpu : str
        Name in the tables, such as `h100_sxm`.
    head : str
        One of `HEADS`.
    precision : str
        `bf16` or `fp8`.
    peak_flops_per_s, hbm_bytes_per_s : float
        What the fitted rates may not exceed [FLOP/s], [B/s].

    Returns
    -------
    dict or None
        `launch_s`, `flops_per_s`, `bytes_per_s`, the median rate of long sequences, errors and tables;
        None where the tables have fewer than 50 such rows.
    """
    rows = (
        _latent(tables, gpu, precision) if head == "mla" else _grouped(tables, gpu, head, precision)
    )
    if rows is None or len(rows) < 50:
        return None
    sequences, length, heads, kv_heads = rows.floats(
        "batch_size", "isl", "num_heads", "num_key_value_heads"
    )
    kv_heads = np.where(kv_heads == 0, heads, kv_heads)
    qk_dim, v_dim = (192.0, 128.0) if head == "mla" else (float(head), float(head))
    terms = attention_terms(
        sequences, length, heads, kv_heads, qk_dim, v_dim, ELEMENT_BYTES[precision]
    )
    floor = [0.0, 1.0 / peak_flops_per_s, 1.0 / hbm_bytes_per_s]
    fitted = fit_terms(terms, rows.seconds, floor=floor)
    launch, per_flop, per_byte = fitted.constants
    large = (length >= LARGE_LENGTH) & (sequences * heads >= 32)
    return {
        "launch_s": rounded(launch),
        "flops_per_s": rate(per_flop),
        "bytes_per_s": rate(per_byte),
        "large_flops_per_s": median_rate(terms[:, 1], rows.seconds, large),
        **evidence(fitted, rows),
    }


def _grouped(tables: Tables, gpu: str, head: str, precision: str) -> Rows | None:
    columns: dict[str, Any] = {
        "attn_dtype": ...,
        "kv_cache_dtype": ...,
        "batch_size": ...,
        "isl": ...,
        "num_heads": ...,
        "num_key_value_heads": ...,
        "head_dim": ...,
        "window_size": 0,
    }
    rows = tables.read(gpu, "attention", "context_attention_perf", columns)
    if rows is None:
        return None
    name = NAMES[precision]
    rows = rows.where(
        (rows["attn_dtype"] == name)
        & (rows["kv_cache_dtype"] == name)
        & (rows["head_dim"] == int(head))
        & (rows["window_size"] == 0)
        & _filled(rows)
    )
    return rows.fastest("batch_size", "isl", "num_heads", "num_key_value_heads")


def _latent(tables: Tables, gpu: str, precision: str) -> Rows | None:
    """Rows of MLA; where its cache is fp8, the library also computes in fp8."""
    columns: dict[str, Any] = {
        "kv_cache_dtype": ...,
        "batch_size": ...,
        "isl": ...,
        "num_heads": ...,
        "num_key_value_heads": 0,
        "step": 0,
    }
    rows = tables.read(gpu, "mla", "context_mla_perf", columns)
    if rows is None:
        return None
    same = rows["kv_cache_dtype"] == NAMES[precision]
    rows = rows.where(same & (rows["step"] == 0) & _filled(rows))
    return rows.fastest("batch_size", "isl", "num_heads")


def _filled(rows: Rows) -> Any:
    return (rows["isl"] >= SHORTEST) & (rows["batch_size"] * rows["num_heads"] >= FEWEST)
