"""All-reduces of decoding, and the exchange of a few tokens with experts.

The all-reduce is the frameworks' own, under CUDA graphs, alone (not fused with the norm after it), the
fastest for each size. The exchange is TensorRT-LLM's one-sided kernel over NVLink where it was timed (racks
of NVL72, up to 32 ranks), elsewhere the low-latency kernels of DeepEP: inside one server, and between
servers over InfiniBand of 400 Gb/s an accelerator, which were timed for DeepSeek's experts only.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .figures import evidence, rate, rounded
from .frameworks import fastest_compared
from .leastsquares import Fitted, fit_terms
from .tables import Rows, Tables
from .terms import Floats

__all__ = ["LARGEST_BYTES", "MOST_TOKENS", "fit_small_all_reduce", "fit_small_exchange"]

LARGEST_BYTES = 2**24
"""Largest message of an all-reduce [B]."""
MOST_TOKENS = 1024
FEWEST_EXPERTS = 128
"""Fewest experts of a layer: with fewer there is little to spread over ranks."""
_NVLINK = {"dispatch": ("alltoall_dispatch", 0.5625), "combine": ("alltoall_combine", 2.0)}
_DEEPEP = {"dispatch": ("dispatch_avg_t_us", 1.0), "combine": ("combine_avg_t_us", 2.0)}
"""Name in the tables, and bytes of an element as it was sent [B]."""


def fit_small_all_reduce(tables: Tables, gpu: str) -> dict[str, Any] | None:
    """Surface of the all-reduce of small messages.

    Parameters
    ----------
    tables : Tables
        Measured tables.
    gpu : str
        Name in the tables, such as `h100_sxm`.

    Returns
    -------
    dict or None
        Constants of a `SmallCollectiveSurface`; None where it was not measured.
    """
    shape = ("num_gpus", "message_size")
    columns = dict.fromkeys(("kernel_source", "allreduce_dtype", *shape), ...)

    def read(backends: tuple[str, ...]) -> Rows | None:
        rows = tables.read(gpu, "comm", "custom_allreduce_perf", columns, backends=backends)
        if rows is None:
            return None
        eager = np.char.endswith(rows["kernel_source"].astype(str), "_eager")
        return rows.where(
            ~eager
            & (rows["allreduce_dtype"] == "bfloat16")
            & (2 * rows["message_size"] <= LARGEST_BYTES)
        )

    found = fastest_compared(read, shape)
    if found is None:
        return None
    rows, frameworks = found
    ranks, elements = rows.floats(*shape)
    surface, fitted = _by_size(ranks, 2.0 * elements, rows.seconds)
    return {**surface, **frameworks, **evidence(fitted, rows)}


def fit_small_exchange(tables: Tables, gpu: str, phase: str) -> dict[str, Any] | None:
    """Surface of sending a few tokens to their experts, or back.

    Parameters
    ----------
    tables, gpu
        As in `fit_small_all_reduce`.
    phase : str
        `dispatch` or `combine`.

    Returns
    -------
    dict or None
        Constants of a `SmallCollectiveSurface` and `element_bytes`; None where it was not measured.
    """
    found = _one_sided(tables, gpu, phase) or _deepep(tables, gpu, phase)
    if found is None:
        return None
    rows, ranks, message, element_bytes = found
    surface, fitted = _by_size(ranks, message, rows.seconds)
    return {**surface, "element_bytes": element_bytes, **evidence(fitted, rows)}


_Found = tuple[Rows, Floats, Floats, float]


def _one_sided(tables: Tables, gpu: str, phase: str) -> _Found | None:
    name, element_bytes = _NVLINK[phase]
    columns = dict.fromkeys(
        ("op_name", "kernel_source", "num_tokens", "hidden_size", "topk", "moe_ep_size"), ...
    )
    rows = tables.read(gpu, "comm", "trtllm_alltoall_perf", columns, newest=True)
    if rows is None:
        return None
    rows = rows.where(
        (rows["op_name"] == name)
        & (rows["kernel_source"] == "NVLinkOneSided")
        & (rows["num_tokens"] <= MOST_TOKENS)
    )
    if not len(rows):
        return None
    tokens, hidden, topk, ranks = rows.floats("num_tokens", "hidden_size", "topk", "moe_ep_size")
    return rows, ranks, tokens * topk * hidden * element_bytes, element_bytes


def _deepep(tables: Tables, gpu: str, phase: str) -> _Found | None:
    """Rows inside one server of the newest version that has them, between servers of all."""
    name, element_bytes = _DEEPEP[phase]
    columns = dict.fromkeys(
        (name, "node_num", "hidden_size", "num_token", "num_topk", "num_experts"), ...
    )
    found = []
    for newest in (True, False):
        rows = tables.read(
            gpu, "comm", "wideep_deepep_ll_perf", columns, newest=newest, latency=(name, 1e-3)
        )
        if rows is not None:
            inside = rows["node_num"] == 1
            few = (rows["num_token"] <= MOST_TOKENS) & (rows["num_experts"] >= FEWEST_EXPERTS)
            found.append(rows.where(few & (inside == newest)))
    if not found:
        return None
    joined = {key: np.concatenate([rows[key] for rows in found]) for key in found[0].columns}
    per_server = 4.0 if gpu.startswith("gb") else 8.0
    together = Rows(joined, found[-1].origin)
    tokens, hidden, topk, nodes = together.floats(
        "num_token", "hidden_size", "num_topk", "node_num"
    )
    return together, per_server * nodes, tokens * topk * hidden * element_bytes, element_bytes


def _by_size(
    ranks: Floats, message_bytes: Floats, seconds: Floats
) -> tuple[dict[str, Any], Fitted]:
    """A start and a bandwidth for each group size."""
    sizes = [int(size) for size in np.unique(ranks)]
    of_size = [ranks == size for size in sizes]
    starts = [np.where(here, 1.0, 0.0) for here in of_size]
    moved = [np.where(here, message_bytes, 0.0) for here in of_size]
    fitted = fit_terms(np.stack([*starts, *moved], axis=1), seconds)
    alpha, per_byte = np.split(fitted.constants, 2)
    surface = {
        "alpha_s": {size: rounded(each) for size, each in zip(sizes, alpha, strict=True)},
        "bytes_per_s": {size: rate(each) for size, each in zip(sizes, per_byte, strict=True)},
    }
    return surface, fitted
