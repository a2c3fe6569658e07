"""The scenarios that come with the package: they load, they plan, and what they cite is there."""

from __future__ import annotations

import pytest

import gigawatt as gw
from gigawatt.catalog import Catalog
from gigawatt.core.yamltree import all_paths
from gigawatt.scenario import shipped_scenarios

SHIPPED = sorted(shipped_scenarios())
OVERRIDES = [(name, key) for name in SHIPPED for key in gw.load(name).spec.overrides]


def test_the_names_that_the_documentation_promises() -> None:
    assert SHIPPED == [
        "amd-openai-warrants",
        "gpu-loan",
        "nvidia-openai-10gw",
        "nvidia-openai-equity",
        "nvidia-openai-guaranty",
        "one-campus",
    ]


@pytest.mark.parametrize("name", SHIPPED)
def test_it_loads_and_plans_without_a_warning(name: str, shipped_plans: dict[str, gw.Plan]) -> None:
    assert gw.load(name).warnings == ()
    assert shipped_plans[name].warnings == ()


@pytest.mark.parametrize(("name", "override"), OVERRIDES)
def test_every_override_changes_the_plan(
    name: str, override: str, shipped_plans: dict[str, gw.Plan]
) -> None:
    base, other = shipped_plans[name], gw.plan(gw.load(name, overrides=[override]))
    comparison = gw.compare(base, other)
    assert comparison.inputs
    assert comparison.outcomes


@pytest.mark.parametrize("name", SHIPPED)
def test_evidence_stands_under_values_that_are_there(name: str) -> None:
    scenario = gw.load(name)
    assert set(scenario.spec.evidence) <= all_paths(scenario.tree.data)


@pytest.mark.parametrize("name", SHIPPED)
def test_evidence_that_is_not_assumed_names_a_source_or_says_why(name: str) -> None:
    for path, entry in gw.load(name).spec.evidence.items():
        assert entry.source or entry.note, path
        if entry.confidence in {"official", "reported"}:
            assert entry.source, path


@pytest.mark.parametrize("name", [name for name in SHIPPED if name != "one-campus"])
def test_every_figure_of_a_deal_is_under_evidence(name: str) -> None:
    """Without evidence a figure is shown as stated by the reader, who has stated nothing."""
    scenario = gw.load(name)
    leaves = [
        path
        for path in scenario.leaves()
        if path.partition(".")[0]
        in {"sites", "hardware", "partners", "investment", "income", "events", "costs", "lags"}
        and path.rpartition(".")[2] not in {"from", "name", "location", "policy"}
    ]
    ends = ("basis", "interconnect")  # what the source of the ramp says beside it
    bare = [
        path
        for path in leaves
        if not any(path == at or path.startswith(f"{at}.") for at in scenario.spec.evidence)
        and not path.endswith(ends)
    ]
    assert bare == []


@pytest.mark.parametrize("name", SHIPPED)
def test_sites_from_the_catalog_are_in_the_catalog(name: str) -> None:
    known = Catalog().ids("sites")
    for key, site in gw.load(name).spec.sites.items():
        assert site.from_ is None or (key if site.from_ == "catalog" else site.from_) in known


def test_the_line_that_a_shipped_scenario_cites_holds_the_value() -> None:
    scenario = gw.load("one-campus")
    lines = shipped_scenarios()["one-campus"].read_text(encoding="utf-8").splitlines()
    for path, value in scenario.leaves().items():
        origin = scenario.tree.origin(path)
        assert origin.file == "shipped/one-campus.yaml"
        assert origin.line is not None
        if path != "description":  # folded over several lines
            text = " ".join(lines[origin.line - 1 : origin.line + 1])
            assert str(value) in text, (path, value, origin.line)
