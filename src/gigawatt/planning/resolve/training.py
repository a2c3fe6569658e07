"""What a training run with a model needs beside it: the length of its sequences, the size of its steps."""

from __future__ import annotations

import numpy as np

from gigawatt.core.provenance import Evidence
from gigawatt.perf.critical_batch import critical_batch_tokens
from gigawatt.planning.inputs import Labels

from .resolver import Resolver

__all__ = ["training_runs"]


def training_runs(r: Resolver) -> None:
    """Sequences and largest steps of runs; runs without a model have none."""
    runs = r.spec.workloads.training
    sequence, batch = np.full(len(runs), np.nan), np.full(len(runs), np.nan)
    critical = np.full(len(runs), np.nan)
    evidence: dict[str, dict[Labels, Evidence]] = {"sequence": {}, "batch": {}, "critical": {}}
    at_one, law = r.defaulted("critical_batch")
    exponent, _ = r.defaulted("critical_batch_exponent")
    share, chosen = r.defaulted("batch_of_critical")
    for at, (name, run) in enumerate(runs.items()):
        if run.model is None or run.tokens is None or run.mfu is not None:
            continue
        path = f"workloads.training.{name}"
        sequence[at], evidence["sequence"][(name,)] = r.pick(
            run.sequence, f"{path}.sequence", default="sequence"
        )
        critical[at] = critical_batch_tokens(run.tokens, at_one, exponent)
        evidence["critical"][(name,)] = law
        known = share * critical[at], chosen
        batch[at], evidence["batch"][(name,)] = r.pick(run.batch, f"{path}.batch", known)
    r.add("training_sequence", ("run",), "token", sequence, evidence["sequence"])
    r.add("training_batch", ("run",), "token", batch, evidence["batch"])
    r.add("critical_batch", ("run",), "token", critical, evidence["critical"])
