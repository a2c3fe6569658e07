"""Validation of the serving model: every usable row predicted, with errors and what was refused.

Nothing is fitted to rows, so that leaving a source out of the calibration changes nothing, and the errors
are those of sources never seen, as far as the choice of a few priors with rows in view allows.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from gigawatt.catalog import Catalog
from gigawatt.catalog.calibration import Band
from gigawatt.catalog.serving_runs import ServingRun
from gigawatt.core.arrays import Array
from gigawatt.perf.serving.ground import generation_of

from .cases import Refused, ServingCase, serving_cases
from .predicting import ServingPrediction, predict_serving

__all__ = ["ServingErrors", "ServingValidation", "serving_bands", "validate_serving"]

LEAST_GROUPS = 10
"""Groups from which a source weighs as much as any other."""


@dataclass(frozen=True, slots=True)
class ServingErrors:
    """Errors of one selection, sources of ten groups or more weighing equally.

    Attributes
    ----------
    rows, groups : int
        Measured points, and configurations among them.
    median, p90, mape : float
        Weighted median, 90th percentile and mean of the absolute error over groups [1].
    bias : float
        Weighted mean of the error [1]; positive where predictions are too high.
    p10_signed, p90_signed : float
        Weighted 10th and 90th percentile of the error [1].
    """

    rows: int
    groups: int
    median: float
    p90: float
    mape: float
    bias: float
    p10_signed: float
    p90_signed: float


@dataclass(frozen=True, slots=True)
class ServingValidation:
    """Predictions of measured points, and what was not predicted.

    Attributes
    ----------
    cases : sequence of ServingCase
        Points that were predicted.
    predicted : ServingPrediction
        Arrays over them.
    skipped : sequence of Refused
        Rows that were not, and why.
    """

    cases: Sequence[ServingCase]
    predicted: ServingPrediction
    skipped: Sequence[Refused]

    def errors(self, figure: str) -> Array:
        """Relative errors of a figure over all cases, NaN where it was not measured.

        Parameters
        ----------
        figure : {"throughput", "tpot", "ttft", "first"}
            Output tokens/s per accelerator; time of an output token; time to the first token, and the
            same without a queue.
        """
        if figure == "throughput":
            predicted = self.predicted.tokens_per_s_per_gpu
            measured = [case.run.output_tokens_per_s_per_gpu for case in self.cases]
        elif figure == "tpot":
            # A server's latency is what its limit left over, so it is no evidence of its own.
            predicted = self.predicted.tpot_s * 1e3
            measured = [
                case.run.tpot_ms if case.run.mode in {"agg", "disagg"} else None
                for case in self.cases
            ]
        else:
            times = self.predicted.ttft_s if figure == "ttft" else self.predicted.first_s
            predicted = times * 1e3
            measured = [
                case.run.ttft_ms if case.run.mode in {"agg", "disagg"} else None
                for case in self.cases
            ]
        known = np.array([np.nan if m is None else m for m in measured], dtype=float)
        return np.asarray(predicted / known - 1.0)

    def line(
        self, figure: str, chosen: Callable[[ServingCase], bool] = lambda _: True
    ) -> ServingErrors | None:
        """Errors of a figure over the cases that are chosen; None where there are none."""
        return _line(self.cases, self.errors(figure), chosen)

    def lines(self) -> dict[str, ServingErrors | None]:
        """Errors of throughput over all, of TPOT and TTFT."""
        return {
            "overall": self.line("throughput"),
            "tpot": self.line("tpot"),
            "ttft": self.line("ttft"),
            "ttft_without_queue": self.line("first"),
        }

    def modes(self) -> dict[str, ServingErrors]:
        """Errors of throughput by mode; server and interactive also together."""
        kinds: Mapping[str, tuple[str, ...]] = {
            "agg": ("agg",),
            "disagg": ("disagg",),
            "offline": ("offline",),
            "server": ("server",),
            "interactive": ("interactive",),
            "server+interactive": ("server", "interactive"),
        }
        found = {}
        for name, modes in kinds.items():
            line = self.line("throughput", lambda case, modes=modes: case.run.mode in modes)  # type: ignore[misc]
            if line is not None:
                found[name] = line
        return found

    def first_tokens(self, figure: str = "ttft") -> dict[str, ServingErrors]:
        """Errors of the time to the first token by mode: `ttft`, or `first`, without a queue."""
        lines = {
            mode: self.line(figure, lambda case, mode=mode: case.run.mode == mode)  # type: ignore[misc]
            for mode in ("agg", "disagg")
        }
        return {mode: line for mode, line in lines.items() if line is not None}

    def beside(self, tpot_s: Array) -> dict[str, ServingErrors | None]:
        """Errors of TPOT of another model and of this one, on the rows that the other covers.

        Parameters
        ----------
        tpot_s : array
            The other's times over the cases, NaN where it has none [s].
        """
        own = self.errors("tpot")
        other = np.asarray(tpot_s / self.predicted.tpot_s * (1.0 + own) - 1.0)
        covered = {
            case.run.id for case, error in zip(self.cases, other, strict=True) if np.isfinite(error)
        }
        return {
            "aiconfigurator": _line(self.cases, other, lambda _: True),
            "this model": _line(self.cases, own, lambda case: case.run.id in covered),
        }

    def classes(self, figure: str) -> dict[str, dict[str, ServingErrors]]:
        """Errors of a figure by generation, model, precision, runtime and source."""
        labels: Mapping[str, Callable[[ServingCase], str]] = {
            "generation": lambda case: generation_of(case.chip),
            "model": lambda case: case.run.model,
            "precision": lambda case: case.precision,
            "runtime": lambda case: case.runtime.name,
            "source": lambda case: case.run.source,
        }
        found: dict[str, dict[str, ServingErrors]] = {}
        for kind, label in labels.items():
            lines = {}
            for name in sorted({label(case) for case in self.cases}):
                line = self.line(figure, lambda c, name=name, label=label: label(c) == name)  # type: ignore[misc]
                if line is not None:
                    lines[name] = line
            found[kind] = lines
        return found


def _line(
    cases: Sequence[ServingCase], errors: Array, chosen: Callable[[ServingCase], bool]
) -> ServingErrors | None:
    groups: dict[tuple[str, str], list[float]] = defaultdict(list)
    for case, error in zip(cases, errors, strict=True):
        if np.isfinite(error) and chosen(case):
            groups[case.run.source, case.run.config_group].append(float(error))
    if not groups:
        return None
    size = np.array([np.mean(np.abs(g)) for g in groups.values()])
    signed = np.array([np.mean(g) for g in groups.values()])
    of_source: dict[str, int] = defaultdict(int)
    for source, _ in groups:
        of_source[source] += 1
    weight = np.array([1.0 / max(of_source[source], LEAST_GROUPS) for source, _ in groups])
    return ServingErrors(
        rows=sum(len(g) for g in groups.values()),
        groups=len(groups),
        median=_quantile(size, weight, 0.5),
        p90=_quantile(size, weight, 0.9),
        mape=float(np.average(size, weights=weight)),
        bias=float(np.average(signed, weights=weight)),
        p10_signed=_quantile(signed, weight, 0.1),
        p90_signed=_quantile(signed, weight, 0.9),
    )


def _quantile(values: Array, weights: Array, share: float) -> float:
    """The value below which a share of the weight lies."""
    order = np.argsort(values)
    sums = np.cumsum(weights[order]) / weights.sum()
    at = min(int(np.searchsorted(sums, share)), len(values) - 1)
    return float(values[order][at])


def validate_serving(
    runs: Sequence[ServingRun], catalog: Catalog | None = None
) -> ServingValidation:
    """Predict measured serving points with their own layout, load and lengths.

    Parameters
    ----------
    runs : sequence of ServingRun
        Rows of a table of measured points.
    catalog : Catalog, optional
        Constants, kernel tables, systems and models.
    """
    catalog = catalog or Catalog()
    cases, skipped = serving_cases(runs, catalog)
    predicted = predict_serving(cases, catalog.serving_calibration.values())
    return ServingValidation(cases, predicted, skipped)


def serving_bands(found: ServingValidation) -> dict[str, Band]:
    """Bands of measured over predicted figures: rates and TPOT by generation, TTFT by mode."""
    bands = {}
    for figure in ("throughput", "tpot"):
        for name, line in found.classes(figure)["generation"].items():
            bands[f"{figure} {name}"] = _band(line)
    for name, line in found.first_tokens().items():
        bands[f"ttft {name}"] = _band(line)
    return bands


def _band(line: ServingErrors) -> Band:
    """Measured over predicted, between which four of five groups lie."""
    low, high = 1.0 / (1.0 + line.p90_signed), 1.0 / (1.0 + line.p10_signed)
    return Band(low=round(low, 3), high=round(high, 3), groups=line.groups)
