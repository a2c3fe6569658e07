"""Experts of one layer for 1 to 1,024 tokens: the weights that the tokens touch are most of the time.

How many experts are touched is not in the tables but in how they routed. 'balanced' deals experts out
without a collision, so that 16 tokens with 8 experts each touch all of 128; nothing routes like that.
'power_law_1.01' touches about as many as tokens that choose at random do, with some experts busier than
others, as in a model, and is what is used. Touched experts are counted as by random choice,
`decode_terms.touched_experts`, by the fit and by whoever evaluates it.

The fastest of vLLM (its newest version), SGLang and TensorRT-LLM counts for each shape, with all experts
on the rank. TensorRT-LLM's kernels for minimum latency are left out (they were timed below what reading
the weights takes), and so are experts without a gate.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from .decode_terms import small_grouped_terms, touched_experts
from .experts import gated
from .figures import evidence
from .frameworks import fastest_compared
from .precisions import ELEMENT_BYTES, NAMES
from .roofline import datasheet_floor, fit_hidden, named_constants
from .tables import Rows, Tables

__all__ = ["DISTRIBUTION", "MOST_TOKENS", "NARROWEST", "PEAK_OF", "fit_small_experts"]

PEAK_OF: Mapping[str, str] = {
    "bf16": "bf16",
    "fp8": "fp8",
    "fp8_block": "fp8",
    "nvfp4": "nvfp4",
    "mxfp4_bf16": "bf16",
    "mxfp4_mxfp8": "fp8",
    "int4_bf16": "bf16",
}
"""Of each precision (of weights, and of activations where it differs): whose peak the arithmetic has."""

DISTRIBUTION = "power_law_1.01"
MOST_TOKENS = 1024
NARROWEST = 128
"""Narrowest expert on a rank."""
FEWEST = 50
SLOW = 1.7
"""Times the surface at which a kernel counts as badly chosen."""
SHAPE = ("num_tokens", "hidden_size", "inter_size", "topk", "num_experts", "moe_tp_size")


def fit_small_experts(
    tables: Tables,
    gpu: str,
    precision: str,
    peak_flops_per_s: float,
    hbm_bytes_per_s: float,
) -> dict[str, Any] | None:
    """Surface of the experts of one layer with few tokens.

    Parameters
    ----------
    tables : Tables
        Measured tables.
    gpu : str
        Name in the tables, such as `h100_sxm`.
    precision : str
        A key of `PEAK_OF`.
    peak_flops_per_s, hbm_bytes_per_s : float
        What the fitted rates may not exceed [FLOP/s], [B/s].

    Returns
    -------
    dict or None
        Constants of a `SmallGroupedSurface`; None where the tables have fewer than 50 such rows.
    """
    weight_bytes = ELEMENT_BYTES[precision]
    columns = dict.fromkeys(
        ("kernel_source", "moe_dtype", "distribution", "moe_ep_size", *SHAPE), ...
    )

    def read(backends: tuple[str, ...]) -> Rows | None:
        rows = tables.read(
            gpu, "moe", "moe_perf", columns, backends=backends, newest="vllm" in backends
        )
        if rows is None:
            return None
        source = rows["kernel_source"].astype(str)
        return rows.where(
            (np.char.find(source, "min_latency") < 0)
            & (rows["moe_dtype"] == NAMES[precision])
            & (rows["distribution"] == DISTRIBUTION)
            & (rows["moe_ep_size"] == 1)
            & (rows["num_tokens"] <= MOST_TOKENS)
            & (rows["inter_size"] >= NARROWEST * rows["moe_tp_size"])
            & gated(rows)
        )

    found = fastest_compared(read, SHAPE, FEWEST)
    if found is None:
        return None
    rows, frameworks = found
    tokens, hidden, inner, topk, experts, shards = rows.floats(*SHAPE)
    touched = touched_experts(tokens, topk, experts)
    terms = small_grouped_terms(tokens * topk, touched, hidden, inner / shards, weight_bytes)
    least = datasheet_floor(peak_flops_per_s, hbm_bytes_per_s)
    fitted = fit_hidden(terms, rows.seconds, least=least, slow=SLOW)
    return {
        **named_constants(terms, fitted),
        "weight_bytes": weight_bytes,
        **frameworks,
        **evidence(fitted, rows),
    }
