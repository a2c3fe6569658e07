"""A `Machine` from a chip, a precision, a software stack and the calibration constants.

This is where kernel tables, datasheets and constants meet; the kernels downstream see only numbers.
Constants may be arrays (calibration draws), and so are then the machine's fields.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from gigawatt.catalog.kernels import AttentionSurface, GemmSurface, GroupedSurface
from gigawatt.core.errors import InputError, Problem

from .chip import TABLE_OF, Chip
from .machine import Machine, Value
from .stacks import Stack

__all__ = ["Fabric", "machine_of"]

MICRO, MILLI = 1e-6, 1e-3
FABRIC_LATENCY_S = 8e-6
"""One message through NICs and three tiers of switches; assumed, of the order that vendors publish for
small messages between nodes (some 5 to 10 us). Steps barely feel it below ten thousand accelerators [s]."""
START_HOPS = 4.0
"""Hops over which the start of a measured all-gather is spread: tables hold whole collectives, of 2 to 8
ranks mostly; assumed [1]."""
UNFUSED_LEVEL = 1.5
"""Time of the narrow batched products of unfused attention over that of large ones, before the constant
that is fitted on top; a scale, not a finding [1]."""
HOST_BYTES = 240e9
"""Host memory of one accelerator: 2 TB for 8 in DGX H100 and B200, 480 GB for 2 in GB200 NVL72 (NVIDIA
datasheets), less what the operating system takes [B]."""


@dataclass(frozen=True, slots=True)
class Fabric:
    """Networks beyond the accelerator's own datasheet.

    Attributes
    ----------
    up_bytes_per_s, out_bytes_per_s : float or None
        One direction, per accelerator, where a cluster is wired unlike its system [B/s].
    building, campus : float
        Accelerators under one roof, and on one campus [1].
    building_bytes_per_s, campus_bytes_per_s : float
        Between buildings and between campuses, per accelerator, one direction [B/s].
    building_latency_s, campus_latency_s : float
        One way; light in glass takes 5 us a kilometre [s].
    in_network : bool
        Whether scale-out switches reduce.
    """

    up_bytes_per_s: float | None = None
    out_bytes_per_s: float | None = None
    building: float = math.inf
    building_bytes_per_s: float = 25e9
    building_latency_s: float = 15e-6
    campus: float = math.inf
    campus_bytes_per_s: float = 1e9
    campus_latency_s: float = 5e-3
    in_network: bool = False


DEFAULT_FABRIC = Fabric()


def machine_of(
    chip: Chip,
    precision: str,
    stack: Stack,
    constants: Mapping[str, Value],
    *,
    head_dim: float = 128.0,
    latent: bool = False,
    gated_experts: bool = True,
    fabric: Fabric = DEFAULT_FABRIC,
) -> Machine:
    """The numbers that the kernels see.

    Parameters
    ----------
    chip : Chip
        Accelerator and networks.
    precision : str
        Training precision: bf16, fp8, mxfp8 or nvfp4.
    stack : Stack
        Software.
    constants : mapping
        Calibration constants by name; floats or arrays that broadcast.
    head_dim : float
        Width of a query head, which chooses the attention table.
    latent : bool
        Whether attention is multi-head latent attention.
    gated_experts : bool
        Whether experts have a gate.
    fabric : Fabric
        Networks of the site.

    Raises
    ------
    InputError
        E702 if the chip lacks the precision.
    """
    if precision not in chip.peak:
        raise InputError(
            Problem(
                "E702",
                f"{chip.system_id} cannot train in {precision}; it can in {', '.join(chip.peak)}.",
                "another --precision or another system",
                "precision",
            )
        )
    c = constants
    table = TABLE_OF[precision]
    narrow = precision != "bf16"
    kernels = chip.kernels
    main = kernels.gemm.get(table) or kernels.gemm["bf16"]  # type: ignore[call-overload]
    half = kernels.gemm["bf16"]
    grouped = kernels.grouped.get(table) or kernels.grouped["bf16"]  # type: ignore[call-overload]
    level = "nvfp4" if precision == "nvfp4" else "fp8" if narrow else "bf16"
    capped = chip.capped ** c["power"]
    slow = c[f"gemm.{chip.level}.{level}"] * capped / chip.flops_ratio[precision]
    slow_half = c[f"gemm.{chip.level}.bf16"] * capped / chip.flops_ratio["bf16"]
    carry = 1.0 / chip.memory_ratio
    fused = stack.fused_experts and gated_experts and precision in {"mxfp8", "nvfp4"}
    experts = c["grouped"] * (c["grouped.fused"] if fused else 1.0)
    unfused = stack.attention == "unfused"
    attention_s, backward = _attention(chip, stack, c, head_dim, latent, half, capped)
    early = not stack.overlap
    gather = kernels.collectives["all_gather"].bytes_per_s
    link = max(gather.values()) * chip.link_ratio
    if fabric.up_bytes_per_s is not None:
        link *= fabric.up_bytes_per_s / chip.up_bytes_per_s
    out_bytes_per_s = fabric.out_bytes_per_s or chip.out_bytes_per_s
    alpha = kernels.collectives["all_gather"]
    loss = "unfused" if unfused else "eager" if stack.elementwise == "eager" else "fused"
    return Machine(
        gemm_launch_s=main.launch_s,
        gemm_s_per_flop=slow / main.flops_per_s,
        gemm_s_per_mn=main.mn_s * carry,
        gemm_s_per_mk=main.mk_s * carry,
        gemm_s_per_nk=main.nk_s * carry,
        half_launch_s=half.launch_s,
        half_s_per_flop=slow_half / half.flops_per_s,
        half_s_per_mn=half.mn_s * carry,
        half_s_per_mk=half.mk_s * carry,
        half_s_per_nk=half.nk_s * carry,
        grouped_launch_s=experts * grouped.launch_s,
        grouped_s_per_flop=experts * slow / grouped.flops_per_s,
        grouped_s_per_weight=_weight_s(grouped, chip) * carry,
        grouped_s_per_token_element=experts * _token_s(grouped, chip) * carry,
        attention_s_per_flop=attention_s,
        attention_backward=backward,
        attention_unfused=float(unfused),
        scan_s_per_flop=c["scan"] * slow_half / half.flops_per_s,
        hbm_s_per_byte=c["hbm"] / chip.hbm_bytes_per_s,
        traffic=c[f"traffic.{stack.elementwise}"],
        permute_traffic=c["permute"] * (c["grouped.fused"] if fused else 1.0),
        gradient_traffic=c["gradient"],
        cast_bytes=c["cast"] if narrow else 0.0,
        kernel_s=c["kernel"] * MICRO,
        expert_kernels=0.0 if fused else c["expert_kernels"],
        logit_traffic=c[f"logit.{loss}"],
        host_s=c[f"host.{stack.host}"] * MICRO,
        domain=chip.domain,
        up_s_per_byte=c["up"] / link,
        up_latency_s=alpha.alpha_rank_s + alpha.alpha_s / START_HOPS,
        out_s_per_byte=c["out.early" if early else "out.overlapped"] / out_bytes_per_s,
        out_latency_s=FABRIC_LATENCY_S,
        building=fabric.building,
        building_s_per_byte=1.0 / fabric.building_bytes_per_s,
        building_latency_s=fabric.building_latency_s,
        campus=fabric.campus,
        campus_s_per_byte=1.0 / fabric.campus_bytes_per_s,
        campus_latency_s=fabric.campus_latency_s,
        in_network=float(fabric.in_network),
        tp_exposed=np.minimum(c[f"messages.{_messages(stack, precision)}"], 1.0),
        tp_stall_s=c[f"stall.{_stall(stack)}"] * MICRO,
        cp_exposed=c["context"],
        ep_exposed=np.minimum(c["experts"], 1.0),
        ep_stall_s=0.0 if fused else c["stall.experts"] * MILLI,
        pp_exposed=c["hop.early" if early else "hop.overlapped"],
        dp_exposed=np.minimum(c["data.early" if early else "data.overlapped"], 1.0),
        fsdp_exposed=np.minimum(c[f"sharding.{stack.sharding}"], 1.0),
        host_link_s_per_byte=1.0 / chip.host_bytes_per_s,
        host_bytes=HOST_BYTES,
        gradient_bytes=stack.gradient_bytes,
        optimizer_traffic=c["optimizer"],
        hbm_bytes=chip.hbm_bytes,
        fixed_s=c[f"fixed.{_fixed(stack)}"] * MILLI,
        jitter=c["jitter"],
    )


def _messages(stack: Stack, precision: str) -> str:
    """Constant of tensor-parallel messages: overlapped kernels take bf16 and per-tensor fp8 only."""
    if stack.messages == "overlapped" and precision in {"mxfp8", "nvfp4"}:
        return "block-scaled"
    return "blocking" if stack.messages == "deepspeed" else stack.messages


def _fixed(stack: Stack) -> str:
    if not stack.overlap:
        return "early"
    return "megatron-core" if stack.messages == "overlapped" else "fsdp"


def _stall(stack: Stack) -> str:
    return "overlapped" if stack.messages == "compiled" else stack.messages


def _attention(
    chip: Chip,
    stack: Stack,
    c: Mapping[str, Value],
    head_dim: float,
    latent: bool,
    half: GemmSurface,
    capped: Value,
) -> tuple[Value, Value]:
    """Seconds per causal FLOP of the forward core, and backward over forward time."""
    if stack.attention == "unfused":
        level = c["attention.unfused"] * c[f"gemm.{chip.level}.bf16"] * UNFUSED_LEVEL
        return level / half.flops_per_s / chip.flops_ratio["bf16"], c["backward.unfused"]
    tables = chip.kernels.attention
    width = "mla" if latent else "64" if head_dim <= 96 else "128" if head_dim <= 192 else "256"
    by_precision = tables.get(width) or tables["128"]  # type: ignore[call-overload]
    surface: AttentionSurface = by_precision["bf16"]
    seconds = capped / surface.flops_per_s / chip.flops_ratio["bf16"]
    if stack.attention == "flash2":
        name = "attention.flash2-ampere" if chip.level == "ampere" else "attention.flash2"
        return c[name] * seconds, c["backward.flash2"]
    return c[f"attention.{stack.attention}"] * seconds, c["backward.cudnn"]


def _weight_s(grouped: GroupedSurface, chip: Chip) -> float:
    rate = grouped.weight_bytes_per_s or chip.hbm_bytes_per_s
    return grouped.weight_bytes / rate


def _token_s(grouped: GroupedSurface, chip: Chip) -> float:
    """Per element of one row of the width that experts see: two bytes in, two bytes out."""
    return 4.0 / (grouped.token_bytes_per_s or chip.hbm_bytes_per_s)
