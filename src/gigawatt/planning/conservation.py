"""Conservation, checked and not hoped for: a plan that breaks a rule is refused.

Each rule is one function over the figures, yielding a sentence for whatever it finds broken. They are
independent of how the figures were made, so that a defect in the kernels cannot hide itself here.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping

import numpy as np

from gigawatt.core.arrays import Array
from gigawatt.core.errors import ConservationError, Problem
from gigawatt.core.money import owed
from gigawatt.finance.tranches import Tranche
from gigawatt.scenario import Scenario

from .build import Built
from .inputs import Inputs

__all__ = ["broken_rules", "check_conservation"]

_EPS = 1e-6
Rule = Callable[[Mapping[str, Array], Inputs, Scenario, Mapping[str, list[Tranche]]], Iterator[str]]


def power_used_is_energised_and_contracted(
    f: Mapping[str, Array],
    inputs: Inputs,
    scenario: Scenario,
    tranches: Mapping[str, list[Tranche]],
) -> Iterator[str]:
    """In service ≤ installed ≤ energised ≤ contracted, on every site in every month."""
    chain = ("in_service_it_mw", "installed_it_mw", "energised_it_mw", "contracted_it_mw")
    for less, more in itertools.pairwise(chain):
        worst = np.max(f[f"power.{less}"] - f[f"power.{more}"], initial=0.0)
        if worst > _EPS:
            yield f"{less} exceeds {more} by up to {worst:g} MW"


def racks_are_accounted_for(
    f: Mapping[str, Array],
    inputs: Inputs,
    scenario: Scenario,
    tranches: Mapping[str, list[Tranche]],
) -> Iterator[str]:
    """Delivered = store + spare + at sites; every stage holds at most what the one before holds."""
    chain = ("retired", "started", "commissioned", "installed", "delivered")
    existing = inputs["existing_racks"]
    for less, more in itertools.pairwise(chain):
        if np.any(f[f"fleet.racks_{less}"] > f[f"fleet.racks_{more}"] + _EPS):
            yield f"racks_{less} exceeds racks_{more}"
    if np.any(f["fleet.racks_delivered"] - existing > f["fleet.racks_ordered"] + _EPS):
        yield "racks are delivered that were not ordered"
    for name in (*chain, "ordered"):
        values = f[f"fleet.racks_{name}"]
        if np.any(np.diff(values, axis=0) < -_EPS) or np.any(values < -_EPS):
            yield f"racks_{name} falls or is negative"
        if np.any(np.abs(values - np.round(values)) > _EPS):
            yield f"racks_{name} is not whole"
    at_sites = (f["fleet.racks_delivered"] - existing).sum(axis=1)
    held = f["fleet.racks_in_store"] + f["fleet.racks_spare"] + at_sites
    if np.any(np.abs(held - f["fleet.racks_delivered_total"]) > _EPS) or np.any(
        f["fleet.racks_in_store"] < -_EPS
    ):
        yield "delivered racks are not store + spare + at sites"
    standing = f["fleet.racks_in_service"] + f["fleet.racks_retired"]
    if np.any(np.abs(standing - f["fleet.racks_started"]) > _EPS):
        yield "racks that started are not in service + retired"


def deliveries_stay_within_supply(
    f: Mapping[str, Array],
    inputs: Inputs,
    scenario: Scenario,
    tranches: Mapping[str, list[Tranche]],
) -> Iterator[str]:
    """Racks delivered never exceed what vendors deliver, nor come before a system is available."""
    arriving = np.diff(f["fleet.racks_delivered_total"].T, axis=-1, prepend=0.0)
    if np.any(arriving > inputs["deliveries"] + inputs["supply"] + _EPS):
        yield "more racks are delivered than can be supplied"
    early = np.arange(inputs.horizon.months) < inputs["available_month"][:, None]
    if np.any(arriving[early] > _EPS):
        yield "racks are delivered before their system is available"


def sources_equal_uses(
    f: Mapping[str, Array],
    inputs: Inputs,
    scenario: Scenario,
    tranches: Mapping[str, list[Tranche]],
) -> Iterator[str]:
    """Investments and other sources pay for the build in every month."""
    uses = f["finance.rack_spend_usd"].sum(axis=1) + f["finance.facility_spend_usd"].sum(axis=1)
    sources = f["finance.investment_usd"].sum(axis=1) + f["finance.other_sources_usd"]
    worst = np.max(np.abs(uses - sources), initial=0.0)
    if worst > max(0.01, 1e-12 * float(np.max(uses, initial=0.0))):
        yield f"sources differ from uses by up to {worst:g} USD in a month"


def tranches_stay_under_their_cap(
    f: Mapping[str, Array],
    inputs: Inputs,
    scenario: Scenario,
    tranches: Mapping[str, list[Tranche]],
) -> Iterator[str]:
    """No investment pays more than its cap, and no tranche before its gigawatt."""
    for key, investment in scenario.spec.investment.items():
        if investment.kind == "guaranty":
            continue
        cap = (
            owed(investment.cap)
            if investment.kind == "milestone_equity"
            else sum(owed(usd) for usd in investment.schedule.values())
        )
        paid = sum(tranche.usd for tranche in tranches[key] if tranche.month is not None)
        if paid > cap:
            yield f"{key} pays {paid} USD, above its cap of {cap} USD"


def gigawatts_never_fall(
    f: Mapping[str, Array],
    inputs: Inputs,
    scenario: Scenario,
    tranches: Mapping[str, list[Tranche]],
) -> Iterator[str]:
    """Deployed gigawatts rise, and grid ≥ facility ≥ IT."""
    deployed = f["milestones.deployed_gw"]
    if np.any(np.diff(deployed, axis=0) < -_EPS) or np.any(np.diff(deployed, axis=1) < -_EPS):
        yield "deployed gigawatts fall, or facility exceeds grid, or IT exceeds facility"


RULES: tuple[Rule, ...] = (
    power_used_is_energised_and_contracted,
    racks_are_accounted_for,
    deliveries_stay_within_supply,
    sources_equal_uses,
    tranches_stay_under_their_cap,
    gigawatts_never_fall,
)


def broken_rules(built: Built, inputs: Inputs, scenario: Scenario) -> list[str]:
    """Everything that the figures break, in words."""
    return [
        finding
        for rule in RULES
        for finding in rule(built.figures, inputs, scenario, built.tranches)
    ]


def check_conservation(built: Built, inputs: Inputs, scenario: Scenario) -> None:
    """Refuse figures that break a conservation rule.

    Raises
    ------
    ConservationError
        E901, naming every rule that is broken.
    """
    broken = broken_rules(built, inputs, scenario)
    if broken:
        raise ConservationError(
            Problem(
                "E901",
                f"The plan breaks conservation and is refused: {finding}.",
                "This is a defect of gigawatt, not of your scenario; please report it with the scenario.",
            )
            for finding in broken
        )
