"""An `Engine` from a chip, number formats, a runtime and the calibration constants."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from gigawatt.perf.chip import Chip
from gigawatt.perf.machine import Value
from gigawatt.perf.shape import Shape

from .engine import Engine
from .formats import Format, Formats
from .runtimes import Runtime

__all__ = ["engine_of", "stack_engines"]

MICRO, MILLI = 1e-6, 1e-3
_RATIO = {"bf16": "bf16", "fp8": "fp8", "fp8_block": "fp8", "nvfp4": "nvfp4"}


def engine_of(
    chip: Chip, shape: Shape, formats: Formats, runtime: Runtime, constants: Mapping[str, Value]
) -> Engine:
    """The numbers that a pass sees.

    Parameters
    ----------
    chip : Chip
        Accelerator and networks.
    shape : Shape
        The model, which chooses the attention table.
    formats : Formats
        Of weights and cache.
    runtime : Runtime
        Software.
    constants : mapping
        Serving constants by name; floats or arrays that broadcast.
    """
    c = constants
    kernels = chip.kernels
    carry = 1.0 / chip.memory_ratio
    feed = kernels.gemm.get(formats.feed.rate) or kernels.gemm["bf16"]  # type: ignore[call-overload]
    vendor = _vendor(chip)
    fixed = c[f"kernels.{vendor}"]
    if runtime.kernels == "early":
        fixed = fixed * c[f"early.{vendor}"]
    small = c[f"kernels.{runtime.kernels}"] * fixed * _stream_launch(chip)
    launch = {
        part: c["launch"] * fixed * _launch(chip, form)
        for part, form in (
            ("projections", formats.projections),
            ("feed", formats.feed),
            ("experts", formats.experts),
        )
    }
    latent = shape.latent > 0
    core = _core_rate(chip, shape)
    memory = 1.0 / chip.hbm_bytes_per_s * c[f"memory.{vendor}"]
    card = chip.up_bytes_per_s < 100e9
    reduce, flagged = ("reduce.card", "reduce.card.flagged") if card else ("reduce", "reduce")
    return Engine(
        projection_s_per_flop=_product_s(chip, formats.projections, c),
        projection_bytes=formats.projections.bytes,
        feed_s_per_flop=_product_s(chip, formats.feed, c),
        feed_bytes=formats.feed.bytes,
        feed_s_per_mn=feed.mn_s * carry,
        feed_s_per_mk=feed.mk_s * carry,
        expert_s_per_flop=c["experts"] * _product_s(chip, formats.experts, c),
        expert_bytes=formats.experts.bytes,
        expert_s_per_token_element=c["rows"] * 4.0 * memory,
        head_s_per_flop=_product_s(chip, Format(2.0, "bf16"), c),
        weight_s_per_byte=c["weights"] * memory,
        expert_weight_s_per_byte=c["expert_weights"] * memory,
        cache_s_per_byte=c["cache"] * memory,
        stream_s_per_byte=c["stream"] * memory,
        cache_bytes=formats.cache_bytes,
        prompt_s_per_flop=c["prompt"] * c[f"level.{vendor}"] * _capped(chip, c) / core,
        decode_s_per_flop=c["decode"] * c[f"level.{vendor}"] * _capped(chip, c) / core,
        attention_kernels_s=launch["projections"] * (6.0 if latent else 2.0)
        + small * (c["count.latent"] if latent else c["count.attention"]),
        dense_kernels_s=2.0 * launch["feed"] + small * c["count.dense"],
        expert_kernels_s=(2.0 + 2.0 * (shape.shared_ffn > 0)) * launch["experts"]
        + small * c["count.experts"],
        admitted=runtime.admitted,
        mixed=float(runtime.mixed),
        domain=chip.domain,
        reduce_s=c[reduce] * MICRO,
        reduce_rank_s=c[f"{reduce}.rank"] * MICRO,
        flagged_s=c[flagged] * MICRO,
        flagged_rank_s=c[f"{flagged}.rank"] * MICRO,
        far_s=c["reduce.far"] * MICRO,
        far_exposed=c["far"],
        up_s_per_byte=(c["up.card"] if card else c["up"]) / chip.up_bytes_per_s,
        out_s_per_byte=c["up"] / chip.out_bytes_per_s,
        pass_s=c[f"pass.{runtime.host}"] * MILLI,
        sequence_s=c[f"sequence.{runtime.host}"] * MICRO,
        skew=c["skew"],
        lockstep=c[f"lockstep.{runtime.copies}"],
        hbm_bytes=chip.hbm_bytes,
        usable=c["usable"],
        reserved_bytes=c["reserved"] * 1e9,
    )


def _stream_launch(chip: Chip) -> float:
    """Fixed time of a kernel that moves next to nothing [s]."""
    return chip.kernels.stream.launch_s if chip.kernels.stream else 2e-6


def _launch(chip: Chip, form: Format) -> float:
    """Fixed time of a product in a format, from its kernel table [s]."""
    table = chip.kernels.gemm.get(form.rate)  # type: ignore[call-overload]
    return float((table or chip.kernels.gemm["bf16"]).launch_s)


def _vendor(chip: Chip) -> str:
    if chip.system_id in {"mi300x", "mi325x"}:
        return "cdna3"
    return "cdna4" if chip.system_id.startswith("mi") else "nvidia"


def _capped(chip: Chip, c: Mapping[str, Value]) -> Value:
    return chip.capped ** c["power"]


def _product_s(chip: Chip, form: Format, c: Mapping[str, Value]) -> Value:
    """Time per FLOP of large products in a format, kernel table and power limit considered [s/FLOP]."""
    table = chip.kernels.gemm.get(form.rate)  # type: ignore[call-overload]
    surface = table or chip.kernels.gemm["bf16"]
    ratio = chip.flops_ratio.get(_RATIO[form.rate], chip.flops_ratio["bf16"])
    level = c[f"level.{_vendor(chip)}"] * c[f"products.{_RATIO[form.rate]}"]
    return level * _capped(chip, c) / surface.flops_per_s / ratio


def _core_rate(chip: Chip, shape: Shape) -> float:
    """Sustained rate of the prompt's attention core in bf16, causal pairs counted [FLOP/s]."""
    width = "mla" if shape.latent else "64" if shape.qk_dim <= 96 else "128"
    tables = chip.kernels.attention
    found = tables.get(width) or tables["128"]  # type: ignore[call-overload]
    return float(found["bf16"].flops_per_s * chip.flops_ratio["bf16"])


def stack_engines(engines: list[Engine]) -> Engine:
    """Several engines as one whose fields are arrays, cases last."""
    return Engine(
        *(np.stack(np.broadcast_arrays(*column), axis=-1) for column in zip(*engines, strict=True))
    )
