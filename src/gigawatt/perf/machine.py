"""What the performance model knows of an accelerator under one precision and one software stack.

A `Machine` is flat numbers: kernel surfaces, sustained bandwidths, network tiers, and the shares of
communication that a stack leaves exposed. Where they come from (catalog, kernel tables, calibration)
is `machines`' business; the kernels only see the numbers. Every field is a float, or an array that
broadcasts: over calibration draws, over measured rows, over risk draws.
"""

from __future__ import annotations

from typing import Any, NamedTuple

__all__ = ["Machine", "Value"]

Value = Any
"""A float, or an array that broadcasts with the others."""


class Machine(NamedTuple):
    """An accelerator under one precision and software stack."""

    gemm_launch_s: Value
    """Fixed time of a matrix product in the training precision [s]."""
    gemm_s_per_flop: Value
    """Time per FLOP of a large matrix product [s/FLOP]."""
    gemm_s_per_mn: Value
    """Time per output element [s]."""
    gemm_s_per_mk: Value
    """Time per element of the activations [s]."""
    gemm_s_per_nk: Value
    """Time per element of the weights [s]."""
    half_launch_s: Value
    """The same five in bf16, for what stays in bf16: output head, router, latent projections [s]."""
    half_s_per_flop: Value
    half_s_per_mn: Value
    half_s_per_mk: Value
    half_s_per_nk: Value
    grouped_launch_s: Value
    """Fixed time of the grouped products of one expert layer [s]."""
    grouped_s_per_flop: Value
    """Time per FLOP of grouped products [s/FLOP]."""
    grouped_s_per_weight: Value
    """Time per weight element of the experts on the rank [s]."""
    grouped_s_per_token_element: Value
    """Time per activation element that enters or leaves the experts [s]."""
    attention_s_per_flop: Value
    """Time per FLOP of the attention core, forward [s/FLOP]."""
    attention_backward: Value
    """Time of the backward attention core over the forward one [1]."""
    attention_unfused: Value
    """1 where scores are written to memory (before fused attention), 0 elsewhere [1]."""
    scan_s_per_flop: Value
    """Time per FLOP of the state-space scan [s/FLOP]."""
    hbm_s_per_byte: Value
    """Sustained memory traffic [s/B]."""
    traffic: Value
    """Elementwise bytes moved over the bytes that ideal fusion would move [1]."""
    permute_traffic: Value
    """The same for the routing, permutation and combination of experts [1]."""
    gradient_traffic: Value
    """Exposed share of the traffic that adds a weight gradient to its sum in single precision [1]."""
    cast_bytes: Value
    """Bytes moved per element to quantise a matrix operand; 0 in bf16 [B]."""
    kernel_s: Value
    """Time of an elementwise kernel beyond its traffic [s]."""
    expert_kernels: Value
    """Kernels issued per expert on the rank, forward; 0 where experts are one grouped kernel [1]."""
    logit_traffic: Value
    """Bytes that the loss moves over those of a fused single pass, per logit [1]."""
    host_s: Value
    """Host time to issue one kernel; 0 where graphs are captured [s]."""
    domain: Value
    """Accelerators in one scale-up domain [1]."""
    up_s_per_byte: Value
    """Scale-up network, one direction, sustained [s/B]."""
    up_latency_s: Value
    out_s_per_byte: Value
    """Scale-out network per accelerator, one direction, sustained [s/B]."""
    out_latency_s: Value
    building: Value
    """Accelerators in one building [1]."""
    building_s_per_byte: Value
    """Between buildings, per accelerator [s/B]."""
    building_latency_s: Value
    campus: Value
    """Accelerators on one campus [1]."""
    campus_s_per_byte: Value
    """Between campuses, per accelerator [s/B]."""
    campus_latency_s: Value
    in_network: Value
    """1 where switches of the scale-out fabric reduce in the network, 0 elsewhere [1]."""
    tp_exposed: Value
    """Share of tensor-parallel communication that computation does not hide [1]."""
    tp_stall_s: Value
    """Time that each tensor-parallel exchange stalls the stream beyond its bytes [s]."""
    cp_exposed: Value
    """The same for the exchange of keys and values [1]."""
    ep_exposed: Value
    """The same for the all-to-all of experts [1]."""
    ep_stall_s: Value
    """Time that routing stalls the stream in a layer and pass: the host waits for token counts [s]."""
    pp_exposed: Value
    """The same for transfers between stages [1]."""
    dp_exposed: Value
    """The same for gradients and parameters of data parallelism, beyond the window it hides in [1]."""
    fsdp_exposed: Value
    """Of the smaller of computation and communication, what full sharding leaves exposed [1]."""
    host_link_s_per_byte: Value
    """Between the memories of host and accelerator, one direction [s/B]."""
    host_bytes: Value
    """Host memory of one accelerator for what is offloaded [B]."""
    gradient_bytes: Value
    """Bytes of a gradient as it is kept and reduced: 4 in single precision, 2 in bf16 [B]."""
    optimizer_traffic: Value
    """Bytes that the optimizer moves over what one fused pass would move [1]."""
    hbm_bytes: Value
    """Memory of an accelerator [B]."""
    fixed_s: Value
    """Fixed time of a step: logging, synchronisation, data [s]."""
    jitter: Value
    """Growth of a step per doubling of scale-up domains: stragglers and network noise [1]."""
