"""Inputs → figures: the stages of a plan, each a function from arrays to arrays.

Data goes one way: power and fleet, then milestones and partners, then money and workloads. A stage
reads inputs and earlier results and returns new figures; nothing is changed afterwards. Figures are
stored with months first, as the table in `figures` says.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gigawatt.finance.tranches import Tranche
from gigawatt.scenario import Scenario
from gigawatt.scenario.schema import Milestone

from .buildout import Buildout, Figures, months_first
from .inputs import Inputs
from .machines import Machines, machines_of
from .money import columns, money_figures
from .rates import Progress, Rates, rates_of
from .serving_rates import ServingRates, serving_rates_of
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
    money, tranches, gigawatts = money_figures(scenario, inputs, fleet, counted)
    partners = _partners(inputs)
    machines = machines_of(scenario, inputs, fleet, partners)
    rates = rates_of(scenario, inputs, machines, progress)
    serving = serving_rates_of(scenario, machines, progress)
    placed = place_workloads(scenario, inputs, machines, rates, serving)
    figures: Figures = {
        **fleet.power_figures(),
        **fleet.fleet_figures(),
        "milestones.deployed_gw": np.stack(deployed, -1),
        "milestones.counted_gw": columns(counted, inputs.horizon.months),
        **partners,
        **placed.figures,
        **money,
    }
    return Built(figures, tranches, tuple(counted), gigawatts, rates, serving, machines, placed)


def _counters(scenario: Scenario) -> dict[str, Milestone]:
    """Everything that counts gigawatts: investments, then commitments."""
    found: dict[str, Milestone] = {}
    for key, investment in scenario.spec.investment.items():
        if investment.kind != "equity":
            found[f"investment.{key}"] = investment.milestone
    for key, commitment in scenario.spec.commitments.items():
        found[f"commitments.{key}"] = commitment.milestone
    return found


def _partners(inputs: Inputs) -> Figures:
    hours = inputs.horizon.hours()
    it_mw = inputs["partner_power_mw"] / inputs["partner_basis_ratio"][:, None]
    packages = it_mw * inputs["partner_packages_per_mw"][:, None]
    paid = np.maximum(inputs["partner_utilisation"], inputs["partner_take_or_pay"])
    by_use = packages * hours * (inputs["partner_price_usd"] * paid)[:, None]
    since = np.arange(inputs.horizon.months) - inputs["partner_first_month"][:, None]
    running = (since >= 0) & (since < inputs["partner_term_months"][:, None])
    evenly = running * (inputs["partner_commitment_usd"] / inputs["partner_term_months"])[:, None]
    figures = {"it_mw": it_mw, "packages": packages, "cost_usd": by_use + evenly}
    return {f"partners.{name}": months_first(values) for name, values in figures.items()}
