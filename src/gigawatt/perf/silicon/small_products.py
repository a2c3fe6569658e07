"""Products with 1 to 256 rows, the small products of latent attention, and casting a few rows to fp8.

Products are those of TensorRT-LLM, in bf16 and nvfp4 the faster of it and vLLM: in their tables small
weights take as long as memory does, as in a model, while SGLang's were timed out of the cache. Scaled fp8
of vLLM is not used: the cost of its quantisation was not measured by itself, and in blocks it was timed
without CUDA graphs. How the frameworks compare is read where no cache holds the weights. As in `products`, the
quantisation of the activations is taken out: what was measured of it in per-tensor fp8, elsewhere one pass
at the streaming rate, whose launch stays in the surface.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from .decode_terms import latent_product_terms, small_gemm_terms
from .figures import evidence, rate, rounded
from .frameworks import by_framework, fastest_compared, slower_figure
from .leastsquares import fit_terms
from .precisions import ELEMENT_BYTES, NAMES
from .products import casting_of
from .roofline import datasheet_floor, fit_hidden, named_constants
from .tables import Rows, Tables
from .terms import stream_terms

__all__ = [
    "MOST_ROWS",
    "NARROWEST",
    "WIDEST",
    "fit_casts",
    "fit_latent",
    "fit_small",
]

MOST_ROWS = 256
"""Most rows of activations."""
NARROWEST = 512
WIDEST = 32768
"""Range of n and k."""
COLD: Mapping[str, tuple[str, ...]] = {
    "bf16": ("trtllm", "vllm"),
    "fp8": ("trtllm",),
    "fp8_block": ("trtllm",),
    "nvfp4": ("trtllm", "vllm"),
}
"""Libraries that were timed on weights out of memory."""
SHAPE = ("m", "n", "k")
SLOW = 1.7
"""Times the surface at which a kernel counts as badly chosen."""
FEWEST = 50
"""Fewest rows of a surface."""
MOST_CAST = 2**23
"""Most elements of a cast: 1,024 rows of 8,192."""


def fit_small(
    tables: Tables,
    gpu: str,
    precision: str,
    peak_flops_per_s: float,
    hbm_bytes_per_s: float,
    cache_bytes: float,
    stream: Mapping[str, Any] | None,
) -> dict[str, Any] | None:
    """Surface of products with few rows.

    Parameters
    ----------
    tables : Tables
        Measured tables.
    gpu : str
        Name in the tables, such as `h100_sxm`.
    precision : str
        A key of `COLD`.
    peak_flops_per_s, hbm_bytes_per_s : float
        What the fitted rates may not exceed [FLOP/s], [B/s].
    cache_bytes : float
        Last-level cache; frameworks are compared on weights twice as large [B].
    stream : mapping or None
        Surface of `products.fit_stream`; needed for precisions that quantise.

    Returns
    -------
    dict or None
        Constants of a `SmallGemmSurface`; None where the tables have fewer than 50 such rows. Rows
        weigh so that 1, 2, 3 to 4, 5 to 8, … rows of activations count alike.
    """
    rows = _layers(tables, gpu, precision, COLD[precision])
    if rows is None or len(rows) < FEWEST:
        return None
    found = casting_of(tables, gpu, precision, rows.fastest(*SHAPE), stream)
    if found is None:
        return None
    rows, casting, used = found
    m, n, k = rows.floats(*SHAPE)
    terms = small_gemm_terms(m, n, k, ELEMENT_BYTES[precision])
    octave = np.ceil(np.log2(m)).astype(np.int64)
    least = datasheet_floor(peak_flops_per_s, hbm_bytes_per_s)
    weights = 1.0 / np.bincount(octave)[octave]
    fitted = fit_hidden(terms, rows.seconds, least=least, weights=weights, known=casting)
    return {
        **named_constants(terms, fitted),
        "weight_bytes": ELEMENT_BYTES[precision],
        **_compared(tables, gpu, precision, cache_bytes),
        **evidence(fitted, *used),
    }


def _layers(
    tables: Tables, gpu: str, precision: str, backends: Sequence[str], widest: int = WIDEST
) -> Rows | None:
    columns = dict.fromkeys(("gemm_dtype", *SHAPE), ...)
    rows = tables.read(gpu, "gemm", "gemm_perf", columns, backends=backends)
    if rows is None:
        return None
    least, most = np.minimum(rows["n"], rows["k"]), np.maximum(rows["n"], rows["k"])
    rows = rows.where(
        (rows["gemm_dtype"] == NAMES[precision])
        & (rows["m"] <= MOST_ROWS)
        & (least >= NARROWEST)
        & (most <= widest)
    )
    return rows if len(rows) else None


def _compared(tables: Tables, gpu: str, precision: str, cache_bytes: float) -> dict[str, Any]:
    """Frameworks on weights that no cache holds, quantisation included.

    Block-scaled fp8 of vLLM is left out: it was timed without CUDA graphs.
    """
    enough = 2.0 * cache_bytes / ELEMENT_BYTES[precision]

    def read(backends: tuple[str, ...]) -> Rows | None:
        if precision == "fp8_block" and "vllm" in backends:
            return None
        rows = _layers(tables, gpu, precision, backends, 2 * WIDEST)
        return None if rows is None else rows.where(rows["n"] * rows["k"] >= enough)

    return slower_figure(by_framework(read, SHAPE), SHAPE)


def fit_latent(
    tables: Tables, gpu: str, precision: str, peak_flops_per_s: float, hbm_bytes_per_s: float
) -> dict[str, Any] | None:
    """Surface of the two products per head between query or output and the latent.

    Parameters
    ----------
    tables, gpu, peak_flops_per_s, hbm_bytes_per_s
        As in `fit_small`.
    precision : str
        `bf16` or `fp8`.

    Returns
    -------
    dict or None
        Constants of a `LatentProductSurface`; None where the tables have fewer than 50 such rows.
    """
    shape = ("num_tokens", "num_heads", "after")
    columns = dict.fromkeys(("op_name", "bmm_dtype", "num_tokens", "num_heads"), ...)

    def read(backends: tuple[str, ...]) -> Rows | None:
        rows = tables.read(gpu, "mla_bmm", "mla_bmm_perf", columns, backends=backends)
        if rows is None:
            return None
        after = (rows["op_name"] == "mla_gen_post").astype(np.int64)
        rows = Rows({**rows.columns, "after": after}, rows.origin)
        return rows.where((rows["bmm_dtype"] == NAMES[precision]) & (rows["num_tokens"] <= 1024))

    found = fastest_compared(read, shape, FEWEST)
    if found is None:
        return None
    rows, frameworks = found
    tokens, heads = rows.floats("num_tokens", "num_heads")
    terms = latent_product_terms(tokens, heads, ELEMENT_BYTES[precision])
    least = datasheet_floor(peak_flops_per_s, hbm_bytes_per_s)
    fitted = fit_hidden(terms, rows.seconds, least=least, slow=SLOW)
    return {
        **named_constants(terms, fitted),
        "weight_bytes": ELEMENT_BYTES[precision],
        **frameworks,
        **evidence(fitted, rows),
    }


def fit_casts(tables: Tables, gpu: str) -> dict[str, Any]:
    """Surfaces of casting a few activations from bf16 to fp8.

    Parameters
    ----------
    tables, gpu
        As in `fit_small`.

    Returns
    -------
    dict
        Stream surfaces by `static` (the scale is given) and `dynamic` (one scale a token, found first);
        of either only what the tables have.
    """
    found = {}
    for kind, backends in (("static", ("trtllm", "vllm")), ("dynamic", ("vllm",))):
        given = _casts(tables, gpu, "scale_matrix_perf", backends)
        if given is None or len(given) < FEWEST:
            continue
        seconds, used = given.seconds, [given]
        if kind == "dynamic":
            scales = _casts(tables, gpu, "computescale_perf", backends)
            if scales is None or not np.array_equal(
                scales["m"] * scales["k"], given["m"] * given["k"]
            ):
                continue
            seconds, used = seconds + scales.seconds, [given, scales]
        m, k = given.floats("m", "k")
        fitted = fit_terms(stream_terms(3.0 * m * k), seconds)
        launch, per_byte = fitted.constants
        found[kind] = {
            "launch_s": rounded(launch),
            "bytes_per_s": rate(per_byte),
            **evidence(fitted, *used),
        }
    return found


def _casts(tables: Tables, gpu: str, table: str, backends: Sequence[str]) -> Rows | None:
    rows = tables.read(gpu, "quantize", table, {"m": ..., "k": ...}, backends=backends, newest=True)
    if rows is None:
        return None
    small = (rows["m"] <= 1024) & (rows["k"] >= NARROWEST) & (rows["m"] * rows["k"] <= MOST_CAST)
    return rows.where(small).fastest("m", "k")
