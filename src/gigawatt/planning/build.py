"""Inputs → figures: the stages of a plan, each a function from arrays to arrays.

Data goes one way: power and fleet, then milestones and partners, then workloads, then money. A stage
reads inputs and earlier results and returns new figures; nothing is changed afterwards. Figures are
stored with months first, as the table in `figures` says.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gigawatt.finance.tranches import Tranche
from gigawatt.scenario import Scenario
from gigawatt.scenario.instruments import milestone_of
from gigawatt.scenario.milestones import Milestone

from .books import KeptBooks, keep_books
from .buildout import Buildout, Figures
from .conditions import opened_months
from .facts import facts_of
from .inputs import Inputs
from .machines import Machines, machines_of
from .money import columns, money_figures
from .partners import partner_figures
from .rates import Progress, Rates, rates_of
from .serving_rates import ServingRates, serving_rates_of
from .stakes import owners_share
from .workloads import Placed, place_workloads

__all__ = ["BASES", "Built", "build"]

BASES = ("it", "facility", "grid")


@dataclass(frozen=True)
class Built:
    """All figures of a plan by name, months first, and what is not an array."""

    figures: Figures
    tranches: dict[str, list[Tranche]]
    counters: tuple[str, ...]
    gigawatts: int
    rates: Rates
    serving_rates: ServingRates
    machines: Machines
    placed: Placed
    books: KeptBooks


def build(scenario: Scenario, inputs: Inputs, progress: Progress | None = None) -> Built:
    """Compute every figure of a plan.

    Parameters
    ----------
    scenario : Scenario
        For policies, milestones and instruments.
    inputs : Inputs
        Resolved from the same scenario.
    progress : callable, optional
        Told in words when a throughput curve or a serving rate has to be computed.
    """
    fleet = Buildout(scenario, inputs)
    counted = {
        key: fleet.counted_gw(milestone).sum(axis=0)
        for key, milestone in _counters(scenario).items()
    }
    deployed = [fleet.deployed_gw(basis).sum(axis=0) for basis in BASES]
    partners = partner_figures(scenario, inputs)
    machines = machines_of(scenario, inputs, fleet, partners)
    rates = rates_of(scenario, inputs, machines, progress)
    serving = serving_rates_of(scenario, machines, progress)
    placed = place_workloads(scenario, inputs, machines, rates, serving)
    opened = opened_months(scenario, inputs, fleet, placed.figures)
    money, tranches, gigawatts = money_figures(scenario, inputs, fleet, counted, opened)
    of_workloads = {**partners, **placed.figures}
    facts = facts_of(scenario, inputs, fleet, of_workloads, opened, tranches, counted)
    books = keep_books(scenario, facts)
    figures: Figures = {
        **fleet.power_figures(),
        **fleet.fleet_figures(),
        "milestones.deployed_gw": np.stack(deployed, -1),
        "milestones.counted_gw": columns(counted, inputs.horizon.months),
        **of_workloads,
        **money,
        **books.figures(owners_share(scenario, tranches) or 1.0),
    }
    return Built(
        figures, tranches, tuple(counted), gigawatts, rates, serving, machines, placed, books
    )


def _counters(scenario: Scenario) -> dict[str, Milestone]:
    """Everything that counts gigawatts: investments, then commitments."""
    found: dict[str, Milestone] = {}
    for key, investment in scenario.spec.investment.items():
        if (milestone := milestone_of(investment)) is not None:
            found[f"investment.{key}"] = milestone
    for key, commitment in scenario.spec.commitments.items():
        found[f"commitments.{key}"] = commitment.milestone
    return found
