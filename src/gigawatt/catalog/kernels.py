"""Measured kernel times of one system, as constants of simple surfaces.

A surface says how long one kernel or one collective takes as a sum of terms: launch, arithmetic, bytes.
The terms themselves (what counts as a FLOP of causal attention, what a message is) are in
`gigawatt.perf.silicon.terms`; this file knows only which constants there are, with their units, and
what they were fitted on. It knows no training step.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from .facts import _Frozen, _Sourced

__all__ = [
    "AttentionSurface",
    "CollectiveSurface",
    "Fit",
    "GemmSurface",
    "GroupedSurface",
    "KernelPrecision",
    "Kernels",
    "StreamSurface",
]

KernelPrecision = Literal["bf16", "fp8", "fp8_block", "nvfp4"]
HeadDim = Literal["64", "128", "256", "mla"]
Collective = Literal[
    "all_reduce", "all_gather", "reduce_scatter", "alltoall", "expert_dispatch", "expert_combine"
]
Constant = Annotated[float, Field(ge=0.0, allow_inf_nan=False)]
Rate = Annotated[float, Field(gt=0.0, allow_inf_nan=False)]


class Fit(_Frozen):
    """What a surface was fitted on, and how well it does."""

    rows: int = Field(gt=0)
    """Measurements fitted."""
    dropped: int = Field(default=0, ge=0)
    """Measurements left out because the library had no good kernel for the shape."""
    mape: Constant
    """Mean absolute relative error [1]."""
    p90: Constant
    """90th percentile of the absolute relative error [1]."""
    bias: float
    """Mean relative error [1]; positive where the surface is too slow."""
    tables: tuple[str, ...]
    """Tables: name, library and its version."""


class GemmSurface(Fit):
    """Matrix product (m × k) (k × n): launch + 2 m n k / rate + a m n + b m k + c n k.

    The product alone: the time to quantise the activations has been taken out.
    """

    launch_s: Constant
    """Time of an empty product [s]."""
    flops_per_s: Rate
    """Rate of the arithmetic alone [FLOP/s]."""
    mn_s: Constant
    """Time per element of the output [s]."""
    mk_s: Constant
    """Time per element of the activations [s]."""
    nk_s: Constant
    """Time per element of the weights [s]."""
    large_flops_per_s: Rate | None = None
    """Median measured rate of products of at least 1 TFLOP [FLOP/s]."""


class AttentionSurface(Fit):
    """Causal attention core, forward: launch + FLOP / rate + bytes / bandwidth."""

    launch_s: Constant
    """Time of an empty kernel [s]."""
    flops_per_s: Rate
    """Rate, where half of all pairs are counted [FLOP/s]."""
    bytes_per_s: Rate
    """Bandwidth of queries, keys, values and output [B/s]."""
    large_flops_per_s: Rate | None = None
    """Median measured rate at 4,096 tokens and more [FLOP/s]."""


class GroupedSurface(Fit):
    """Experts of one layer on one rank, both products and what lies between and around them.

    launch + FLOP / rate + weight bytes / bandwidth + token bytes / bandwidth.
    """

    launch_s: Constant
    """Time with next to no tokens and weights [s]."""
    flops_per_s: Rate
    """Rate of the arithmetic alone [FLOP/s]."""
    weight_bytes_per_s: Rate | None = None
    """Weights touched; may exceed the memory's bandwidth, being partly hidden [B/s]."""
    token_bytes_per_s: Rate | None = None
    """Rows in and out in bf16, 4 × rows × hidden bytes [B/s]."""
    weight_bytes: Rate
    """Bytes of a weight with its block scales [B]."""
    large_flops_per_s: Rate | None = None
    """Median measured rate with at least 512 rows per expert [FLOP/s]."""


class CollectiveSurface(Fit):
    """Collective in one scale-up domain of n ranks, x = bytes on the links of one rank.

    alpha + alpha_rank (n - 1) + x / bandwidth(n) + x / (1 + x / ramp) / ramp bandwidth.
    """

    alpha_s: Constant
    """Start [s]."""
    alpha_rank_s: Constant
    """Per further rank [s]."""
    bytes_per_s: dict[int, Rate] = Field(min_length=1)
    """Bandwidth of large messages by number of ranks [B/s]."""
    ramp_bytes: Rate | None = None
    """Bytes after which the transfer is at full bandwidth [B]."""
    ramp_bytes_per_s: Rate | None = None
    """What the bytes before that cost in addition [B/s]."""


class StreamSurface(Fit):
    """Kernel that only moves memory: launch + bytes / bandwidth."""

    launch_s: Constant
    """Time of a kernel that moves next to nothing [s]."""
    bytes_per_s: Rate
    """Sustained bandwidth of reads and writes together [B/s]."""


class Kernels(_Sourced):
    """Kernel times of one system."""

    name: str
    """What was measured."""
    system: str
    """Id of the system under systems/."""
    release: str
    """Package and release that the tables are from."""
    restrictions: dict[str, str]
    """What each kind of surface was fitted on, in words."""
    gemm: dict[KernelPrecision, GemmSurface] = Field(default_factory=dict)
    """Matrix products by precision."""
    attention: dict[HeadDim, dict[KernelPrecision, AttentionSurface]] = Field(default_factory=dict)
    """Attention by head dimension and precision; `mla` has 192 for queries and keys, 128 for values."""
    grouped: dict[KernelPrecision, GroupedSurface] = Field(default_factory=dict)
    """Experts by precision."""
    collectives: dict[Collective, CollectiveSurface] = Field(default_factory=dict)
    """Collectives inside one scale-up domain, in elements of 2 bytes."""
    stream: StreamSurface | None = None
    """Kernels that only move memory."""
