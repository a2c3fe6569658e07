"""Fitting the constants to measured steps, each held near its prior.

The fit minimises a robust sum of squared errors of ln(step time), one weight for each group of
configurations, plus the squared distance of every constant from its prior in units of its spread. The
Jacobian comes from one prediction with one more draw for each constant. Nothing is fitted for a row, a
source or a model.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from gigawatt.catalog.calibration import Calibration
from gigawatt.core.arrays import Array
from gigawatt.core.errors import MissingExtraError

from .cases import Case
from .predicting import Settled, predict_cases, settle

__all__ = ["NOISE", "SINGLE_NODE_WEIGHT", "fit", "leave_out", "source_of", "weights"]

NOISE = 0.08
"""Error of ln(step time) from which the loss turns from squared to absolute [1]."""
SINGLE_NODE_WEIGHT = 0.15
"""Weight of a run of the single-node table: one source of 490 small configurations [1]."""
_STEP = 1e-3


@dataclass(frozen=True, slots=True)
class _Problem:
    names: tuple[str, ...]
    priors: Array
    spreads: Array

    def constants(self, theta: Array) -> dict[str, Array]:
        wide = np.atleast_2d(theta)
        return {n: self.priors[i] * np.exp(wide[:, i]) for i, n in enumerate(self.names)}


def source_of(case: Case) -> str:
    """What is left out together: a repository or paper; its single-node table counts by itself."""
    return f"{case.source} single node" if _single_node(case) else case.source


def _single_node(case: Case) -> bool:
    return "ground_truth_single" in case.run.source


def weights(cases: Sequence[Case]) -> Array:
    """One for each group of configurations, shared by its rows."""
    sizes = Counter(case.run.config_group or case.run.id for case in cases)
    return np.array(
        [
            (SINGLE_NODE_WEIGHT if _single_node(case) else 1.0)
            / sizes[case.run.config_group or case.run.id]
            for case in cases
        ]
    )


def fit(
    cases: Sequence[Case],
    settled: Sequence[Settled],
    calibration: Calibration,
    rounds: int = 12,
) -> dict[str, float]:
    """Fit all constants.

    Parameters
    ----------
    cases, settled : sequences
        Measured runs, and what `settle` decided for them.
    calibration : Calibration
        Priors and spreads.
    rounds : int
        Evaluations at most.

    Returns
    -------
    dict
        Fitted values by name, in the units of the calibration.

    Raises
    ------
    MissingExtraError
        E601 if SciPy is not installed.
    """
    try:
        from scipy.optimize import least_squares
    except ImportError as error:
        raise MissingExtraError.of("calibrate", "Fitting constants") from error
    problem = _Problem(
        tuple(calibration.constants),
        np.array([c.prior for c in calibration.constants.values()]),
        np.array([c.spread for c in calibration.constants.values()]),
    )
    root = np.sqrt(weights(cases))
    measured = np.log([case.measured_s for case in cases])
    count = len(problem.names)

    def robust(theta: Array) -> Array:
        times = predict_cases(cases, problem.constants(theta), settled)[0]
        z = (np.log(times) - measured) / NOISE
        return np.asarray(np.sign(z) * np.sqrt(2.0 * (np.sqrt(1.0 + z * z) - 1.0)))

    def residuals(theta: Array) -> Array:
        return np.concatenate([root * robust(theta)[0], theta / problem.spreads])

    def jacobian(theta: Array) -> Array:
        z = robust(np.vstack([theta, theta + _STEP * np.eye(count)]))
        return np.vstack([(root * (z[1:] - z[:1]) / _STEP).T, np.diag(1.0 / problem.spreads)])

    found = least_squares(residuals, np.zeros(count), jacobian, max_nfev=rounds).x
    return {n: float(v[0]) for n, v in problem.constants(found).items()}


def leave_out(
    cases: Sequence[Case],
    calibration: Calibration,
    progress: Callable[[str], None] = lambda _: None,
) -> tuple[dict[str, float], dict[str, dict[str, float]]]:
    """Fit to all sources, then without each of them.

    Every fit starts from the priors, so that what a source is left out of has never seen it.

    Returns
    -------
    dict, dict of dict
        Values fitted to all; by source, values fitted without it.
    """
    settled = settle(cases, calibration.priors())
    progress("all sources")
    everything = fit(cases, settled, calibration)
    without = {}
    sources = [source_of(case) for case in cases]
    for source in dict.fromkeys(sources):
        progress(f"without {source}")
        kept = [i for i, s in enumerate(sources) if s != source]
        without[source] = fit([cases[i] for i in kept], [settled[i] for i in kept], calibration)
    return everything, without
