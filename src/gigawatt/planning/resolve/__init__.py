"""A scenario and the catalog, resolved into labelled arrays with the evidence for every entry.

This is the door between what people write and what kernels compute with. For each value the order is:
what the scenario says, then the catalog record, then the planning defaults; which of the three it was
is kept beside the value. Sites are in order of priority and systems newest first.
"""

from __future__ import annotations

from gigawatt.core.errors import Problem, ScenarioError
from gigawatt.fleet.capacity import rack_it_mw
from gigawatt.planning.inputs import Inputs
from gigawatt.scenario import Scenario

from .money import money
from .partners import partners
from .resolver import Resolver
from .sites import sites
from .systems import systems
from .workloads import workloads

__all__ = ["resolve"]


def resolve(scenario: Scenario) -> Inputs:
    """Turn a scenario into arrays.

    Raises
    ------
    CatalogError
        If a record that the scenario needs is not there.
    ScenarioError
        E320 if racks that already run need more power than their site has.
    """
    spec = scenario.spec
    horizon = spec.horizon.range
    resolver = Resolver(scenario, horizon)
    systems(resolver)
    sites(resolver)
    partners(resolver)
    workloads(resolver)
    money(resolver)
    inputs = resolver.inputs
    _existing_racks_have_power(scenario, inputs)
    return inputs


def _existing_racks_have_power(scenario: Scenario, inputs: Inputs) -> None:
    rack = rack_it_mw(inputs["rack_power_mw"], inputs["it_power_factor"])
    used = (inputs["existing_racks"] * rack).sum(axis=-1)
    have = inputs["site_power_mw"][:, 0] / inputs["basis_ratio"]
    problems = [
        Problem(
            "E320",
            f"The racks that already run need {used[s]:,.1f} MW of IT power; the site has "
            f"{have[s]:,.1f} MW in its first month.",
            "Lower the racks, or raise the first step of the site's power.",
            f"sites.{site}.existing",
            scenario.tree.origin(f"sites.{site}.existing"),
        )
        for s, site in enumerate(inputs.sites)
        if used[s] > have[s] + 1e-9
    ]
    if problems:
        raise ScenarioError(problems)
