"""Contracted capacity by month: power, accelerators, and what it costs."""

from __future__ import annotations

import numpy as np

from gigawatt.core.arrays import Array
from gigawatt.scenario import Scenario

from .buildout import Figures, months_first
from .inputs import Inputs

__all__ = ["months_beyond", "partner_figures"]


def partner_figures(scenario: Scenario, inputs: Inputs) -> Figures:
    """Figures of partners, months first; nothing after a contract is ended but the fee for it."""
    hours = inputs.horizon.hours()
    open_, fee = _terminations(scenario, inputs)
    agreed_mw = inputs["partner_power_mw"] / inputs["partner_basis_ratio"][:, None]
    agreed = agreed_mw * inputs["partner_packages_per_mw"][:, None]
    paid = np.maximum(inputs["partner_utilisation"], inputs["partner_take_or_pay"])
    by_use = agreed * hours * (inputs["partner_price_usd"] * paid)[:, None]
    by_power = inputs["partner_power_mw"] * (inputs["partner_power_price_usd"] * paid)[:, None]
    since = np.arange(inputs.horizon.months) - inputs["partner_first_month"][:, None]
    running = (since >= 0) & (since < inputs["partner_term_months"][:, None])
    evenly = running * (inputs["partner_commitment_usd"] / inputs["partner_term_months"])[:, None]
    cost = by_use + by_power + evenly
    kept = cost * open_
    beyond = np.array([months_beyond(scenario, inputs, key) for key in inputs.partners])
    left = (cost - kept).sum(axis=-1) + cost[:, -1] * beyond
    figures = {
        "it_mw": agreed_mw * open_,
        "packages": agreed * open_,
        "cost_usd": kept + left[:, None] * fee,
    }
    return {f"partners.{name}": months_first(values) for name, values in figures.items()}


def months_beyond(scenario: Scenario, inputs: Inputs, partner: str) -> int:
    """Months of a contract's term after the horizon; none if its term is not stated."""
    if scenario.spec.partners[partner].term is None:
        return 0
    at = inputs.partners.index(partner)
    end = inputs["partner_first_month"][at] + inputs["partner_term_months"][at]
    return int(max(0.0, end - inputs.horizon.months))


def _terminations(scenario: Scenario, inputs: Inputs) -> tuple[Array, Array]:
    """1 while each contract stands, and in the month that ends it the share due of what is left."""
    months = np.arange(inputs.horizon.months)
    open_ = np.ones((len(inputs.partners), len(months)))
    fee = np.zeros_like(open_)
    for row, key in enumerate(inputs.partners):
        termination = scenario.spec.partners[key].termination
        month = scenario.spec.events[termination.event] if termination else None
        if termination is None or month is None:
            continue
        at = max(0, inputs.horizon.offset(month))
        open_[row] = months < at
        if month >= inputs.horizon.start:  # an end before the horizon is not paid for in it
            fee[row] = (months == at) * termination.fee
    return open_, fee
