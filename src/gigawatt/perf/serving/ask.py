"""Asking by names: `infer("deepseek-v3", "gb300-nvl72", 72)`, from Python and from the command line."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from gigawatt.catalog import Catalog
from gigawatt.catalog.records import Architecture
from gigawatt.core.errors import InputError, Problem
from gigawatt.perf.ask import model_named, refuse_unknown
from gigawatt.perf.chip import Chip, chip_of
from gigawatt.perf.costs import Prices, prices_of
from gigawatt.perf.energy import Power, power_of
from gigawatt.perf.shape import Shape, shape_of

from .answer import ServingAnswer, ServingOption
from .engines import engine_of
from .formats import formats_of
from .ground import first_token_band, outside_serving, serving_band
from .modes import Lengths, Limits
from .request import ServingRequest, checked
from .runtimes import runtime_named
from .search import ServingFound, ServingPoint, search_serving

__all__ = ["infer", "serve", "usual_precision"]

_GB = 1e9


def infer(
    model: str | Path,
    system: str,
    count: int,
    *,
    catalog: Catalog | None = None,
    **wanted: Any,
) -> ServingAnswer:
    """Find the best ways of serving a model within limits of latency.

    Parameters
    ----------
    model : str or Path
        Catalog id, or a Hugging Face `config.json` or its folder.
    system : str
        Catalog id of the accelerators' system.
    count : int
        Accelerators.
    catalog : Catalog, optional
        With records of your own; the package's by default.
    **wanted
        Everything else of `ServingRequest`: `input_tokens`, `output_tokens`, `ttft_s`, `tpot_s`,
        `precision`, `reused`, `accepted` and so on.

    Returns
    -------
    ServingAnswer
        `best` holds the ways, best first; where it is empty, `verdict` says which limit binds.

    Raises
    ------
    InputError
        For input that cannot be used.

    Examples
    --------
    >>> answer = infer("llama31-8b", "h100-sxm", 8, input_tokens=1000, output_tokens=1000)
    >>> answer.best[0].point.tpot_s <= 0.05
    True
    """
    refuse_unknown(wanted, ServingRequest, "serving")
    catalog = catalog or Catalog()
    found = model_named(catalog, model)
    request = ServingRequest(system_id=system, count=count, **wanted)
    return serve(catalog, found.architecture, request, model=found.name)


def usual_precision(chip: Chip, shape: Shape, model: str = "") -> str:
    """The narrowest format that the chip multiplies in: four bits, blocks of eight, eight, sixteen.

    Parameters
    ----------
    chip : Chip
        Accelerator.
    shape : Shape
        The model.
    model : str
        Its name; gpt-oss is published with four-bit experts and stays so everywhere.
    """
    if model.lower().startswith("gpt-oss"):
        return "mxfp4"
    if "nvfp4" in chip.peak:
        return "fp4"
    if "fp8" in chip.peak:
        return "fp8_block" if shape.latent else "fp8"
    return "bf16"


def serve(
    catalog: Catalog, architecture: Architecture, request: ServingRequest, *, model: str = ""
) -> ServingAnswer:
    """Find the best ways of serving a model.

    Parameters
    ----------
    catalog : Catalog
        Systems, kernel tables, constants, prices.
    architecture : Architecture
        The model.
    request : ServingRequest
        Accelerators, requests, limits.
    model : str
        Its name, for the answer.

    Raises
    ------
    InputError
        E213, E203 for a request that cannot be meant or that is longer than the context, E701 for a
        system that cannot be modelled, E702 for a format that it cannot multiply in.
    """
    checked(request)
    _refuse_length(request, architecture.context)
    chip = chip_of(catalog, request.system_id)
    shape = shape_of(architecture)
    precision = request.precision or usual_precision(chip, shape, model)
    _refuse_format(chip, precision)
    request = replace(request, precision=precision)
    constants = catalog.serving_calibration.values()
    runtime = runtime_named(request.runtime)
    formats = formats_of(chip, shape, precision, request.cache)
    engine = engine_of(chip, shape, formats, runtime, constants)
    cached = request.reused * request.input_tokens
    lengths = Lengths(
        input=float(request.input_tokens) - cached,
        output=float(request.output_tokens),
        reused=cached,
        accepted=request.accepted,
    )
    p99 = request.percentile == "p99"
    limits = Limits(
        request.ttft_s,
        request.tpot_s,
        constants["tail.tpot"] if p99 else 1.0,
        constants["tail.wait"] if p99 else 1.0,
    )
    started = time.perf_counter()
    found = search_serving(
        engine,
        chip,
        shape,
        lengths,
        limits,
        most_accelerators=request.count,
        most_sequences_per_copy=runtime.most,
        apart=request.apart,
        handover_s=constants["handover"] / 1e3,
        most_load=constants["load.prefill"],
    )
    seconds = time.perf_counter() - started
    power = power_of(catalog, request.system_id)
    prices = prices_of(catalog, request.system_id, request.usd_per_gpu_hour, request.usd_per_mwh)
    best = tuple(
        _option(catalog, chip, shape, request, point, power, prices)
        for point in found.best[: request.top]
    )
    return ServingAnswer(
        model=model,
        request=request,
        best=best,
        front=tuple(found.front),
        found=found,
        verdict="" if best else _verdict(request, found, p99),
        ground=_ground(chip),
        prices=prices,
        power=power,
        seconds=seconds,
    )


def _refuse_length(request: ServingRequest, context: int) -> None:
    longest = request.input_tokens + request.output_tokens
    if longest > context:
        raise InputError(
            Problem(
                "E213",
                f"Prompt and answer have {longest:,} tokens together; the model's context is "
                f"{context:,}.",
                "shorter ones, or a model with a longer context",
                "--isl",
            )
        )


def _refuse_format(chip: Chip, precision: str) -> None:
    wanted = {"fp8": "fp8", "fp8_block": "fp8"}.get(precision)
    if wanted and wanted not in chip.peak:
        raise InputError(
            Problem(
                "E702",
                f"{chip.system_id} cannot multiply in {precision}; it can in {', '.join(chip.peak)}.",
                "bf16 weights, or fp4, which are widened on the way from memory",
                "--precision",
            )
        )


def _option(
    catalog: Catalog,
    chip: Chip,
    shape: Shape,
    request: ServingRequest,
    point: ServingPoint,
    power: Power | None,
    prices: Prices | None,
) -> ServingOption:
    outside = outside_serving(
        chip,
        shape,
        request.precision or "",
        point.accelerators,
        bool(point.prefill),
        request.accepted > 1.0,
    )
    hours = 1e6 / point.tokens_per_s / 3600.0
    mwh = None if power is None else power.busy_w * power.pue * hours / 1e6
    usd = None
    if prices is not None:
        usd = prices.usd_per_gpu_hour * hours + prices.usd_per_mwh * (mwh or 0.0)
    return ServingOption(
        point=point,
        band=serving_band(catalog, chip, bool(outside)),
        ttft_band=first_token_band(catalog, bool(point.prefill)),
        outside=outside,
        units=request.count // point.accelerators,
        tokens_per_s_per_mw=None if power is None else point.tokens_per_s * 1e6 / power.busy_w,
        mwh_per_mtoken=mwh,
        usd_per_mtoken=usd,
    )


def _verdict(r: ServingRequest, found: ServingFound, p99: bool) -> str:
    """Which limit binds, and by how much it is missed."""
    if found.fastest is None:
        return (
            f"{r.count:,} accelerators do not hold the model and one request: the best of "
            f"{found.layouts:,} layouts lacks {found.short_bytes / _GB:,.1f} GB on each. More "
            "accelerators, narrower weights or shorter requests would help."
        )
    tail = " at the 99th percentile" if p99 else ""
    missed = []
    least = found.fastest.tpot_s
    if least > r.tpot_s:
        missed.append(
            f"the time of an output token is at least {least * 1e3:,.3g} ms, {least / r.tpot_s:,.3g} "
            f"times the limit of {r.tpot_s * 1e3:g} ms"
        )
    if found.soonest_s > r.ttft_s:
        missed.append(
            f"the first token takes at least {found.soonest_s:,.3g} s, "
            f"{found.soonest_s / r.ttft_s:,.3g} times the limit of {r.ttft_s:g} s"
        )
    why = " and ".join(missed) or "no layout keeps both limits at once at any load"
    return f"Nothing keeps the limits{tail}: {why}."


def _ground(chip: Chip) -> str:
    if chip.measured:
        return f"modelled with kernel times measured on {chip.reference_id}"
    return (
        f"modelled with kernel times measured on {chip.reference_id}, carried over by ratios of the "
        "datasheets"
    )
