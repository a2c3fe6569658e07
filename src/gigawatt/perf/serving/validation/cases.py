"""A measured serving point as a case that the model can predict: what its row leaves open, by rule.

The rules are the same for every source of a kind; what a benchmark fixes for all its rows (input lengths,
limits of latency, number of requests) is a fact about the benchmark and stands here with its origin.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from gigawatt.catalog import Catalog
from gigawatt.catalog.names import model_named, system_named
from gigawatt.catalog.serving_runs import ServingRun
from gigawatt.core.errors import InputError
from gigawatt.perf.chip import Chip, chip_of
from gigawatt.perf.serving.formats import Formats, formats_of
from gigawatt.perf.serving.runtimes import Runtime, runtime_of
from gigawatt.perf.shape import Shape, shape_of

__all__ = ["Refused", "ServingCase", "serving_cases"]

_NOMINAL = 0.9
"""InferenceX draws lengths evenly from 80 to 100 % of the nominal ones."""
_MLPERF_INPUT = {
    "llama2-70b": 294.0,
    "mixtral-8x7b": 430.0,
    "llama31-405b": 9428.0,
    "llama31-8b": 870.0,
    "deepseek-v3": 800.0,
}
"""Mean tokens of a prompt in MLPerf's data sets, which its result files do not state; recalled, so rough."""
_MLPERF_OUTPUT = {"llama31-8b": 73.0}
"""Mean tokens of an answer, where result files do not state them either."""
_REQUESTS = {
    (128, 128): 30000,
    (128, 2048): 3000,
    (128, 4096): 1500,
    (500, 2000): 3000,
    (1000, 1000): 3000,
    (1000, 2000): 1500,
    (2048, 128): 3000,
    (2048, 2048): 1500,
    (5000, 500): 1500,
    (20000, 2000): 1000,
}
"""Requests of a run of trtllm-bench by lengths: TensorRT-LLM, performance overview, "Preparing a dataset"."""
_LIMITS = re.compile(r"TTFT<=(?P<ttft>[\d.]+) ms.*TPOT<=(?P<tpot>[\d.]+) ms")
_PREFILL = re.compile(
    r"prefill (?P<workers>\d+) worker\(s\) TP(?P<tp>\d+) EP(?P<ep>\d+) dpa=(?P<dpa>\w+); "
    r"decode (?P<decode>\d+) worker"
)
_SERVER_LIMITS = (2.0, 0.08)
"""Where a row of a server states none: MLPerf's for DeepSeek-R1 [s]."""
_FORMATS = {
    "nvfp4": "fp4",
    "uint4": "fp4",
    "int4": "fp4",
    "fp16": "bf16",
    "int8": "fp8",
    "mxfp4": "fp4",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ServingCase:
    """A measured point, completed.

    Attributes
    ----------
    run : ServingRun
        As its source states it.
    shape, chip, formats, runtime
        What served what.
    input, output : float
        Mean lengths [token].
    load : float
        Requests in progress, or sequences of a batch; 0 where the load is what is predicted [1].
    requests : float
        Requests in all; infinite where there are always more [1].
    tp, pp, ep : int
        Ranks of a replica; 0 where the layout is chosen, as submitters choose it, with the ranks of its
        attention that the row states, if any.
    copies : bool
        Whether attention is repeated on every rank.
    prefill : tuple of int
        Of disaggregated rows: workers, their tp and ep, and 1 where they repeat attention; else zeros.
    workers : int
        Decoding workers, or replicas [1].
    limits_s : tuple of float
        Limits of TTFT and TPOT of server and interactive rows [s].
    static : bool
        Whether one batch is read and answered as a whole.
    """

    run: ServingRun
    shape: Shape
    chip: Chip
    precision: str
    formats: Formats
    runtime: Runtime
    input: float
    output: float
    load: float
    requests: float
    tp: int
    pp: int
    ep: int
    copies: bool
    prefill: tuple[int, int, int, int]
    workers: int
    limits_s: tuple[float, float]
    static: bool


@dataclass(frozen=True, slots=True)
class Refused:
    """A row that is not predicted, and why in words."""

    run: ServingRun
    reason: str


def serving_cases(
    runs: Sequence[ServingRun], catalog: Catalog
) -> tuple[list[ServingCase], list[Refused]]:
    """Complete measured points.

    Returns
    -------
    list of ServingCase, list of Refused
        What is predicted, and what is not and why.
    """
    cases: list[ServingCase] = []
    refused: list[Refused] = []
    chips: dict[str, Chip | str] = {}
    shapes: dict[str, Shape] = {}
    for run in runs:
        found = _case(run, catalog, chips, shapes)
        if isinstance(found, ServingCase):
            cases.append(found)
        else:
            refused.append(Refused(run, found))
    return cases, refused


def _case(
    run: ServingRun, catalog: Catalog, chips: dict[str, Chip | str], shapes: dict[str, Shape]
) -> ServingCase | str:
    if run.exclude:
        return run.exclude
    if run.speculative not in {"", "none"}:
        return "multi-token prediction, acceptance unknown"
    system = system_named(run.gpu, catalog)
    model = model_named(run.model, catalog)
    if system is None:
        return f"no record of the accelerator {run.gpu}"
    if model is None:
        return f"no record of the model {run.model}"
    if not run.gpus:
        return "number of accelerators not stated"
    if system not in chips:
        chips[system] = _chip(catalog, system)
    chip = chips[system]
    if isinstance(chip, str):
        return chip
    shape = shapes.setdefault(model, shape_of(catalog.model(model).architecture))
    lengths = _lengths(run, model)
    if lengths is None:
        return "lengths not stated"
    closed = run.mode in {"agg", "disagg"}
    if closed and run.concurrency_or_rate is None:
        return "requests in progress not stated"
    precision = _precision(run, model, bool(shape.latent))
    runtime = runtime_of(
        run.framework,
        run.framework_version,
        run.source_date,
        notes=run.notes,
        latent=bool(shape.latent),
    )
    split = _PREFILL.search(run.notes) if run.mode == "disagg" else None
    if run.mode == "disagg" and split is None and not run.notes.startswith("DECODE"):
        if run.prefill_gpus and run.decode_gpus:
            pass
        else:
            return "layout of the prefill side not stated"
    tp, ep, copies = run.tp or 1, run.ep or 1, bool(run.dp_attention)
    if "attention DP for MoE" in run.notes and shape.moe > 0:
        copies, ep = True, tp
    chosen = run.mode in {"server", "interactive"} or (
        run.mode == "offline" and run.source.startswith("MLPerf")
    )
    if not chosen and run.tp is None and run.ep is None:
        tp = min(run.gpus, 8)
    prefill, workers, tp, ep = _sides(run, split, tp, ep, copies)
    return ServingCase(
        run=run,
        shape=shape,
        chip=chip,
        precision=precision,
        formats=formats_of(chip, shape, precision, _cache(run, runtime)),
        runtime=runtime,
        input=lengths[0],
        output=lengths[1],
        load=(run.concurrency_or_rate or 0.0) if closed or run.mode == "offline" else 0.0,
        requests=_requests(run, lengths),
        tp=0 if chosen else tp,
        pp=run.pp or 1,
        ep=ep,
        copies=copies,
        prefill=prefill,
        workers=workers,
        limits_s=_limits(run),
        static="static batch" in run.notes,
    )


def _chip(catalog: Catalog, system: str) -> Chip | str:
    try:
        return chip_of(catalog, system)
    except InputError as error:
        return error.problems[0].message


def _lengths(run: ServingRun, model: str) -> tuple[float, float] | None:
    """Mean lengths of prompt and answer [token]."""
    if run.source.startswith("MLPerf"):
        given = run.isl or _MLPERF_INPUT.get(model)
        answer = run.osl or _MLPERF_OUTPUT.get(model)
    else:
        given, answer = run.isl, run.osl
        if run.notes.startswith("DECODE") and given and not answer:
            answer = 1.0  # one pass is meant, at that context
    if not given or not answer:
        return None
    share = _NOMINAL if run.source.startswith("InferenceX") else 1.0
    return share * given, share * answer


def _precision(run: ServingRun, model: str, latent: bool) -> str:
    """Format of the weights: stated, else what the model is published or benchmarked in."""
    if model.startswith("gpt-oss"):
        return "mxfp4"
    stated = _FORMATS.get(run.precision_weights, run.precision_weights)
    block = latent or model.startswith("qwen3-235b")
    if not stated:
        stated = "fp8" if run.source.startswith("MLPerf") or block else "bf16"
    return "fp8_block" if stated == "fp8" and block else stated


def _cache(run: ServingRun, runtime: Runtime) -> str:
    """Format of the cache: stated, else fp8 with TensorRT-LLM's narrow checkpoints, bf16 elsewhere."""
    if run.precision_kv in {"bf16", "fp8"}:
        return run.precision_kv
    measured_by_tool = run.source.startswith("aiconfigurator")
    return "" if runtime.name.startswith("tensorrt") and not measured_by_tool else "bf16"


def _requests(run: ServingRun, lengths: tuple[float, float]) -> float:
    if run.source.startswith("TensorRT-LLM") and "trtllm-bench" in run.notes:
        return float(_REQUESTS.get((round(lengths[0]), round(lengths[1])), "inf"))
    return float("inf")


def _limits(run: ServingRun) -> tuple[float, float]:
    found = _LIMITS.search(run.slo)
    if found is None:
        return _SERVER_LIMITS
    return float(found["ttft"]) / 1e3, float(found["tpot"]) / 1e3


def _sides(
    run: ServingRun, split: re.Match[str] | None, tp: int, ep: int, copies: bool
) -> tuple[tuple[int, int, int, int], int, int, int]:
    """Prefill workers, decoding workers, and ranks of one of these."""
    if run.mode != "disagg":
        return (0, 0, 0, 0), 1, tp, ep
    total = run.decode_gpus or run.gpus or 1
    if split is None:
        each = max(tp, ep)
        workers = max(total // each, 1)
        prefill = run.prefill_gpus or 0
        size = min(8, prefill)
        return (prefill // size if size else 0, size, size, int(copies)), workers, each, ep
    workers = int(split["decode"])
    each = max(total // workers, 1)
    side = (
        int(split["workers"]),
        int(split["tp"]),
        int(split["ep"]),
        int(split["dpa"] == "true"),
    )
    return side, workers, each, min(ep, each)
