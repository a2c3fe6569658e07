"""Predictions of measured points, by mode, all cases of a mode in one pass.

Aggregated and disaggregated points are predicted at their own number of requests in progress. Offline
points run what memory allows; server and interactive points get the largest load within their limits,
and their measured rate is not looked at. Where a layout is not stated, the best of the usual ones is
taken, as submitters do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from gigawatt.core.arrays import Array
from gigawatt.perf.machine import Value
from gigawatt.perf.serving.engine import Engine
from gigawatt.perf.serving.engines import engine_of, stack_engines
from gigawatt.perf.serving.layout import Layout, layout_of
from gigawatt.perf.serving.modes import (
    Lengths,
    Limits,
    Served,
    aggregated,
    disaggregated,
    offline,
    prompt_s,
    token_s,
    under_limits,
)
from gigawatt.perf.shape import Shape
from gigawatt.perf.shape import stack as stack_shapes

from .cases import ServingCase

__all__ = ["ServingPrediction", "predict_serving"]

_ALL_AT_ONCE = 1e9


class ServingPrediction(NamedTuple):
    """Predicted figures of cases, each an array over them."""

    tokens_per_s_per_gpu: Array
    """Output tokens [token/s]."""
    tpot_s: Array
    """Time of an output token [s]."""
    first_s: Array
    """Time to the first token, without a queue [s]."""
    ttft_s: Array
    """The same with the mean wait for other prompts [s]."""


class _Group(NamedTuple):
    """Cases of one mode as arrays."""

    engine: Engine
    shape: Shape
    lengths: Lengths
    cut: Layout
    load: Array
    requests: Array
    gpus: Array
    most: Array


def predict_serving(
    cases: Sequence[ServingCase], constants: Mapping[str, Value]
) -> ServingPrediction:
    """Predict measured points.

    Parameters
    ----------
    cases : sequence of ServingCase
        Completed rows.
    constants : mapping
        Serving constants by name.
    """
    n = len(cases)
    found = ServingPrediction(*(np.full(n, np.nan) for _ in ServingPrediction._fields))
    for rows, served, gpus in _by_mode(cases, constants):
        found.tokens_per_s_per_gpu[rows] = served.tokens_per_s / gpus
        found.tpot_s[rows] = served.tpot_s
        found.first_s[rows] = served.first_s
        found.ttft_s[rows] = served.ttft_s
    return found


def _by_mode(
    cases: Sequence[ServingCase], c: Mapping[str, Value]
) -> Iterator[tuple[list[int], Served, Array]]:
    modes: dict[str, Callable[[ServingCase], bool]] = {
        "agg": lambda case: case.run.mode == "agg",
        "static": lambda case: case.run.mode == "offline" and case.static,
        "offline": lambda case: case.run.mode == "offline" and case.tp > 0 and not case.static,
        "chosen": lambda case: not case.tp,
        "disagg": lambda case: case.run.mode == "disagg",
    }
    for mode, belongs in modes.items():
        rows = [i for i, case in enumerate(cases) if belongs(case)]
        if not rows:
            continue
        chosen = [cases[i] for i in rows]
        g = _group(chosen, c)
        if mode == "agg":
            served = aggregated(g.engine, g.shape, g.cut, g.load, g.lengths)
            yield rows, served, g.cut.accelerators
        elif mode == "static":
            yield rows, _static(g), g.cut.accelerators
        elif mode == "offline":
            per_copy = g.load / (g.cut.dp * g.cut.pp)
            most = np.where(g.load > 0, per_copy, g.most)
            served = offline(g.engine, g.shape, g.cut, g.lengths, most, g.requests)
            yield rows, served, g.cut.accelerators
        elif mode == "chosen":
            yield rows, _chosen(chosen, g, c), np.ones(len(rows))
        else:
            yield rows, _disaggregated(chosen, g, c), g.gpus


def _group(cases: Sequence[ServingCase], c: Mapping[str, Value]) -> _Group:
    engines: dict[tuple[object, ...], Engine] = {}
    chosen = []
    for case in cases:
        key = (case.chip.system_id, case.shape, case.formats, case.runtime.name)
        if key not in engines:
            engines[key] = engine_of(case.chip, case.shape, case.formats, case.runtime, c)
        chosen.append(engines[key])

    def column(name: str) -> Array:
        return np.array([float(getattr(case, name)) for case in cases])

    return _Group(
        engine=stack_engines(chosen),
        shape=stack_shapes([case.shape for case in cases]),
        lengths=Lengths(column("input"), column("output")),
        cut=layout_of(
            np.maximum(column("tp"), 1.0),
            column("pp"),
            column("ep"),
            np.array([case.copies for case in cases]),
        ),
        load=column("load"),
        requests=column("requests"),
        gpus=np.array([float(case.run.gpus or 1) for case in cases]),
        most=np.array([case.runtime.most for case in cases]),
    )


def _static(g: _Group) -> Served:
    """One batch, read and then answered as a whole."""
    token = token_s(g.engine, g.shape, g.cut, g.load, g.lengths)
    prompt, first = prompt_s(g.engine, g.shape, g.cut, g.lengths, _ALL_AT_ONCE)
    time = g.load * prompt + g.lengths.output * token
    return Served(g.load * g.lengths.output / time, token, first, 0.0, g.load)


def _chosen(cases: Sequence[ServingCase], g: _Group, c: Mapping[str, Value]) -> Served:
    """The best usual layout, by rate per accelerator; offline, or within limits of latency."""
    n = len(cases)
    limited = np.array([case.run.mode != "offline" for case in cases])
    ttft, tpot = (np.array([case.limits_s[k] for case in cases]) for k in (0, 1))
    stated = np.array([float(case.run.tp or 0) for case in cases])
    lone = np.array([case.runtime.lone for case in cases]) & (stated == 0.0)
    sparse = np.array([bool(case.shape.moe and case.shape.latent) for case in cases])
    best = {kind: Served(*(np.zeros(n) for _ in Served._fields)) for kind in ("free", "kept")}
    limits = Limits(ttft, tpot, c["tail.tpot"], c["tail.wait"])
    for ranks, copies in ((1, False), (2, False), (4, False), (8, False), (8, True), (4, True)):
        allowed = (g.gpus >= ranks) & (sparse | (not copies))
        cut = layout_of(np.full(n, float(ranks)), 1.0, ranks if copies else 1.0, copies)
        free = offline(g.engine, g.shape, cut, g.lengths, g.most)
        if ranks == 1:
            lone &= free.tokens_per_s <= 0.0
        allowed &= ~lone | (g.gpus == ranks)
        allowed &= (stated == 0.0) | (stated == ranks)
        kept = under_limits(g.engine, g.shape, cut, g.lengths, g.most, limits)
        for kind, found in (("free", free), ("kept", kept)):
            each = found._replace(tokens_per_s=found.tokens_per_s / ranks)
            better = allowed & (each.tokens_per_s > best[kind].tokens_per_s)
            best[kind] = Served(
                *(np.where(better, a, b) for a, b in zip(each, best[kind], strict=True))
            )
    most = c["load"] * best["free"].tokens_per_s
    kept = best["kept"]
    rate = np.where(limited, np.minimum(kept.tokens_per_s, most), best["free"].tokens_per_s)
    chosen = Served(*(np.where(limited, a, b) for a, b in zip(kept, best["free"], strict=True)))
    return chosen._replace(tokens_per_s=rate)


def _disaggregated(cases: Sequence[ServingCase], g: _Group, c: Mapping[str, Value]) -> Served:
    sides = np.array([case.prefill for case in cases], dtype=float)
    workers = np.array([float(case.workers) for case in cases])
    each = np.maximum(g.cut.stage, 1.0)
    copies = np.array([case.copies for case in cases])
    decode = Layout(
        tp=np.where(copies, 1.0, each),
        dp=np.where(copies, each, 1.0),
        ep=np.minimum(g.cut.ep, each),
        pp=np.ones(len(cases)),
    )
    prefill = layout_of(
        np.maximum(sides[:, 1], 1.0), 1.0, np.maximum(sides[:, 2], 1.0), sides[:, 3] > 0
    )
    return disaggregated(
        (g.engine, prefill, sides[:, 0]),
        (g.engine, decode, workers),
        g.shape,
        g.lengths,
        g.load,
        c["load.prefill"],
        c["handover"] / 1e3,
    )
