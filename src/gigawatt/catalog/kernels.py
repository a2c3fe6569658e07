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
    "DecodeAttentionSurface",
    "DecodeFit",
    "ExchangeSurface",
    "ExpertPrecision",
    "Fit",
    "GemmSurface",
    "GroupedSurface",
    "KernelPrecision",
    "Kernels",
    "LatentProductSurface",
    "SmallCollectiveSurface",
    "SmallGemmSurface",
    "SmallGroupedSurface",
    "StreamSurface",
]

KernelPrecision = Literal["bf16", "fp8", "fp8_block", "nvfp4"]
ExpertPrecision = Literal[
    "bf16", "fp8", "fp8_block", "nvfp4", "mxfp4_bf16", "mxfp4_mxfp8", "int4_bf16"
]
Framework = Literal["vllm", "sglang", "trtllm"]
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


class DecodeFit(Fit):
    """A surface of decoding: the fastest framework, and how the others compare.

    Its hidden terms (those with a rate, and `k_s`) add as a root of squares, the others plainly.
    """

    frameworks: dict[Framework, Rate] = Field(default_factory=dict)
    """Median time of each framework's kernel over that of the fastest, shape by shape [1]."""


class SmallGemmSurface(DecodeFit):
    """Matrix product (m × k) (k × n) with 1 to 256 rows.

    launch + a m n + b m k + root of squares of n k bytes / bandwidth, 2 m n k / rate, c k.
    """

    launch_s: Constant
    """Time of an empty product [s]."""
    bytes_per_s: Rate
    """Bandwidth at which weights are read [B/s]."""
    arithmetic_flops_per_s: Rate
    """Rate of the arithmetic alone [FLOP/s]."""
    k_s: Constant
    """Time per element of the inner size, which a tile of the output runs through in turn [s]."""
    mn_s: Constant
    """Time per element of the output [s]."""
    mk_s: Constant
    """Time per element of the activations [s]."""
    weight_bytes: Rate
    """Bytes of a weight with its block scales [B]."""


class LatentProductSurface(DecodeFit):
    """One of the two products per head around latent attention, 128 to 512 or 512 to 128."""

    launch_s: Constant
    """Time of an empty product [s]."""
    bytes_per_s: Rate
    """Bandwidth at which weights are read; they may have been in the cache [B/s]."""
    arithmetic_flops_per_s: Rate
    """Rate of the arithmetic alone [FLOP/s]."""
    row_s: Constant
    """Time per element that enters or leaves [s]."""
    weight_bytes: Rate
    """Bytes of a weight [B]."""


class DecodeAttentionSurface(DecodeFit):
    """Attention of one new token a sequence.

    launch + a context + b query elements + root of squares of cache bytes / bandwidth, FLOP / rate.
    """

    launch_s: Constant
    """Time with next to nothing in the cache [s]."""
    bytes_per_s: Rate
    """Bandwidth at which the key-value cache is read [B/s]."""
    arithmetic_flops_per_s: Rate
    """Rate of the arithmetic alone [FLOP/s]."""
    context_s: Constant
    """Time per token of the context of one sequence [s]."""
    query_s: Constant
    """Time per element of the queries: sequences × heads × head dimension [s]."""


class SmallGroupedSurface(DecodeFit):
    """Experts of one layer on one rank for 1 to 1,024 tokens.

    launch + a rows hidden + root of squares of touched weight bytes / bandwidth, FLOP / rate.
    """

    launch_s: Constant
    """Time with next to no tokens and weights [s]."""
    bytes_per_s: Rate
    """Bandwidth at which the weights of touched experts are read, experts touched as by random choice
    [B/s]."""
    arithmetic_flops_per_s: Rate
    """Rate of the arithmetic alone [FLOP/s]."""
    row_s: Constant
    """Time per element of the rows: tokens × experts per token × hidden [s]."""
    weight_bytes: Rate
    """Bytes of a weight with its block scales [B]."""


class SmallCollectiveSurface(DecodeFit):
    """Collective of small messages between n ranks: alpha(n) + message / bandwidth(n)."""

    alpha_s: dict[int, Constant] = Field(min_length=1)
    """Start by number of ranks [s]."""
    bytes_per_s: dict[int, Rate] = Field(min_length=1)
    """Bytes of the message per second, by number of ranks [B/s]."""


class ExchangeSurface(SmallCollectiveSurface):
    """Sending tokens to their experts, or back.

    The message is tokens of a rank × experts per token × hidden × bytes of an element; that a token goes
    once to a rank with several of its experts is in the bandwidth.
    """

    element_bytes: Rate
    """Bytes of an element as it was sent when measured [B]."""


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
    small_gemm: dict[KernelPrecision, SmallGemmSurface] = Field(default_factory=dict)
    """Matrix products of decoding by precision."""
    latent_product: dict[KernelPrecision, LatentProductSurface] = Field(default_factory=dict)
    """Products around latent attention by precision."""
    cast: dict[Literal["static", "dynamic"], StreamSurface] = Field(default_factory=dict)
    """Casting a few activations from bf16 to fp8: with a given scale, or one found for each row."""
    decode_attention: dict[HeadDim, dict[KernelPrecision, DecodeAttentionSurface]] = Field(
        default_factory=dict
    )
    """Attention of decoding by head dimension and precision of the cache; `mla` over the latent."""
    small_grouped: dict[ExpertPrecision, SmallGroupedSurface] = Field(default_factory=dict)
    """Experts of decoding by precision of weights, and of activations where it differs."""
    small_all_reduce: SmallCollectiveSurface | None = None
    """All-reduce of decoding in one scale-up domain, in elements of 2 bytes."""
    small_all_to_all: dict[Literal["dispatch", "combine"], ExchangeSurface] = Field(
        default_factory=dict
    )
    """Exchange of a few tokens with experts."""
