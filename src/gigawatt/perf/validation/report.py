"""Validation of the training model: every usable row predicted, with errors and what was refused.

A row is predicted with constants fitted without its source, where its source is one of those that the
constants were fitted to; else with the constants fitted to all. Both are honest for a row that was never
seen, and neither is fitted to it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gigawatt.catalog import Catalog
from gigawatt.catalog.calibration import Band
from gigawatt.catalog.measured import Run
from gigawatt.catalog.run_models import Refusal
from gigawatt.core.arrays import Array

from .cases import Case, cases_of
from .errors import ErrorLine, by_class, error_line, relative_errors
from .fitting import source_of
from .predicting import Settled, predict_cases, settle

__all__ = ["Validation", "bands_of", "left_out_times", "validate_training"]


@dataclass(frozen=True, slots=True)
class Validation:
    """Predictions of measured runs.

    Attributes
    ----------
    cases : sequence of Case
        Runs that were predicted.
    predicted_s, in_sample_s : array
        Step times with the row's source left out of the calibration, and with it in [s].
    skipped : sequence of Refusal
        Runs that were not, and why.
    """

    cases: Sequence[Case]
    predicted_s: Array
    in_sample_s: Array
    skipped: Sequence[Refusal]

    @property
    def errors(self) -> Array:
        """Relative errors with one source left out."""
        return relative_errors(self.cases, self.predicted_s)

    @property
    def in_sample_errors(self) -> Array:
        """Relative errors of constants that saw every source."""
        return relative_errors(self.cases, self.in_sample_s)

    def lines(self, *, in_sample: bool = False) -> dict[str, ErrorLine | None]:
        """Errors over all cases, over dense models and over models with experts."""
        errors = self.in_sample_errors if in_sample else self.errors
        sparse = {case.run.id for case in self.cases if case.moe}
        return {
            "overall": error_line(self.cases, errors),
            "dense": error_line(self.cases, errors, lambda run_id: run_id not in sparse),
            "moe": error_line(self.cases, errors, sparse.__contains__),
        }

    def classes(self) -> dict[str, dict[str, ErrorLine]]:
        """Errors by generation, precision, scale and source."""
        return by_class(self.cases, self.errors)


def left_out_times(cases: Sequence[Case], settled: Sequence[Settled], catalog: Catalog) -> Array:
    """Step times with each case's source left out of the calibration [s]."""
    calibration = catalog.training_calibration
    times = np.zeros(len(cases))
    sources = [source_of(case) for case in cases]
    for source in dict.fromkeys(sources):
        rows = [i for i, s in enumerate(sources) if s == source]
        chosen, choices = [cases[i] for i in rows], [settled[i] for i in rows]
        times[rows] = predict_cases(chosen, calibration.values(source), choices)[0][0]
    return times


def validate_training(runs: Sequence[Run], catalog: Catalog | None = None) -> Validation:
    """Predict measured runs with their own strategy.

    Parameters
    ----------
    runs : sequence of Run
        Rows of a table of measured runs.
    catalog : Catalog, optional
        Constants, kernel tables, systems and models.
    """
    catalog = catalog or Catalog()
    cases, skipped = cases_of(runs, catalog)
    calibration = catalog.training_calibration
    settled = settle(cases, calibration.priors()) if cases else []
    seen = predict_cases(cases, calibration.values(), settled)[0][0]
    return Validation(cases, left_out_times(cases, settled, catalog), seen, skipped)


def bands_of(cases: Sequence[Case], errors: Array) -> dict[str, Band]:
    """Bands of measured over predicted step time, by architecture and type."""
    bands = {}
    for name, line in by_class(cases, errors)["generation"].items():
        low, high = 1.0 / (1.0 + line.p90_signed), 1.0 / (1.0 + line.p10_signed)
        bands[name] = Band(low=round(low, 3), high=round(high, 3), groups=line.groups)
    return bands
