"""Every conservation rule is broken on purpose, and refuses the plan by its name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import gigawatt as gw
from gigawatt.core.errors import ConservationError
from gigawatt.planning.build import Built, build
from gigawatt.planning.conservation import RULES, check_conservation
from gigawatt.planning.inputs import Inputs
from gigawatt.planning.resolve import resolve

Made = tuple[gw.Scenario, Inputs, Built]
RUN = {"compute": "1e25 FLOP", "precision": "fp8"}


@pytest.fixture(scope="module")
def made(scenarios: Any) -> Made:
    """A sound plan with a fixed mix, an investment by milestones and a run."""
    data = scenarios.changed(
        scenarios.small(),
        {("deployment",): {"policy": "fixed", "mix": {"gb300-nvl72": "100 %"}},
         ("hardware", "gb300-nvl72"): {"price": "4 MUSD/rack", "supply": {"2027-01": "500 racks/month"}},
         ("investment",): {"vendor": {
             "kind": "milestone_equity", "cap": "1 GUSD", "tranche": "10 GUSD/GW", "step": "10 MW",
             "first_tranche": "on_signing", "signed": "2027-01"}},
         ("workloads",): {"training": {"run": RUN}}},
    )  # fmt: skip
    scenario = gw.Scenario.from_dict(data)
    inputs = resolve(scenario)
    return scenario, inputs, build(scenario, inputs)


def doubled(name: str) -> Callable[[Built], Built]:
    def change(built: Built) -> Built:
        return replace(built, figures={**built.figures, name: 2.0 * built.figures[name] + 1.0})

    return change


def falling(built: Built) -> Built:
    values = np.array(built.figures["milestones.deployed_gw"])
    values[-1] = 0.0
    return replace(built, figures={**built.figures, "milestones.deployed_gw": values})


def paid_twice(built: Built) -> Built:
    (key, tranches), *_ = built.tranches.items()
    return replace(built, tranches={**built.tranches, key: [*tranches, tranches[0]]})


def supplied_early(built: Built) -> Built:
    values = np.array(built.figures["fleet.racks_delivered_total"])
    values[:, :] += 1e6
    return replace(built, figures={**built.figures, "fleet.racks_delivered_total": values})


def done_too_much(built: Built) -> Built:
    """By a ten-thousandth of the run."""
    values = np.array(built.figures["training.model_flop"])
    values[-1] += 1e-4 * values.sum(axis=0)
    return replace(built, figures={**built.figures, "training.model_flop": values})


def out_by_a_cent(built: Built) -> Built:
    lines = {**built.books.lines, "assets[buyer]": built.books.lines["assets[buyer]"] + 0.01}
    return replace(built, books=replace(built.books, lines=lines))


BREAKS: dict[str, Callable[[Built], Built]] = {
    "power_used_is_energised_and_contracted": doubled("power.in_service_it_mw"),
    "racks_are_accounted_for": doubled("fleet.racks_in_store"),
    "deliveries_stay_within_supply": supplied_early,
    "sources_equal_uses": doubled("finance.other_sources_usd"),
    "books_balance_to_the_cent": out_by_a_cent,
    "books_say_what_the_plan_says": doubled("finance.rack_spend_usd"),
    "tranches_follow_their_milestones": paid_twice,
    "the_policy_is_kept": doubled("fleet.it_mw"),
    "gigawatts_never_fall": falling,
    "workloads_use_what_serves": doubled("use.training"),
    "workloads_do_what_was_asked": done_too_much,
}


def test_a_sound_plan_is_accepted_and_every_rule_is_broken_here(made: Made) -> None:
    scenario, inputs, built = made
    check_conservation(built, inputs, scenario)
    assert set(BREAKS) == {rule.__name__ for rule in RULES}


@pytest.mark.parametrize("rule", BREAKS)
def test_a_doctored_plan_is_refused_by_the_rule_that_it_breaks(rule: str, made: Made) -> None:
    scenario, inputs, built = made
    with pytest.raises(ConservationError) as caught:
        check_conservation(BREAKS[rule](built), inputs, scenario)
    problems = caught.value.problems
    assert {problem.code for problem in problems} == {"E901"}
    assert any(f"refused: {rule.replace('_', ' ')}: " in problem.message for problem in problems)
    assert caught.value.exit_code == 1
