"""Making the calibration record anew from the shipped measured runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from gigawatt.catalog import Catalog
from gigawatt.catalog.measured import shipped_runs
from gigawatt.core.arrays import Array

from .cases import Case, cases_of
from .errors import relative_errors
from .fitting import leave_out, source_of
from .predicting import predict_cases, settle
from .report import bands_of

__all__ = ["refit_training"]


def refit_training(
    as_of: str, progress: Callable[[str], None] = lambda _: None, catalog: Catalog | None = None
) -> dict[str, Any]:
    """Fit all constants, to all sources and without each, and the error bands that follow.

    Parameters
    ----------
    as_of : str
        Date of the record.
    progress : callable
        Told what is being fitted.
    catalog : Catalog, optional
        Whose calibration's priors are used.

    Returns
    -------
    dict
        A calibration record as it stands in the catalog.
    """
    catalog = catalog or Catalog()
    calibration = catalog.training_calibration
    multi = cases_of([r for r in shipped_runs("training") if not r.exclude], catalog)[0]
    cases = [*multi, *cases_of(shipped_runs("single_node"), catalog)[0]]
    values, without = leave_out(cases, calibration, progress)
    settled = settle(multi, calibration.priors())
    record = calibration.model_dump(mode="json", exclude_defaults=True)
    record["as_of"] = as_of
    for name, constant in record["constants"].items():
        constant["value"] = _short(values[name])
    record["left_out"] = {
        source: {name: _short(value) for name, value in fitted.items()}
        for source, fitted in without.items()
    }
    errors = relative_errors(multi, _left_out(multi, settled, without))
    record["bands"] = {n: band.model_dump() for n, band in bands_of(multi, errors).items()}
    return record


def _left_out(cases: list[Case], settled: list[Any], without: dict[str, dict[str, float]]) -> Array:
    times = np.zeros(len(cases))
    sources = [source_of(case) for case in cases]
    for source, values in without.items():
        rows = [i for i, s in enumerate(sources) if s == source]
        if rows:
            chosen = [cases[i] for i in rows]
            times[rows] = predict_cases(chosen, values, [settled[i] for i in rows])[0][0]
    return times


def _short(value: float) -> float:
    return float(f"{value:.4g}")
