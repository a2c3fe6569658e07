"""Figures that are made wrong on purpose are found: the rule that every figure is a number."""

from __future__ import annotations

from types import ModuleType

import numpy as np
import pytest

import gigawatt as gw
from gigawatt.planning.build import Built, build
from gigawatt.planning.conservation import broken_rules, check_conservation
from gigawatt.planning.figures import FIGURES
from gigawatt.planning.inputs import Inputs
from gigawatt.planning.resolve import resolve
from gigawatt.scenario import Scenario


@pytest.fixture
def made(scenarios: ModuleType) -> tuple[Built, Inputs, Scenario]:
    scenario = Scenario.from_dict(scenarios.rich())
    inputs = resolve(scenario)
    return build(scenario, inputs), inputs, scenario


@pytest.mark.parametrize("wrong", [np.nan, np.inf])
def test_what_is_no_number_is_found(made: tuple[Built, Inputs, Scenario], wrong: float) -> None:
    built, inputs, scenario = made
    assert broken_rules(built, inputs, scenario) == []
    declared = {figure.name for figure in FIGURES if figure.gaps}
    for name, values in list(built.figures.items()):
        if values.dtype.kind != "f" or not values.size:
            continue
        spoilt = values.copy()
        spoilt.flat[-1] = wrong
        built.figures[name] = spoilt
        said = f"every figure is a number: {name} is not a number everywhere"
        found = said in broken_rules(built, inputs, scenario)
        assert found != (name in declared and np.isnan(wrong)), name
        built.figures[name] = values
    built.figures["use.capacity"] = built.figures["use.capacity"] * np.nan
    with pytest.raises(gw.errors.ConservationError, match=r"use\.capacity is not a number"):
        check_conservation(built, inputs, scenario)
