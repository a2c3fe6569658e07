"""Collectives inside one scale-up domain: NCCL, and the exchange of tokens with experts.

NCCL rows are of its newest version in the tables, in fp16, where the switches may reduce; a message
is what nccl-tests calls its size. The exchange with experts is TensorRT-LLM's kernel over NVLink, in
bf16, which was measured on up to 64 ranks of one GB200 rack; its message is tokens × min(experts per
token, ranks) × hidden × 2 bytes.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .figures import evidence, rate, rounded
from .leastsquares import Fitted, fit_terms
from .tables import Rows, Tables
from .terms import collective_terms, link_bytes

__all__ = ["SMALLEST_BYTES", "fit_collective"]

SMALLEST_BYTES = 4096
"""Smallest message [B]."""
_RAMPS = tuple(float(2**power) for power in range(20, 28))
_EXPERTS = {"expert_dispatch": "alltoall_dispatch", "expert_combine": "alltoall_combine"}


def fit_collective(
    tables: Tables, gpu: str, operation: str, link_bytes_per_s: float
) -> dict[str, Any] | None:
    """Surface of one collective.

    Parameters
    ----------
    tables : Tables
        Measured tables.
    gpu : str
        Name in the tables, such as `h100_sxm`.
    operation : str
        One of `gigawatt.perf.silicon.terms.COLLECTIVES`.
    link_bytes_per_s : float
        Scale-up bandwidth of a package, one direction: what a fitted bandwidth may not exceed, except
        that of an all-reduce, which the switches can halve [B/s].

    Returns
    -------
    dict or None
        `alpha_s`, `alpha_rank_s`, `bytes_per_s` by group size, `ramp_bytes`, `ramp_bytes_per_s`, errors
        and tables; None where the operation was not measured.
    """
    found = (
        _exchange(tables, gpu, operation)
        if operation in _EXPERTS
        else _nccl(tables, gpu, operation)
    )
    if found is None:
        return None
    rows, ranks, message = found
    links = link_bytes(operation, message, ranks)
    sizes = tuple(int(size) for size in np.unique(ranks))
    least = 0.0 if operation == "all_reduce" else 1.0 / link_bytes_per_s
    floor = [0.0, 0.0, *[least] * len(sizes), 0.0]
    tried: list[tuple[float, Fitted]] = []
    for ramp in _RAMPS:
        terms = collective_terms(links, ranks, sizes, ramp)
        tried.append((ramp, fit_terms(terms, rows.seconds, floor=floor)))
    ramp, fitted = min(tried, key=lambda each: each[1].mape)
    alpha, alpha_rank, *by_size, per_ramp = fitted.constants
    return {
        "alpha_s": rounded(alpha),
        "alpha_rank_s": rounded(alpha_rank),
        "bytes_per_s": {size: rate(each) for size, each in zip(sizes, by_size, strict=True)},
        **({"ramp_bytes": ramp, "ramp_bytes_per_s": rate(per_ramp)} if per_ramp else {}),
        **evidence(fitted, rows),
    }


_Found = tuple[Rows, NDArray[np.float64], NDArray[np.float64]]


def _nccl(tables: Tables, gpu: str, operation: str) -> _Found | None:
    columns = dict.fromkeys(("op_name", "nccl_dtype", "num_gpus", "message_size"), ...)
    rows = tables.read(gpu, "comm", "nccl_perf", columns, backends=("nccl",), newest=True)
    if rows is None:
        return None
    rows = rows.where((rows["op_name"] == operation) & (rows["nccl_dtype"] == "half"))
    rows = rows.where(2 * rows["message_size"] >= SMALLEST_BYTES)
    if not len(rows):
        return None
    ranks, elements = rows.floats("num_gpus", "message_size")
    return rows, ranks, 2.0 * elements


def _exchange(tables: Tables, gpu: str, operation: str) -> _Found | None:
    columns = dict.fromkeys(
        (
            "op_name",
            "kernel_source",
            "moe_dtype",
            "num_tokens",
            "hidden_size",
            "topk",
            "moe_ep_size",
        ),
        ...,
    )
    rows = tables.read(
        gpu, "comm", "trtllm_alltoall_perf", columns, backends=("trtllm",), newest=True
    )
    if rows is None:
        return None
    rows = rows.where(
        (rows["op_name"] == _EXPERTS[operation])
        & (rows["kernel_source"] == "NVLinkTwoSided")
        & (rows["moe_dtype"] == "bfloat16")
    )
    tokens, hidden, topk, ranks = rows.floats("num_tokens", "hidden_size", "topk", "moe_ep_size")
    return rows, ranks, 2.0 * tokens * np.minimum(topk, ranks) * hidden
