"""Training runs of a scenario on its build-out."""

from __future__ import annotations

import numpy as np

from gigawatt.catalog import PRECISIONS
from gigawatt.catalog.huggingface import model_from_config
from gigawatt.perf.assumed import sustained_rate, training_compute
from gigawatt.scenario import Scenario
from gigawatt.scenario.schema import TrainingRun
from gigawatt.workload.training import finish_month, model_flop_by_month

from .buildout import Buildout, Figures
from .inputs import Inputs

__all__ = ["CASES", "compute_of", "training_figures"]

CASES = ("low", "central", "high")


def compute_of(scenario: Scenario, run: TrainingRun) -> float:
    """Training compute of a run [FLOP]."""
    if run.compute is not None:
        return run.compute
    assert run.model is not None
    assert run.tokens is not None
    config = scenario.folder / run.model
    if config.is_file() or config.is_dir():
        model = model_from_config(config)
    else:
        model = scenario.catalog.model(run.model)
    active = model.parameters_active.value
    assert isinstance(active, float)
    return training_compute(active, run.tokens)


def training_figures(scenario: Scenario, inputs: Inputs, fleet: Buildout) -> Figures:
    """Model FLOP by month and finish month of every training run, at low, central and high MFU.

    Parameters
    ----------
    scenario, inputs : Scenario, Inputs
        Runs; peaks and utilisation.
    fleet : Buildout
        Packages in service.
    """
    runs = scenario.spec.workloads.training
    months, hours = inputs.horizon.months, inputs.horizon.hours()
    done = np.zeros((months, len(runs), len(CASES)))
    finish = np.full((len(runs), len(CASES)), np.nan)
    compute = np.zeros(len(runs))
    for r, run in enumerate(runs.values()):
        compute[r] = compute_of(scenario, run)
        p = PRECISIONS.index(run.precision)
        mfu = [inputs[name][p] for name in ("mfu_low", "mfu", "mfu_high")]
        if run.mfu is not None:
            mfu = [np.full_like(mfu[0], run.mfu)] * 3
        rate = sustained_rate(inputs["peak_flops"][p], *mfu)
        earliest = inputs.horizon.offset(run.earliest) if run.earliest else 0
        for c, per_package in enumerate((rate.low, rate.central, rate.high)):
            by_site = model_flop_by_month(fleet.packages, per_package, hours, run.share, earliest)
            if run.campus == "one":
                flop = by_site[int(np.argmax(by_site.sum(axis=-1)))]
                each = finish_month(by_site, compute[r])
                if not np.isnan(each).all():
                    flop = by_site[int(np.nanargmin(each))]
            else:
                flop = by_site.sum(axis=0)
            done[:, r, c] = flop
            finish[r, c] = finish_month(flop, compute[r])
    return {
        "training.model_flop": done,
        "training.compute_flop": compute,
        "training.finish_month": finish,
    }
