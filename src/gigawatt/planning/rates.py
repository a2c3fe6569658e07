"""How fast the packages of a system work on a training run, and how that is known.

A run with a model follows a throughput curve: modelled tokens per second by the number of accelerators.
A system that cannot be modelled is carried over from one of the same plan that can, at the same
utilisation, and says so. A run that states a utilisation, or compute without a model, is peak ×
utilisation. Every answer has a low, a central and a high case.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from gigawatt.catalog import PRECISIONS, Model
from gigawatt.catalog.huggingface import model_from_config
from gigawatt.core.arrays import Array
from gigawatt.core.errors import InputError
from gigawatt.perf.assumed import sustained_rate, training_compute
from gigawatt.perf.scaling import ThroughputCurve, throughput_curve
from gigawatt.scenario import Scenario
from gigawatt.scenario.schema import TrainingRun

from .inputs import Inputs

__all__ = ["CASES", "Kind", "Progress", "Rate", "Rates", "model_of", "rates_of"]

CASES = ("low", "central", "high")
Kind = Literal["modelled", "carried over", "assumed", "stated"]
Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Rate:
    """How fast the packages of one system work on one run.

    Attributes
    ----------
    kind : str
        modelled: by the system's own curve; carried over: by another system's curve at the same
        utilisation; assumed: by the range of the catalog; stated: by the run's own `mfu`.
    cases : tuple of float
        Low, central and high model FLOP utilisation [1]; of what is carried over, these over the
        central one [1]; 1 of what is modelled, where the curve has its own band.
    peak_flops : float
        Dense peak of a package in the run's precision [FLOP/s]; 0 where it has none.
    curve : ThroughputCurve or None
        The curve, where there is one.
    flop_per_token : float
        Training compute of a token, 6 × active parameters [FLOP/token]; 0 for a run without a model.
    why : str
        Why there is no curve of its own.
    model : str
        Catalog id of the run's model, or words for one from a config.json; empty without a model.
    """

    kind: Kind
    cases: tuple[float, float, float]
    peak_flops: float
    curve: ThroughputCurve | None = None
    flop_per_token: float = 0.0
    why: str = ""
    model: str = ""

    def flop_per_s(self, packages: Array) -> Array:
        """Training compute done a second, by case.

        Parameters
        ----------
        packages : array, shape (...)
            Packages that work on the run.

        Returns
        -------
        array, shape (3, ...) [FLOP/s]
            As budgets count it, so that tokens are done when the budget is.
        """
        if self.curve is None:
            peak, low, central, high = (np.array(x) for x in (self.peak_flops, *self.cases))
            each = sustained_rate(peak, low, central, high)
            return np.stack([packages * rate for rate in (each.low, each.central, each.high)])
        return self._tokens_per_s(self.curve, packages) * self.flop_per_token

    def busy_flops(self, packages: Array) -> Array:
        """Model FLOP a second with attention, by case; over the peak it is the MFU [FLOP/s]."""
        if self.curve is None:
            return self.flop_per_s(packages)
        return self._tokens_per_s(self.curve, packages) * self.curve.flop_per_token

    def _tokens_per_s(self, curve: ThroughputCurve, packages: Array) -> Array:
        if self.kind == "modelled":
            low, high = curve.band(packages)
            return np.stack((low, curve.rate(packages), high))
        faster = self.peak_flops / curve.peak_flops
        central = curve.rate(packages) * faster
        return np.stack([case * central for case in self.cases])

    def as_dict(self) -> dict[str, Any]:
        """Plain data for JSON; `from_dict` is its inverse."""
        plain = {name: getattr(self, name) for name in self.__dataclass_fields__}
        curve = None if self.curve is None else self.curve.as_dict()
        return {**plain, "cases": list(self.cases), "curve": curve}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Rate:
        """Inverse of `as_dict`."""
        curve = data["curve"] and ThroughputCurve.from_dict(data["curve"])
        low, central, high = (float(value) for value in data["cases"])
        return cls(**{**data, "cases": (low, central, high), "curve": curve})


Rates = Mapping[str, Mapping[str, Rate]]
"""Run → system → rate; systems that never serve are left out."""


def model_of(scenario: Scenario, run: TrainingRun) -> Model:
    """The model that a run names: a catalog id, or a config.json beside the scenario."""
    assert run.model is not None
    config = scenario.folder / run.model
    if config.is_file() or config.is_dir():
        return model_from_config(config)
    return scenario.catalog.model(run.model)


def rates_of(
    scenario: Scenario, inputs: Inputs, packages: Array, progress: Progress | None = None
) -> Rates:
    """Rates of all runs on all systems that ever serve.

    Parameters
    ----------
    scenario, inputs : Scenario, Inputs
        Runs and models; peaks and utilisations.
    packages : array, shape (S, K, T)
        Packages in service.
    progress : callable, optional
        Told in words when a curve has to be computed.
    """
    serves = packages.sum(axis=(0, 2)) > 0.0
    present = [(k, key) for k, key in enumerate(inputs.systems) if serves[k]]
    runs = scenario.spec.workloads.training
    each = len(present)
    of = each * sum(run.model is not None and run.mfu is None for run in runs.values())
    found: dict[str, dict[str, Rate]] = {}
    number = 0
    for name, run in runs.items():
        p = PRECISIONS.index(run.precision)
        per_token, called = 0.0, ""
        curves: dict[str, ThroughputCurve] = {}
        reasons: dict[str, str] = {}
        if run.model is not None:
            model = model_of(scenario, run)
            called = run.model if run.model in scenario.catalog.ids("models") else "own model"
            active = model.parameters_active.value
            assert isinstance(active, float)
            per_token = training_compute(active, 1.0)
            if run.mfu is None:
                for _, key in present:
                    number += 1
                    curve = _curve(scenario, inputs, name, model, key, progress, (number, of))
                    if isinstance(curve, str):
                        reasons[key] = curve
                    else:
                        curves[key] = curve
        found[name] = {
            key: _rate(inputs, run, (p, k), key, curves, per_token, reasons.get(key, ""), called)
            for k, key in present
        }
    return found


def _curve(
    scenario: Scenario,
    inputs: Inputs,
    name: str,
    model: Model,
    key: str,
    progress: Progress | None,
    place: tuple[int, int],
) -> ThroughputCurve | str:
    """The curve of a run on a system, or why there is none."""
    run = scenario.spec.workloads.training[name]
    assert run.tokens is not None
    at = list(scenario.spec.workloads.training).index(name)
    words = f"computing throughput curves {place[0]}/{place[1]}: {run.model} on {key}"

    def tell(done: int, of: int) -> None:
        assert progress is not None
        if done == 0:
            progress(words)

    try:
        curve = throughput_curve(
            scenario.catalog,
            model.architecture,
            scenario.spec.hardware[key].system or key,
            run.precision,
            sequence=int(inputs["training_sequence"][at]),
            tokens=run.tokens,
            batch_tokens=run.batch,
            progress=tell if progress else None,
        )
    except InputError as error:
        if {problem.code for problem in error.problems} <= {"E701", "E702"}:
            return error.problems[0].message
        raise
    if np.isinf(curve.least):
        return f"The model fits on no number of {key}, however it is spread."
    return curve


def _rate(
    inputs: Inputs,
    run: TrainingRun,
    at: tuple[int, int],
    key: str,
    curves: Mapping[str, ThroughputCurve],
    per_token: float,
    why: str,
    name: str,
) -> Rate:
    peak = float(inputs["peak_flops"][at])
    if run.mfu is not None:
        return Rate("stated", (run.mfu,) * 3, peak, None, per_token, model=name)
    low, central, high = (float(inputs[name][at]) for name in ("mfu_low", "mfu", "mfu_high"))
    if key in curves:
        curve = curves[key]
        return Rate("modelled", (1.0, 1.0, 1.0), curve.peak_flops, curve, per_token, model=name)
    if curves and peak > 0.0 and central > 0.0 and "fits on no number" not in why:
        other, curve = next(iter(curves.items()))
        why = f"{why} Taken at the utilisation of {other} with as many accelerators."
        return Rate(
            "carried over", (low / central, 1.0, high / central), peak, curve, per_token, why, name
        )
    return Rate("assumed", (low, central, high), peak, None, per_token, why, name)
