"""Matrix products, and kernels that only move memory.

The tables time a linear layer. In fp8, block-scaled fp8 and nvfp4 that includes quantising the
activations, which a training step pays once and not in every product; here that part is taken out, so
that a surface is the product alone. Per-tensor fp8: the quantisation measured by the same library.
The others: one pass that reads bf16 and writes the narrow format, at the streaming rate; what
launching that pass costs stays in the surface.

Tables of vLLM are not used: its collector fills weights with a constant or leaves them as they are in
memory, which saves power and shows rates that random numbers do not reach, and it runs block-scaled
fp8 without CUDA graphs.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .figures import evidence, median_rate, rate, rounded
from .leastsquares import fit_terms
from .precisions import NAMES
from .tables import Rows, Tables
from .terms import gemm_terms, stream_terms

__all__ = ["SMALLEST", "casting_of", "fit_gemm", "fit_stream"]

LIBRARIES: Mapping[str, tuple[str, ...]] = {
    "bf16": ("trtllm", "sglang"),
    "fp8": ("trtllm",),
    "fp8_block": ("trtllm", "sglang"),
    "nvfp4": ("trtllm", "sglang"),
}
"""Libraries used of each precision."""
QUANTISED_BYTES: Mapping[str, float] = {"fp8_block": 3.0, "nvfp4": 2.5625}
"""Bytes that quantisation moves per activation element, where it was not measured by itself [B]: bf16 read,
the narrow element and its share of block scales written."""
SMALLEST = 256
"""Smallest m, n and k: smaller products do not occur in training."""
LARGE_FLOPS = 1e12
STREAM_ELEMENTS = 2**27
"""Elements of a streaming kernel: 400 MB, beyond any cache."""
EMPTY_ELEMENTS = 2**14
"""Elements of a kernel whose time is its launch alone."""


def fit_stream(tables: Tables, gpu: str) -> dict[str, Any] | None:
    """Sustained memory bandwidth, from casting bf16 to fp8 with a given scale.

    Parameters
    ----------
    tables : Tables
        Measured tables.
    gpu : str
        Name in the tables, such as `h100_sxm`.

    Returns
    -------
    dict or None
        `launch_s`, `bytes_per_s`, errors and tables; None where the tables have none.
    """
    rows = tables.read(
        gpu, "quantize", "scale_matrix_perf", {"m": ..., "k": ...}, backends=("trtllm", "vllm")
    )
    if rows is None:
        return None
    rows = rows.fastest("m", "k")
    m, k = rows.floats("m", "k")
    launch = float(np.median(rows.seconds[m * k <= EMPTY_ELEMENTS]))
    large = m * k >= STREAM_ELEMENTS
    moved = 3.0 * (m * k)[large]
    seconds = rows.seconds[large]
    known = np.full(len(seconds), launch)
    fitted = fit_terms(stream_terms(moved)[:, 1:], seconds, known=known)
    return {
        "launch_s": rounded(launch),
        "bytes_per_s": rate(fitted.constants[0]),
        **evidence(fitted, rows),
    }


def fit_gemm(
    tables: Tables,
    gpu: str,
    precision: str,
    peak_flops_per_s: float,
    stream: Mapping[str, Any] | None,
) -> dict[str, Any] | None:
    """Surface of the matrix product of one precision.

    Parameters
    ----------
    tables, gpu
        As in `fit_stream`.
    precision : str
        A key of `LIBRARIES`.
    peak_flops_per_s : float
        Dense peak, which the fitted rate may not exceed [FLOP/s].
    stream : mapping or None
        What `fit_stream` found; needed for precisions that quantise.

    Returns
    -------
    dict or None
        `launch_s`, `flops_per_s`, `mn_s`, `mk_s`, `nk_s`, the median rate of large products, errors
        and tables; None where the tables do not have the precision. Errors are of the measured
        layer, quantisation included.
    """
    columns = {"gemm_dtype": ..., "m": ..., "n": ..., "k": ...}
    rows = tables.read(gpu, "gemm", "gemm_perf", columns, backends=LIBRARIES[precision])
    if rows is None:
        return None
    large = np.minimum(np.minimum(rows["m"], rows["n"]), rows["k"]) >= SMALLEST
    rows = rows.where(large & (rows["gemm_dtype"] == NAMES[precision]))
    if not len(rows):
        return None
    found = casting_of(tables, gpu, precision, rows.fastest("m", "n", "k"), stream)
    if found is None:
        return None
    rows, casting, used = found
    m, n, k = rows.floats("m", "n", "k")
    seconds = rows.seconds
    casting = np.minimum(casting, 0.9 * seconds)
    floor = [0.0, 1.0 / peak_flops_per_s, 0.0, 0.0, 0.0]
    fitted = fit_terms(gemm_terms(m, n, k), seconds, floor=floor, known=casting)
    launch, per_flop, per_mn, per_mk, per_nk = fitted.constants
    flops = 2.0 * m * n * k
    return {
        "launch_s": rounded(launch),
        "flops_per_s": rate(per_flop),
        "mn_s": rounded(per_mn),
        "mk_s": rounded(per_mk),
        "nk_s": rounded(per_nk),
        "large_flops_per_s": median_rate(flops, seconds - casting, flops >= LARGE_FLOPS),
        **evidence(fitted, *used),
    }


_Casting = tuple[Rows, NDArray[np.float64], list[Rows]]


def casting_of(
    tables: Tables, gpu: str, precision: str, rows: Rows, stream: Mapping[str, Any] | None
) -> _Casting | None:
    """How long the quantisation of the activations took in each product.

    Parameters
    ----------
    tables, gpu, precision, stream
        As in `fit_gemm`.
    rows : Rows
        Products, one a shape.

    Returns
    -------
    tuple or None
        The products of which it is known, its time [s], and the rows that all of this comes from; None
        where it takes `stream` and there is none.
    """
    if precision == "fp8":
        return _measured_casting(tables, gpu, rows)
    if precision not in QUANTISED_BYTES:
        return rows, np.zeros(len(rows)), [rows]
    if stream is None:
        return None
    m, k = rows.floats("m", "k")
    return rows, QUANTISED_BYTES[precision] * m * k / stream["bytes_per_s"], [rows]


def _measured_casting(tables: Tables, gpu: str, rows: Rows) -> _Casting:
    """Products whose quantisation was measured too."""
    total: dict[tuple[int, int], float] = {}
    used = []
    for table in ("computescale_perf", "scale_matrix_perf"):
        part = tables.read(gpu, "quantize", table, {"m": ..., "k": ...}, backends=("trtllm",))
        if part is None:
            continue
        part = part.fastest("m", "k")
        used.append(part)
        for m, k, seconds in zip(part["m"], part["k"], part.seconds, strict=True):
            total[int(m), int(k)] = total.get((int(m), int(k)), 0.0) + float(seconds)
    casting = np.array(
        [total.get((int(m), int(k)), np.nan) for m, k in zip(rows["m"], rows["k"], strict=True)]
    )
    keep = casting < 0.9 * rows.seconds
    rows = rows.where(keep)
    return rows, casting[keep], [rows, *used]
