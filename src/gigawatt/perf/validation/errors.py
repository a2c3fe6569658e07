"""Errors of predictions, by group of configurations: what a validation reports.

The same configuration measured in several releases is one group; a group counts once, with the mean of
its rows. Errors are of the step time, predicted over measured minus one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from gigawatt.core.arrays import Array

from .cases import Case

__all__ = ["ErrorLine", "by_class", "error_line", "relative_errors", "scale_of"]


@dataclass(frozen=True, slots=True)
class ErrorLine:
    """Errors of one selection of cases.

    Attributes
    ----------
    rows, groups : int
        Measured runs, and configurations among them.
    mape, median, p90 : float
        Mean, median and 90th percentile over groups of the mean absolute error [1].
    bias : float
        Mean over groups of the mean error [1]; positive where predictions are too slow.
    p10_signed, p90_signed : float
        10th and 90th percentile over groups of the mean error [1].
    """

    rows: int
    groups: int
    mape: float
    median: float
    bias: float
    p90: float
    p10_signed: float
    p90_signed: float


def relative_errors(cases: Sequence[Case], predicted_s: Array) -> Array:
    """Predicted over measured step time, minus one."""
    return np.asarray(predicted_s / np.array([case.measured_s for case in cases]) - 1.0)


def error_line(
    cases: Sequence[Case], errors: Array, chosen: Callable[[str], bool] = lambda _: True
) -> ErrorLine | None:
    """Errors of the cases whose ids are chosen; None where there are none."""
    groups: dict[str, list[float]] = defaultdict(list)
    for case, error in zip(cases, errors, strict=True):
        if chosen(case.run.id):
            groups[case.run.config_group or case.run.id].append(float(error))
    if not groups:
        return None
    size = np.array([np.mean(np.abs(g)) for g in groups.values()])
    signed = np.array([np.mean(g) for g in groups.values()])
    return ErrorLine(
        rows=sum(len(g) for g in groups.values()),
        groups=len(groups),
        mape=float(size.mean()),
        median=float(np.median(size)),
        bias=float(signed.mean()),
        p90=float(np.quantile(size, 0.9)),
        p10_signed=float(np.quantile(signed, 0.1)),
        p90_signed=float(np.quantile(signed, 0.9)),
    )


def scale_of(case: Case) -> str:
    """Class of scale by accelerators."""
    for most, name in ((8, "up to 8"), (64, "9 to 64"), (512, "65 to 512"), (2048, "513 to 2,048")):
        if case.gpus <= most:
            return name
    return "above 2,048"


_SCALES = ("up to 8", "9 to 64", "65 to 512", "513 to 2,048", "above 2,048")


def by_class(cases: Sequence[Case], errors: Array) -> dict[str, dict[str, ErrorLine]]:
    """Errors by generation and type, by generation, precision and type, by scale, and by source."""
    kinds: dict[str, Callable[[Case], str]] = {
        "generation": lambda c: f"{c.chip.level} {'moe' if c.moe else 'dense'}",
        "precision": lambda c: f"{c.chip.level} {c.precision} {'moe' if c.moe else 'dense'}",
        "scale": scale_of,
        "source": lambda c: c.source,
    }
    found: dict[str, dict[str, ErrorLine]] = {}
    for kind, label in kinds.items():
        labels = {case.run.id: label(case) for case in cases}
        names = sorted(set(labels.values()))
        if kind == "scale":
            names = [name for name in _SCALES if name in names]
        found[kind] = {}
        for name in names:
            chosen = [case.run.id for case in cases if labels[case.run.id] == name]
            line = error_line(cases, errors, set(chosen).__contains__)
            if line is not None:
                found[kind][name] = line
    return found
