"""The surfaces of decoding of one system, as the part of a record that serving reads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from . import decode_attention, small_experts, small_links, small_products
from .tables import Tables

__all__ = ["CACHE_BYTES", "RESTRICTIONS", "fit_serving"]

CACHE_BYTES: Mapping[str, float] = {
    "a100_sxm": 40e6,
    "h100_sxm": 50e6,
    "h200_sxm": 50e6,
    "b200_sxm": 126e6,
    "b300_sxm": 126e6,
    "gb200": 126e6,
    "gb300": 126e6,
}
"""Last-level cache by name in the tables [B]."""

RESTRICTIONS: Mapping[str, str] = {
    "small_gemm": (
        f"1 to {small_products.MOST_ROWS} rows, n and k of {small_products.NARROWEST} to "
        f"{small_products.WIDEST}; weights not in the cache; TensorRT-LLM, in bf16 and nvfp4 the faster of "
        "it and vLLM; quantisation of the activations taken out, its launch in fp8_block and nvfp4 left "
        "in; frameworks compared on weights of at least twice the cache, quantisation included"
    ),
    "latent_product": (
        "128 to 512 and 512 to 128 per head, up to 1024 tokens; fastest framework for each shape; weights "
        "may be in the cache"
    ),
    "cast": (
        "bf16 to fp8, up to 1024 rows; static: a given scale for all; dynamic: a scale found for each row"
    ),
    "decode_attention": (
        "one new token a sequence, up to "
        f"{decode_attention.MOST_SEQUENCES} sequences, contexts of at least {decode_attention.SHORTEST}; "
        f"{decode_attention.SHARING[0]} to {decode_attention.SHARING[1]} query heads a key-value head; "
        "caches of less than 2 MB or more than 1.5 times the last-level cache; fastest framework for each "
        "shape"
    ),
    "small_grouped": (
        f"1 to {small_experts.MOST_TOKENS} tokens, all experts on the rank, gated; routing "
        f"{small_experts.DISTRIBUTION}, experts touched as by random choice; fastest framework for each "
        "shape, without TensorRT-LLM's kernels for minimum latency; includes permutation, quantisation "
        "and the weighted sum"
    ),
    "small_all_reduce": (
        f"one scale-up domain, messages of up to {small_links.LARGEST_BYTES} bytes, CUDA graphs; fastest "
        "framework for each size; not fused with what follows"
    ),
    "small_all_to_all": (
        f"up to {small_links.MOST_TOKENS} tokens a rank; message: tokens × experts per token × hidden × "
        "bytes of an element; TensorRT-LLM one-sided over NVLink, or DeepEP for low latency (more than 8 "
        "ranks: between servers, InfiniBand of 400 Gb/s each)"
    ),
}
"""What each kind of surface was fitted on."""


def fit_serving(
    tables: Tables,
    gpu: str,
    flops_per_s: Mapping[str, float],
    hbm_bytes_per_s: float,
    stream: Mapping[str, Any] | None,
) -> dict[str, Any]:
    """Fit every surface of decoding that the tables have rows for.

    Parameters
    ----------
    tables : Tables
        Measured tables.
    gpu : str
        A key of `CACHE_BYTES`.
    flops_per_s : mapping of str to float
        Dense peak by precision: bf16, fp8, fp8_block, nvfp4 [FLOP/s].
    hbm_bytes_per_s : float
        Memory bandwidth [B/s].
    stream : mapping or None
        Surface of `products.fit_stream`.

    Returns
    -------
    dict
        Surfaces by kind, None where there are no rows.
    """
    cache = CACHE_BYTES[gpu]
    bf16 = flops_per_s["bf16"]
    cached = ("bf16", "fp8")
    return {
        "small_gemm": {
            precision: small_products.fit_small(
                tables, gpu, precision, peak, hbm_bytes_per_s, cache, stream
            )
            for precision, peak in flops_per_s.items()
        },
        "latent_product": {
            precision: small_products.fit_latent(
                tables, gpu, precision, flops_per_s[precision], hbm_bytes_per_s
            )
            for precision in cached
            if precision in flops_per_s
        },
        "cast": small_products.fit_casts(tables, gpu),
        "decode_attention": {
            head: {
                precision: decode_attention.fit_decode_attention(
                    tables,
                    gpu,
                    head,
                    precision,
                    flops_per_s.get(precision, bf16),
                    hbm_bytes_per_s,
                    cache,
                )
                for precision in cached
            }
            for head in decode_attention.HEADS
        },
        "small_grouped": {
            precision: small_experts.fit_small_experts(
                tables, gpu, precision, flops_per_s[peak_of], hbm_bytes_per_s
            )
            for precision, peak_of in small_experts.PEAK_OF.items()
            if peak_of in flops_per_s
        },
        "small_all_reduce": small_links.fit_small_all_reduce(tables, gpu),
        "small_all_to_all": {
            phase: small_links.fit_small_exchange(tables, gpu, phase)
            for phase in ("dispatch", "combine")
        },
    }
