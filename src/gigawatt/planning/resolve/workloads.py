"""What workloads need beside themselves: sequences and steps of campaigns, demand and price of streams."""

from __future__ import annotations

import numpy as np

from gigawatt.core.provenance import Evidence
from gigawatt.perf.critical_batch import critical_batch_tokens
from gigawatt.planning.inputs import Labels
from gigawatt.planning.trained import trained

from .places import curves_of
from .resolver import Resolver

__all__ = ["workloads"]


def workloads(r: Resolver) -> None:
    """Inputs of campaigns and streams."""
    _campaigns(r)
    _streams(r)


def _campaigns(r: Resolver) -> None:
    """Sequences and largest steps; campaigns without a model have none."""
    runs = r.spec.workloads.training
    sequence, batch = np.full(len(runs), np.nan), np.full(len(runs), np.nan)
    critical = np.full(len(runs), np.nan)
    evidence: dict[str, dict[Labels, Evidence]] = {"sequence": {}, "batch": {}, "critical": {}}
    at_one, law = r.defaulted("critical_batch")
    exponent, _ = r.defaulted("critical_batch_exponent")
    share, chosen = r.defaulted("batch_of_critical")
    for at, (name, run) in enumerate(runs.items()):
        tokens = trained(r.scenario, run).tokens
        if tokens is None or run.mfu is not None:
            continue
        path = f"workloads.training.{name}"
        sequence[at], evidence["sequence"][(name,)] = r.pick(
            run.sequence, f"{path}.sequence", default="sequence"
        )
        critical[at] = critical_batch_tokens(tokens, at_one, exponent)
        evidence["critical"][(name,)] = law
        known = share * critical[at], chosen
        batch[at], evidence["batch"][(name,)] = r.pick(run.batch, f"{path}.batch", known)
    r.add("training_sequence", ("campaign",), "token", sequence, evidence["sequence"])
    r.add("training_batch", ("campaign",), "token", batch, evidence["batch"])
    r.add("critical_batch", ("campaign",), "token", critical, evidence["critical"])


def _streams(r: Resolver) -> None:
    """Steps of demand, before growth, and prices."""
    streams = r.spec.workloads.serving
    keys = tuple(streams)
    curve, evidence = curves_of(
        r, keys, {key: streams[key].demand for key in keys}, "workloads.serving", "demand"
    )
    r.add("serving_demand", ("stream", "month"), "token/s", curve, evidence)
    r.add(
        "serving_price_usd",
        ("stream",),
        "USD/token",
        [streams[key].price or 0.0 for key in keys],
        {(key,): r.written(f"workloads.serving.{key}.price") for key in keys},
    )
