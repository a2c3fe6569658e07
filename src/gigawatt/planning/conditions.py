"""When the conditions of an instrument hold: events, gigawatts, finished campaigns."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from gigawatt.core.arrays import Array
from gigawatt.fleet.calendar import first_reached
from gigawatt.fleet.milestones import TOLERANCE
from gigawatt.scenario import Scenario
from gigawatt.scenario.instruments import Condition, Investment

from .buildout import Buildout
from .inputs import Inputs
from .rates import CASES

__all__ = ["opened_months"]


def opened_months(
    scenario: Scenario, inputs: Inputs, fleet: Buildout, figures: Mapping[str, Array]
) -> dict[str, int]:
    """Month index from which each instrument may pay; the length of the horizon if never.

    Parameters
    ----------
    figures : mapping of str to array
        `training.finish_month`, shape (campaigns, cases).
    """
    return {
        key: _opened(instrument, scenario, inputs, fleet, figures)
        for key, instrument in scenario.spec.investment.items()
    }


def _opened(
    instrument: Investment,
    scenario: Scenario,
    inputs: Inputs,
    fleet: Buildout,
    figures: Mapping[str, Array],
) -> int:
    months = [_met(c, scenario, inputs, fleet, figures) for c in instrument.conditions]
    return max([0, *months])


def _met(
    condition: Condition,
    scenario: Scenario,
    inputs: Inputs,
    fleet: Buildout,
    figures: Mapping[str, Array],
) -> int:
    never = inputs.horizon.months
    found = [0]
    if condition.event is not None:
        month = scenario.spec.events[condition.event]
        found.append(never if month is None else max(0, inputs.horizon.offset(month)))
    if condition.capacity is not None:
        gigawatts = fleet.counted_gw(condition.milestone).sum(axis=0)
        level = np.array([condition.capacity / 1000.0 * (1.0 - TOLERANCE)])
        found.append(int(first_reached(gigawatts, level)[0]))
    if condition.campaign is not None:
        at = list(scenario.spec.workloads.training).index(condition.campaign)
        done = figures["training.finish_month"][at, CASES.index("central")]
        found.append(never if np.isnan(done) else int(np.ceil(done)))
    return min(max(found), never)
