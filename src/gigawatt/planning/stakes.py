"""Shares of the buyer: what equity buys at the values stated, and what its owners keep."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from gigawatt.finance.tranches import Tranche
from gigawatt.fleet.calendar import steps_to_curve
from gigawatt.scenario import Scenario
from gigawatt.scenario.instruments import Equity, MilestoneEquity

__all__ = ["owners_share", "stakes_of"]

Tranches = Mapping[str, Sequence[Tranche]]


def stakes_of(scenario: Scenario, tranches: Tranches) -> dict[str, float]:
    """Share that each valued equity holds at the end: later tranches thin out earlier ones.

    A tranche before the first valuation is priced at it. Shares are thinned in the order of payment.
    """
    horizon = scenario.spec.horizon.range
    paid: list[tuple[int, str, float]] = []
    for key, instrument in scenario.spec.investment.items():
        if not isinstance(instrument, (MilestoneEquity, Equity)) or not instrument.valuation:
            continue
        steps = {horizon.offset(month): usd for month, usd in instrument.valuation.items()}
        curve = steps_to_curve(list(steps), list(steps.values()), horizon.months)
        value = np.where(np.arange(horizon.months) < min(steps), steps[min(steps)], curve)
        for tranche in tranches[key]:
            if tranche.month is not None:
                usd = float(tranche.usd)
                total = float(value[tranche.month]) + usd
                paid.append((tranche.month, key, usd / total if total > 0.0 else 0.0))
    shares = {key: 0.0 for _, key, _ in paid}
    for _, key, new in sorted(paid, key=lambda row: row[0]):
        shares = {other: share * (1.0 - new) for other, share in shares.items()}
        shares[key] += new
    return shares


def owners_share(scenario: Scenario, tranches: Tranches) -> float | None:
    """Share that the owners keep; none where equity is paid and nothing says how much it buys."""
    for key, instrument in scenario.spec.investment.items():
        if not isinstance(instrument, (MilestoneEquity, Equity)) or instrument.valuation:
            continue
        if any(tranche.month is not None for tranche in tranches[key]):
            return None
    return 1.0 - sum(stakes_of(scenario, tranches).values())
