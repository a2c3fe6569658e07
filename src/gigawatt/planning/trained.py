"""What a training campaign trains: model, tokens and compute, as stated or as a scaling law has them."""

from __future__ import annotations

from dataclasses import dataclass

from gigawatt.catalog import Model
from gigawatt.catalog.huggingface import model_from_config
from gigawatt.catalog.records import Architecture
from gigawatt.catalog.scaled import scaled
from gigawatt.catalog.shapes import parameters
from gigawatt.perf.assumed import training_compute
from gigawatt.scenario import Scenario
from gigawatt.scenario.demands import ComputeOptimal, TrainingCampaign
from gigawatt.workload.scaling_law import optimal_parameters, optimal_tokens

__all__ = ["Trained", "model_named", "trained"]


@dataclass(frozen=True, slots=True)
class Trained:
    """Subject of a campaign.

    Attributes
    ----------
    compute_flop : float
        Compute of pretraining [FLOP].
    tokens : float or None
        Tokens of pretraining [token]; none without a model.
    active : float
        Parameters that a token uses [1]; 0 without a model.
    architecture : Architecture or None
        Shape of the model.
    called : str
        Catalog id of the model, or words for another; empty without one.
    """

    compute_flop: float
    tokens: float | None = None
    active: float = 0.0
    architecture: Architecture | None = None
    called: str = ""


def model_named(scenario: Scenario, name: str) -> tuple[Model, str]:
    """The model of a catalog id or of a config.json beside the scenario, and what it is called."""
    config = scenario.folder / name
    if config.is_file() or config.is_dir():
        return model_from_config(config), "own model"
    return scenario.catalog.model(name), name


def trained(scenario: Scenario, campaign: TrainingCampaign) -> Trained:
    """What a campaign trains."""
    if campaign.compute is not None:
        return Trained(campaign.compute)
    if campaign.compute_optimal is not None:
        return _optimal(scenario, campaign.compute_optimal)
    assert campaign.model is not None
    assert campaign.tokens is not None
    model, called = model_named(scenario, campaign.model)
    active = model.parameters_active.value
    assert isinstance(active, float)
    compute = training_compute(active, campaign.tokens)
    return Trained(compute, campaign.tokens, active, model.architecture, called)


def _optimal(scenario: Scenario, wanted: ComputeOptimal) -> Trained:
    """The model that a law gives to a budget; its tokens use up what the nearest whole shape leaves."""
    law = scenario.catalog.law(wanted.law)
    size = optimal_parameters(
        wanted.compute, law.a.value, law.b.value, law.alpha.value, law.beta.value
    )
    model, called = model_named(scenario, wanted.like)
    shape = scaled(model.architecture, size)
    active = float(parameters(shape).active)
    tokens = optimal_tokens(wanted.compute, active)
    words = f"{called} scaled to {active / 1e9:,.4g}B active"
    return Trained(wanted.compute, tokens, active, shape, words)
