"""What a planned scenario turns out to mean: findings that only the figures can show."""

from __future__ import annotations

from collections.abc import Iterator

from gigawatt.core.errors import Problem, ScenarioError
from gigawatt.fleet.deploy import BINDING
from gigawatt.scenario import Scenario

from .build import Built
from .inputs import Inputs
from .outcomes import outcomes, silent_machines

__all__ = ["check_outcome"]


def check_outcome(scenario: Scenario, inputs: Inputs, built: Built) -> list[Problem]:
    """Findings about a finished build.

    Raises
    ------
    ScenarioError
        E306 if nothing ever goes into service, at partners neither.
    """
    if not built.figures["fleet.racks_in_service"].any() and not built.machines.capacity.any():
        raise ScenarioError(_empty_fleet(scenario, inputs, built))
    return [
        finding
        for rule in (
            _racks_that_never_find_power,
            _tranches_never_paid,
            _peaks_that_are_missing,
            outcomes,
        )
        for finding in rule(scenario, inputs, built)
    ]


def _empty_fleet(scenario: Scenario, inputs: Inputs, built: Built) -> Problem:
    codes = built.figures["power.binding"][-1].astype(int)
    reasons = ", ".join(
        f"{site}: {BINDING[code]}" for site, code in zip(inputs.sites, codes, strict=True)
    )
    return Problem(
        "E306",
        "The fleet is empty: nothing goes into service within the horizon. What binds at its end: "
        f"{reasons}.",
        "Check availability, deliveries, power and lags against the horizon.",
        "horizon",
        scenario.tree.origin("horizon"),
    )


def _racks_that_never_find_power(
    scenario: Scenario, inputs: Inputs, built: Built
) -> Iterator[Problem]:
    left = built.figures["fleet.racks_in_store"][-1]
    for key, racks in zip(inputs.systems, left, strict=True):
        if racks >= 1.0:
            path = f"hardware.{key}.deliveries"
            yield Problem(
                "W110",
                f"{racks:,.0f} racks of {key} still wait for power when the horizon ends.",
                "Deliver fewer, or energise more power.",
                path,
                scenario.tree.origin(path),
            )


def _tranches_never_paid(scenario: Scenario, inputs: Inputs, built: Built) -> Iterator[Problem]:
    for key, tranches in built.tranches.items():
        unpaid = [tranche for tranche in tranches if tranche.month is None]
        investment = scenario.spec.investment[key]
        if not unpaid or investment.kind != "milestone_equity":
            continue
        total = sum(float(tranche.usd) for tranche in unpaid)
        counter = built.counters.index(f"investment.{key}")
        reached = built.figures["milestones.counted_gw"][-1, counter] * 1000.0
        needed = unpaid[0].milestone * investment.step
        why = (
            f"the next needs {needed:,.0f} MW, {reached:,.0f} MW are reached"
            if reached < needed
            else f"their milestones come after {investment.until or 'the horizon'}"
        )
        path = f"investment.{key}"
        yield Problem(
            "W111",
            f"{len(unpaid)} of {len(tranches)} tranches of {key} ({total / 1e9:,.4g} GUSD) are not "
            f"paid within the horizon: {why} ({investment.milestone.basis} basis, "
            f"{investment.milestone.stage}).",
            "",
            path,
            scenario.tree.origin(path),
        )


def _peaks_that_are_missing(scenario: Scenario, inputs: Inputs, built: Built) -> Iterator[Problem]:
    for name, run in scenario.spec.workloads.training.items():
        silent = silent_machines(built.rates[name])
        if silent:
            path = f"workloads.training.{name}"
            yield Problem(
                "W112",
                f"No source gives a {run.precision} peak or utilisation for {', '.join(silent)}; "
                "they add nothing to this campaign.",
                "",
                path,
                scenario.tree.origin(path),
            )
