"""Spend, tranches, exposure and the funding gap of a build-out."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from gigawatt.core.arrays import Array
from gigawatt.finance.costs import cost_by_gigawatt, rack_spend, steps_spend
from gigawatt.finance.tranches import (
    Tranche,
    dated_tranches,
    guaranty_exposure,
    milestone_tranches,
    tranche_amounts,
)
from gigawatt.fleet.milestones import gigawatt_months, whole_steps
from gigawatt.scenario import Scenario
from gigawatt.scenario.instruments import Equity, Prepayment
from gigawatt.scenario.milestones import Milestone

from .buildout import Buildout, Figures
from .inputs import Inputs

__all__ = ["Tranches", "columns", "money_figures", "paid_by_month"]


def columns(by_key: Mapping[str, Array], months: int) -> Array:
    """Curves side by side, shape (months, keys)."""
    return np.stack(list(by_key.values()), -1) if by_key else np.zeros((months, 0))


Tranches = dict[str, list[Tranche]]


def money_figures(
    scenario: Scenario,
    inputs: Inputs,
    fleet: Buildout,
    counted: Mapping[str, Array],
    opened: Mapping[str, int],
) -> tuple[Figures, Tranches, int]:
    """All figures of money.

    Parameters
    ----------
    scenario, inputs : Scenario, Inputs
        Terms, prices.
    fleet : Buildout
        What is built.
    counted : mapping of str to array, shape (T,)
        Gigawatts as each investment and commitment counts them [GW].
    opened : mapping of str to int
        Month index from which the conditions of each investment hold.

    Returns
    -------
    figures : dict of str to array
        Months first [USD].
    tranches : dict of str to list of Tranche
        By investment, exact to the cent.
    gigawatts : int
        How many whole gigawatts have a cost of their own.
    """
    months = inputs.horizon.months
    price = inputs["price_usd"][:, None] * inputs["price_index"]
    racks = rack_spend(fleet.deployment.delivered, price, fleet.beside_share)
    paid_mw = inputs["facility_paid_mw"] / inputs["basis_ratio"]
    halls = steps_spend(fleet.energised_mw, fleet.hall_price_usd, paid_mw)
    spend = racks.sum(axis=0) + halls.sum(axis=0)
    tranches = _tranches(scenario, inputs, counted, opened)
    paid = paid_by_month(tranches, months)
    other = spend - paid.sum(axis=1)
    by_gigawatt, gigawatts = _by_gigawatt(scenario, fleet, counted, tranches)
    figures = {
        "finance.rack_spend_usd": racks.T,
        "finance.refresh_spend_usd": racks.sum(axis=0) * fleet.refresh_share(),
        "finance.facility_spend_usd": halls.T,
        "finance.spend_usd": spend,
        "finance.investment_usd": paid,
        "finance.other_sources_usd": other,
        "finance.funding_gap_usd": np.cumsum(other),
        "finance.exposure_usd": columns(_exposure(scenario, counted, opened, months), months),
        **by_gigawatt,
    }
    return figures, tranches, gigawatts


def _tranches(
    scenario: Scenario, inputs: Inputs, counted: Mapping[str, Array], opened: Mapping[str, int]
) -> Tranches:
    horizon = inputs.horizon
    tranches: Tranches = {}
    for key, investment in scenario.spec.investment.items():
        tranches[key] = []
        if investment.kind == "milestone_equity":
            step_gw = investment.step / 1000.0
            amounts = tranche_amounts(investment.cap, investment.tranche * step_gw)
            reached = gigawatt_months(counted[f"investment.{key}"], len(amounts), step_gw)
            tranches[key] = milestone_tranches(
                amounts,
                reached.tolist(),
                horizon.months,
                first_on_signing=investment.first_tranche == "on_signing",
                signed=None if investment.signed is None else horizon.offset(investment.signed),
                opened=opened[key],
                until=None if investment.until is None else horizon.offset(investment.until),
            )
        elif isinstance(investment, (Equity, Prepayment)):
            tranches[key] = dated_tranches(
                [(horizon.offset(month), usd) for month, usd in investment.schedule.items()],
                horizon.months,
                opened=opened[key],
            )
    return tranches


def paid_by_month(tranches: Tranches, months: int) -> Array:
    """What tranches bring by month and investment, shape (months, investments) [USD]."""
    paid = np.zeros((months, len(tranches)))
    for column, rows in enumerate(tranches.values()):
        for tranche in rows:
            if tranche.month is not None:
                paid[tranche.month, column] += float(tranche.usd)
    return paid


def _exposure(
    scenario: Scenario, counted: Mapping[str, Array], opened: Mapping[str, int], months: int
) -> dict[str, Array]:
    exposure: dict[str, Array] = {}
    for key, investment in scenario.spec.investment.items():
        exposure[key] = np.zeros(months)
        if investment.kind == "guaranty":
            term = None if investment.term is None else int(investment.term)
            exposure[key] = guaranty_exposure(
                counted[f"investment.{key}"], investment.per_gigawatt, investment.cap, term
            )
            exposure[key][: opened[key]] = 0.0
            if investment.release is not None:
                month = scenario.spec.events[investment.release]
                if month is not None:
                    exposure[key][max(0, scenario.spec.horizon.range.offset(month)) :] = 0.0
    return exposure


def _by_gigawatt(
    scenario: Scenario, fleet: Buildout, counted: Mapping[str, Array], tranches: Tranches
) -> tuple[Figures, int]:
    """Cost and tranche of each gigawatt, as the first milestone investment counts them."""
    deals = {
        key: investment
        for key, investment in scenario.spec.investment.items()
        if investment.kind == "milestone_equity"
    }
    first = next(iter(deals), None)
    milestone = deals[first].milestone if first else Milestone()
    deployed = counted[f"investment.{first}"] if first else fleet.deployed_gw("it").sum(axis=0)
    count = whole_steps(float(deployed[-1]))
    in_service = milestone.model_copy(update={"stage": "in_service"})
    cost = cost_by_gigawatt(
        fleet.counted_gw(in_service),
        fleet.standing_gw(in_service),
        fleet.growth_usd(in_service),
        count,
    )
    released = np.zeros(count)
    for key, deal in deals.items():
        for tranche in tranches[key]:
            gigawatt = int(np.ceil(tranche.milestone * deal.step / 1000.0 - 1e-9))
            if tranche.month is not None and 1 <= gigawatt <= count:
                released[gigawatt - 1] += float(tranche.usd)
    return {
        "finance.gigawatt_cost_usd": cost,
        "finance.gigawatt_tranche_usd": released,
        "finance.gigawatt_gap_usd": cost - released,
    }, count
