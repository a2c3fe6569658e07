"""Training runs of a scenario on its build-out."""

from __future__ import annotations

import numpy as np

from gigawatt.perf.assumed import training_compute
from gigawatt.scenario import Scenario
from gigawatt.scenario.schema import TrainingRun
from gigawatt.workload.training import finish_month, flop_by_month

from .buildout import Buildout, Figures
from .inputs import Inputs
from .rates import CASES, Rates, model_of

__all__ = ["CASES", "compute_of", "training_figures"]


def compute_of(scenario: Scenario, run: TrainingRun) -> float:
    """Training compute of a run [FLOP]."""
    if run.compute is not None:
        return run.compute
    assert run.tokens is not None
    active = model_of(scenario, run).parameters_active.value
    assert isinstance(active, float)
    return training_compute(active, run.tokens)


def training_figures(scenario: Scenario, inputs: Inputs, fleet: Buildout, rates: Rates) -> Figures:
    """Rates by month and finish month of every training run, in the low, central and high case.

    Parameters
    ----------
    scenario, inputs : Scenario, Inputs
        Runs; horizon.
    fleet : Buildout
        Packages in service.
    rates : Rates
        How fast each system works on each run.

    Notes
    -----
    On one campus, every system of a site is a cluster of its own, and the rates of a site's clusters
    add up. On any campus, all packages of a system are one cluster wherever they stand, so that its
    batch stays below the critical one; what travels between campuses is not charged.
    """
    runs = scenario.spec.workloads.training
    months, hours = inputs.horizon.months, inputs.horizon.hours()
    by_case = (months, len(runs), len(CASES))
    done, tokens, mfu, working = (np.zeros(by_case) for _ in range(4))
    finish = np.full((len(runs), len(CASES)), np.nan)
    sites = np.full((len(runs), len(CASES)), -1.0)
    compute = np.zeros(len(runs))
    for r, (name, run) in enumerate(runs.items()):
        compute[r] = compute_of(scenario, run)
        earliest = inputs.horizon.offset(run.earliest) if run.earliest else 0
        packages = fleet.packages * run.share
        if run.campus == "any":
            packages = packages.sum(axis=0, keepdims=True)
        packages = np.where(np.arange(months) >= earliest, packages, 0.0)
        shape = (len(CASES), len(packages), months)
        rate, busy, peak = np.zeros(shape), np.zeros(shape), np.zeros(shape[1:])
        count = np.zeros(shape[1:])
        for key, known in rates[name].items():
            of_system = packages[:, inputs.systems.index(key)]
            rate += known.flop_per_s(of_system)
            busy += known.busy_flops(of_system)
            peak += of_system * known.peak_flops
            count += of_system
        flop = flop_by_month(rate, hours, earliest)
        for c in range(len(CASES)):
            site = _site(flop[c], compute[r])
            sites[r, c] = site if run.campus == "one" else -1
            done[:, r, c] = flop[c, site]
            finish[r, c] = finish_month(flop[c, site], compute[r])
            working[:, r, c] = count[site]
            known_peak = np.where(peak[site] > 0.0, peak[site], 1.0)
            mfu[:, r, c] = busy[c, site] / known_peak
            per_token = next((x.flop_per_token for x in rates[name].values()), 0.0)
            tokens[:, r, c] = rate[c, site] / per_token if per_token else 0.0
    return {
        "training.site": sites,
        "training.accelerators": working,
        "training.mfu": mfu,
        "training.tokens_per_s": tokens,
        "training.model_flop": done,
        "training.compute_flop": compute,
        "training.finish_month": finish,
    }


def _site(flop: np.ndarray[tuple[int, ...], np.dtype[np.float64]], compute: float) -> int:
    """The site that finishes first; where none does, the one that does most."""
    each = finish_month(flop, compute)
    if np.isnan(each).all():
        return int(np.argmax(flop.sum(axis=-1)))
    return int(np.nanargmin(each))
