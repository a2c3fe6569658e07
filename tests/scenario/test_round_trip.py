"""A scenario written out, or made in Python, is the scenario that was read."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import gigawatt as gw
from gigawatt.core.yamltree import read_yaml_text, write_yaml
from gigawatt.scenario import Scenario, shipped_scenarios
from gigawatt.scenario.load import read_tree

SHIPPED = sorted(shipped_scenarios())
APPLIED = [(name, key) for name in SHIPPED for key in gw.load(name).spec.overrides]


def spec_of(scenario: Scenario) -> Any:
    """What is planned: the imports are merged and gone once a scenario is resolved."""
    return scenario.spec.model_copy(update={"imports": ()})


@pytest.mark.parametrize("name", SHIPPED)
def test_a_dumped_scenario_is_read_as_the_same(name: str, write: Callable[..., Path]) -> None:
    scenario = gw.load(name)
    again = gw.load(write(scenario.to_yaml()))
    assert spec_of(again) == spec_of(scenario)
    assert again.leaves() == scenario.leaves()
    assert list(again.spec.sites) == list(scenario.spec.sites)
    assert list(again.spec.hardware) == list(scenario.spec.hardware)


@pytest.mark.parametrize(("name", "override"), APPLIED)
def test_an_override_that_is_in_place_is_dumped_in_place(
    name: str, override: str, write: Callable[..., Path]
) -> None:
    scenario = gw.load(name, overrides=[override])
    assert spec_of(gw.load(write(scenario.to_yaml()))) == spec_of(scenario)


def test_settings_are_dumped_in_place(write: Callable[..., Path]) -> None:
    scenario = gw.load(
        "one-campus", settings={"sites.prairie.power.2029-01": "310 MW", "hardware.vr-nvl72": None}
    )
    again = gw.load(write(scenario.to_yaml()))
    assert spec_of(again) == spec_of(scenario)
    assert "vr-nvl72" not in again.spec.hardware


@pytest.mark.parametrize("name", SHIPPED)
def test_plain_python_data_makes_the_same_scenario(name: str) -> None:
    data = read_tree(shipped_scenarios()[name]).data
    made = Scenario.from_dict(data, shipped_scenarios()[name].parent)
    assert made.spec == gw.load(name).spec
    assert gw.plan(made).summary()["cost_usd"] == gw.plan(gw.load(name)).summary()["cost_usd"]


def test_a_scenario_from_python_says_python_where_a_line_would_stand(
    scenarios: ModuleType,
) -> None:
    data = scenarios.changed(scenarios.small(), {("sites", "plain", "pue"): 0.5})
    with pytest.raises(gw.errors.ScenarioError) as caught:
        Scenario.from_dict(data)
    assert str(caught.value).startswith("E213 python sites.plain.pue")


def test_python_data_is_not_changed_by_making_a_scenario(scenarios: ModuleType) -> None:
    data = scenarios.rich()
    Scenario.from_dict(data).override("late")
    assert data == scenarios.rich()


def test_python_may_use_tuples_and_quantities_as_text_only(scenarios: ModuleType) -> None:
    systems = {("sites", "plain", "systems"): ("gb300-nvl72",)}
    assert (
        Scenario.from_dict(scenarios.changed(scenarios.small(), systems))
        .spec.sites["plain"]
        .systems
    )
    bare = {("sites", "plain", "power", "2028-01"): 80.0}
    with pytest.raises(gw.errors.ScenarioError, match="E210"):
        Scenario.from_dict(scenarios.changed(scenarios.small(), bare))


def test_a_number_too_large_for_python_floats_is_refused(scenarios: ModuleType) -> None:
    huge = {("sites", "plain", "pue"): 10**400}
    with pytest.raises(gw.errors.ScenarioError, match="E212"):
        Scenario.from_dict(scenarios.changed(scenarios.small(), huge))


def test_a_scenario_survives_a_process_pool(scenarios: ModuleType) -> None:
    scenario = Scenario.from_dict(scenarios.rich())
    again = pickle.loads(pickle.dumps(scenario))
    assert again.spec == scenario.spec
    assert gw.plan(again).summary() == gw.plan(scenario).summary()


TEXT = st.text(max_size=12) | st.sampled_from(
    ["no", "yes", "on", "~", "null", "2026-07", "2027-Q1", "1e3", "0x1f", "010", ".5", "1_000", ".inf",
     "true", "- a", "a: b", "a #b", " pad ", "line\nline", "tail\n", "'", '"', "%", "@", "é→", "=", "<<"]
)  # fmt: skip
KEYS = TEXT.filter(lambda key: key != "<<")  # refused on purpose, see test_bad_files
LEAVES = (
    TEXT
    | st.none()
    | st.booleans()
    | st.integers(-(10**18), 10**18)
    | st.floats(allow_nan=False, allow_infinity=False)
)
NESTED = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=12,
)


@given(st.dictionaries(KEYS, NESTED, min_size=1, max_size=4))
def test_any_tree_that_is_written_is_read_back(data: dict[str, Any]) -> None:
    again = read_yaml_text(write_yaml(data), "f").data
    assert again == data
    assert list(again) == list(data)
