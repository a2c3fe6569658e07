"""All surfaces of one system, as a record of the catalog.

Knows which name of the tables belongs to which system of the catalog, and what each surface was
restricted to. It reads no catalog: datasheet limits come in as numbers, the record goes out as data.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from . import attention, experts, links, products, serving
from .figures import there
from .tables import PACKAGE, Tables
from .terms import COLLECTIVES

__all__ = ["GPUS", "NOTE", "RESTRICTIONS", "Limits", "fit_system"]

GPUS: Mapping[str, str] = {
    "a100-80gb-sxm": "a100_sxm",
    "h100-sxm": "h100_sxm",
    "h200-sxm": "h200_sxm",
    "b200-hgx": "b200_sxm",
    "b300-hgx": "b300_sxm",
    "gb200-nvl72": "gb200",
    "gb300-nvl72": "gb300",
}
"""System of the catalog → name in the tables."""

RESTRICTIONS: Mapping[str, str] = {
    "gemm": (
        f"m, n and k at least {products.SMALLEST}; fastest of TensorRT-LLM and SGLang for each shape "
        "(fp8: TensorRT-LLM); quantisation of the activations taken out"
    ),
    "attention": (
        f"causal, forward; sequences of at least {attention.SHORTEST} tokens, at least "
        f"{attention.FEWEST} sequences × heads; fastest library for each shape"
    ),
    "grouped": (
        f"balanced routing, all experts on the rank, at least {experts.ROWS_PER_EXPERT} rows per expert, "
        f"expert width at least {experts.NARROWEST}, gated; TensorRT-LLM, or SGLang where it has none; "
        "includes permutation, quantisation and the weighted sum"
    ),
    "collectives": (
        f"one scale-up domain, 2-byte elements, messages of at least {links.SMALLEST_BYTES} bytes; "
        "newest NCCL of the tables; expert exchange: TensorRT-LLM over NVLink"
    ),
    "stream": (
        f"bf16 to fp8 with a given scale, at least {products.STREAM_ELEMENTS / 1e6:.0f} million elements"
    ),
    **serving.RESTRICTIONS,
}
"""What each kind of surface was fitted on."""

NOTE = (
    "Kernels alone, timed for milliseconds under CUDA graphs: neither the host, nor neighbours on the "
    "same accelerator, nor the clocks of a long run are in these times."
)


@dataclass(frozen=True, slots=True)
class Limits:
    """Datasheet figures of one package, which no fitted rate may exceed."""

    flops_per_s: Mapping[str, float]
    """Dense peak by precision: bf16, fp8, fp8_block, nvfp4 [FLOP/s]."""
    hbm_bytes_per_s: float
    """Memory bandwidth [B/s]."""
    link_bytes_per_s: float
    """Scale-up bandwidth, one direction [B/s]."""


def fit_system(tables: Tables, system_id: str, limits: Limits) -> dict[str, Any]:
    """Fit every surface of one system that the tables have rows for.

    Parameters
    ----------
    tables : Tables
        Measured tables.
    system_id : str
        A key of `GPUS`.
    limits : Limits
        Datasheet figures of its package.

    Returns
    -------
    dict
        The computed part of a `kernels` record: note, system, release, restrictions and surfaces.
    """
    gpu = GPUS[system_id]
    stream = products.fit_stream(tables, gpu)
    gemm: dict[str, Any] = {}
    grouped: dict[str, Any] = {}
    for precision, peak in limits.flops_per_s.items():
        gemm[precision] = products.fit_gemm(tables, gpu, precision, peak, stream)
        product = gemm[precision]
        if product is not None:
            fastest = product["flops_per_s"]
            grouped[precision] = experts.fit_experts(tables, gpu, precision, fastest)
    heads: dict[str, Any] = {}
    for head in attention.HEADS:
        heads[head] = {
            precision: attention.fit_attention(
                tables, gpu, head, precision, limits.flops_per_s[precision], limits.hbm_bytes_per_s
            )
            for precision in ("bf16", "fp8")
            if precision in limits.flops_per_s
        }
    collectives = {
        operation: links.fit_collective(tables, gpu, operation, limits.link_bytes_per_s)
        for operation in COLLECTIVES
    }
    surfaces = {
        "gemm": gemm,
        "attention": heads,
        "grouped": grouped,
        "collectives": collectives,
        "stream": stream,
        **serving.fit_serving(tables, gpu, limits.flops_per_s, limits.hbm_bytes_per_s, stream),
    }
    kept = there(surfaces)
    return {
        "note": NOTE,
        "system": system_id,
        "release": f"{PACKAGE} {tables.version}",
        "restrictions": {kind: RESTRICTIONS[kind] for kind in kept},
        **kept,
    }
