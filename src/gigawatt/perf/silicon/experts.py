"""Grouped products of mixture-of-experts layers: both products of all experts on one rank.

Measured are routing from given logits, permutation, quantisation, the two products with the gated
activation between them, and the weighted sum back; not the router's product and no communication.
Only rows with all experts on the rank and balanced routing are used: with expert parallelism the
tables leave the tokens of other ranks in the batch, which a training step never does. Kernels are those
of TensorRT-LLM, for large batches, or of SGLang where there is no other; the tables of vLLM are not
used, its weights being all the same number. Experts without a gate (Nemotron 3) are left out.

The restriction to many rows per expert matters: with few, reading the weights takes longer than the
products and hides them, so that a sum of both, fitted there, is up to 30 % too slow where training is.
The bandwidths are therefore what a sum needs, not what the memory does, and may exceed it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .figures import evidence, median_rate, rate, rounded
from .leastsquares import fit_terms
from .precisions import ELEMENT_BYTES, NAMES
from .tables import Rows, Tables
from .terms import grouped_terms

__all__ = ["NARROWEST", "ROWS_PER_EXPERT", "fit_experts", "gated"]

ROWS_PER_EXPERT = 128
"""Fewest rows for each expert."""
NARROWEST = 512
"""Narrowest expert on a rank."""
LARGE_ROWS_PER_EXPERT = 512
SLOW = 1.7
"""Times the surface at which a kernel counts as badly chosen."""
_UNGATED = np.array(
    [
        (2688, 1856, 6, 128),
        (4096, 2688, 22, 512),
        (1024, 2688, 22, 512),
        (2048, 5120, 22, 512),
        (8192, 5120, 22, 512),
    ]
)
"""Hidden width, expert width, experts per token and experts of models without a gate; only one of the
libraries marks them."""


def fit_experts(
    tables: Tables, gpu: str, precision: str, peak_flops_per_s: float
) -> dict[str, Any] | None:
    """Surface of the experts of one layer in one precision.

    Parameters
    ----------
    tables : Tables
        Measured tables.
    gpu : str
        Name in the tables, such as `h100_sxm`.
    precision : str
        A key of `precisions.NAMES`.
    peak_flops_per_s : float
        What the fitted rate may not exceed: the rate of plain products [FLOP/s].

    Returns
    -------
    dict or None
        `launch_s`, `flops_per_s`, `weight_bytes_per_s`, `token_bytes_per_s`, `weight_bytes`, the median
        rate of large groups, errors and tables; None where the tables have fewer than 50 such rows.

    Notes
    -----
    Groups of 128 to 256, 256 to 512, … rows per expert weigh equally, though the tables have many
    more of the small ones. Rows slower than 1.7 times the surface are left out and counted: several
    shapes were timed with a badly chosen kernel.
    """
    rows = _balanced(tables, gpu, NAMES[precision])
    if rows is None or len(rows) < 50:
        return None
    weight_bytes = ELEMENT_BYTES[precision]
    tokens, hidden, inner, topk, experts, shards = rows.floats(
        "num_tokens", "hidden_size", "inter_size", "topk", "num_experts", "moe_tp_size"
    )
    terms = grouped_terms(tokens * topk, hidden, inner / shards, experts, weight_bytes)
    each = tokens * topk / experts
    octave = np.floor(np.log2(each)).astype(np.int64)
    weights = 1.0 / np.bincount(octave)[octave]
    floor = [0.0, 1.0 / peak_flops_per_s, 0.0, 0.0]
    fitted = fit_terms(terms, rows.seconds, floor=floor, weights=weights, slow=SLOW)
    launch, per_flop, per_weight, per_token = fitted.constants
    return {
        "launch_s": rounded(launch),
        "flops_per_s": rate(per_flop),
        "weight_bytes_per_s": rate(per_weight),
        "token_bytes_per_s": rate(per_token),
        "weight_bytes": weight_bytes,
        "large_flops_per_s": median_rate(terms[:, 1], rows.seconds, each >= LARGE_ROWS_PER_EXPERT),
        **evidence(fitted, rows),
    }


def _balanced(tables: Tables, gpu: str, name: str) -> Rows | None:
    columns = dict.fromkeys(
        (
            "kernel_source",
            "moe_dtype",
            "distribution",
            "num_tokens",
            "hidden_size",
            "inter_size",
            "topk",
            "num_experts",
            "moe_tp_size",
            "moe_ep_size",
        ),
        ...,
    )
    for backend in ("trtllm", "sglang"):
        rows = tables.read(gpu, "moe", "moe_perf", columns, backends=(backend,))
        if rows is not None:
            rows = _training(rows, name)
            if len(rows):
                return rows
    return None


def _training(rows: Rows, name: str) -> Rows:
    """The rows of a precision that say something about training, one a shape."""
    small_batch = np.char.find(rows["kernel_source"].astype(str), "min_latency") >= 0
    rows = rows.where(
        ~small_batch
        & (rows["moe_dtype"] == name)
        & (rows["distribution"] == "balanced")
        & (rows["moe_ep_size"] == 1)
        & (rows["num_tokens"] * rows["topk"] >= ROWS_PER_EXPERT * rows["num_experts"])
        & (rows["inter_size"] >= NARROWEST * rows["moe_tp_size"])
    )
    return rows.where(gated(rows)).fastest(
        "num_tokens", "hidden_size", "inter_size", "topk", "num_experts", "moe_tp_size"
    )


def gated(rows: Rows) -> NDArray[np.bool_]:
    """Which rows have experts with a gate: all but those of Nemotron 3."""
    model = np.stack(
        [rows[c] for c in ("hidden_size", "inter_size", "topk", "num_experts")], axis=1
    )
    ungated: NDArray[np.bool_] = (model[:, None, :] == _UNGATED[None]).all(axis=2).any(axis=1)
    return ~ungated
