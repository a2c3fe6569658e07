"""Explaining: every figure walks down to inputs with their file and line, and the numbers agree."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from functools import cache
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import gigawatt as gw
import scenarios as scenario_builders
from gigawatt.planning import Explanation
from gigawatt.planning.figures import FIGURES, by_name
from gigawatt.scenario import Scenario, shipped_scenarios

SHIPPED = sorted(shipped_scenarios())
NAMES = [figure.name for figure in FIGURES]
PLACE = re.compile(r"^(shipped/[\w-]+\.yaml:\d+|catalog/[\w/-]+\.yaml:\d+|python\b|hardware\.)")


@cache
def plan_of(name: str) -> gw.Plan:
    return gw.plan(gw.load(name))


def nodes(explanation: Explanation) -> Iterator[Explanation]:
    yield explanation
    for below in explanation.below:
        yield from nodes(below)


def first_labels(plan: gw.Plan, name: str) -> dict[str, str]:
    """The first label of every axis of a figure but the month; none where an axis is empty."""
    array = plan[name]
    dims = [str(dim) for dim in array.dims if dim != "month" and array.sizes[dim]]
    return {dim: str(array[dim].values[0]) for dim in dims}


def is_empty(plan: gw.Plan, name: str) -> bool:
    return 0 in plan[name].shape


def below(explanation: Explanation, name: str) -> Explanation:
    return next(node for node in explanation.below if node.name == name)


@pytest.mark.parametrize("scenario", SHIPPED)
@pytest.mark.parametrize("name", NAMES)
def test_every_figure_is_explained_down_to_evidence(name: str, scenario: str) -> None:
    plan = plan_of(scenario)
    explanation = gw.explain(plan, name)
    figure = by_name(name)
    assert figure is not None
    assert explanation.formula == figure.formula
    shown = {node.name for node in explanation.below if "." not in node.name}
    assert shown <= {wanted.removeprefix("inputs.") for wanted in figure.inputs}
    if not is_empty(plan, name):
        leaves = [node for node in nodes(explanation) if node.evidence is not None]
        assert leaves, f"{name} rests on nothing"
        for leaf in leaves:
            assert leaf.evidence is not None
            assert PLACE.match(leaf.evidence.where), leaf


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("scenario", SHIPPED)
def test_every_figure_is_explained_at_any_month_and_label(name: str, scenario: str) -> None:
    plan = plan_of(scenario)
    months = (0, plan.horizon.months // 2, plan.horizon.months - 1)
    for month in months:
        at = str(plan.horizon.start + month)
        explanation = gw.explain(plan, name, at=at, **first_labels(plan, name))
        assert str(explanation).startswith(name)
        json.dumps(explanation.as_dict())


@pytest.mark.parametrize("name", NAMES)
def test_the_head_of_an_explanation_is_the_figure_of_the_plan(name: str) -> None:
    plan = plan_of("nvidia-openai-10gw")
    at = "2031-05"
    labels = first_labels(plan, name)
    head = gw.explain(plan, name, at=at, **labels)
    array = plan[name].sel({dim: int(v) if dim == "gigawatt" else v for dim, v in labels.items()})
    if "month" in array.dims:
        array = array.sel(month=f"{at}-01")
    figure = by_name(name)
    assert figure is not None
    if str(head.value).startswith("finished in"):
        assert float(array) == 0.0
    elif isinstance(head.value, str):
        index = float(array)
        at_end = figure.unit.endswith("(end)")
        assert head.value == str(
            plan.horizon.start + (math.ceil(index) - 1 if at_end else int(index))
        )
    else:
        assert head.value == pytest.approx(float(array), nan_ok=True)
    assert head.unit == figure.unit


BESIDE = {
    "campaign",
    "stream",
    "use",
    "case",
    "basis",
    "counter",
    "precision",
}  # axes that are not summed over
SUMMED = [f.name for f in FIGURES if f.additive and not BESIDE & set(f.dims)]


@pytest.mark.parametrize("name", SUMMED)
def test_what_is_left_out_is_summed(name: str) -> None:
    plan = plan_of("nvidia-openai-10gw")
    array = plan[name]
    head = gw.explain(plan, name, at="2031-05")
    chosen = array.sel(month="2031-05-01") if "month" in array.dims else array
    assert head.value == pytest.approx(float(np.nansum(chosen.values)))


@pytest.mark.parametrize(
    ("name", "inputs"),
    [
        ("fleet.packages", ("fleet.racks_in_service", "packages_per_rack")),
        ("fleet.it_mw", ("fleet.racks_in_service", "fleet.rack_it_mw")),
        ("fleet.facility_mw", ("fleet.it_mw", "pue")),
        ("fleet.grid_mw", ("fleet.it_mw", "overhead")),
        ("fleet.dies", ("fleet.packages", "dies_per_package")),
        ("fleet.rack_it_mw", ("rack_power_mw", "it_power_factor")),
        ("power.energised_grid_mw", ("power.energised_it_mw", "overhead")),
        ("finance.energy_cost_usd", ("power.energy_mwh", "energy_price_usd")),
    ],
)
@pytest.mark.parametrize("scenario", SHIPPED)
def test_the_shown_factors_multiply_to_the_figure(
    name: str, inputs: tuple[str, ...], scenario: str
) -> None:
    plan = plan_of(scenario)
    month = plan.horizon.start + 40
    used = plan.fleet["it_mw"].values[40]
    s, k = np.unravel_index(int(used.argmax()), used.shape)
    site, system = str(plan.fleet["site"].values[s]), str(plan.fleet["system"].values[k])
    labels = {k: v for k, v in (("site", site), ("system", system)) if k in plan[name].dims}
    head = gw.explain(plan, name, at=str(month), **labels)
    assert isinstance(head.value, float)
    assert head.value > 0.0
    energy = plan.scenario.spec.sites[site].energy
    if name == "finance.energy_cost_usd" and (energy.contract or energy.shape != 1.0):
        assert head.value == below(head, "books.value").value
        return
    assert head.value == pytest.approx(math.prod(below(head, wanted).value for wanted in inputs))


def test_lagged_figures_show_the_month_they_come_from() -> None:
    plan = plan_of("one-campus")  # a month from delivery to installation
    labels = {"site": "prairie", "system": "gb300-nvl72"}
    head = gw.explain(plan, "fleet.racks_installed", at="2026-12", **labels)
    source = below(head, "fleet.racks_delivered")
    assert source.labels["month"] == "2026-11"
    assert head.value == source.value
    assert below(head, "delivered_to_installed_months").value == 1.0


def test_a_step_of_a_ramp_is_cited_with_its_own_line(scenarios: ModuleType) -> None:
    plan = plan_of("nvidia-openai-guaranty")
    lines = shipped_scenarios()["nvidia-openai-guaranty"].read_text().splitlines()
    line = next(n for n, text in enumerate(lines, 1) if "2028-10: 800 MW" in text)
    for at, month in (("2028-10", "2028-10"), ("2029-05", "2028-10"), ("2030-12", "2030-12")):
        head = gw.explain(plan, "power.energised_it_mw", at=at, site="ports-pike")
        leaf = below(head, "site_power_mw")
        assert leaf.evidence is not None
        assert leaf.evidence.where == (
            f"shipped/nvidia-openai-guaranty.yaml:{line} sites.ports-pike.power.{month}"
        )


def test_an_overridden_value_is_cited_where_the_override_stands() -> None:
    plan = gw.plan(gw.load("one-campus", overrides=["late-grid"]))
    head = gw.explain(plan, "power.energised_it_mw", at="2028-01", site="prairie")
    leaf = below(head, "site_power_mw")
    assert leaf.evidence is not None
    assert leaf.evidence.where.startswith("shipped/one-campus.yaml:57 ")


def test_a_setting_is_cited_as_such() -> None:
    plan = gw.plan(gw.load("one-campus", settings={"sites.prairie.pue": 1.3}))
    leaf = below(gw.explain(plan, "fleet.facility_mw", site="prairie"), "pue")
    assert leaf.value == 1.3
    assert leaf.evidence is not None
    assert leaf.evidence.where.startswith("--set")


def test_a_set_value_does_not_borrow_the_source_of_the_old_one() -> None:
    settings = {"hardware.vr-nvl72.price": "9 MUSD/rack"}
    plan = gw.plan(gw.load("nvidia-openai-10gw", settings=settings))
    (leaf,) = [
        node
        for node in gw.explain(plan, "finance.rack_spend_usd", system="vr-nvl72").below
        if node.name == "price_usd"
    ]
    assert leaf.value == 9e6
    assert leaf.evidence is not None
    assert leaf.evidence.confidence == "stated"
    assert "Morgan Stanley" not in leaf.evidence.source


def test_what_binds_is_said_where_a_site_is_named() -> None:
    plan = plan_of("one-campus")
    remark = gw.explain(plan, "fleet.packages", at="2027-03", site="prairie").remark
    assert remark == "bound by power"


def test_racks_that_wait_are_counted_since_they_wait(scenarios: ModuleType) -> None:
    deliveries = {("hardware", "gb300-nvl72", "deliveries"): {"2027-03": "900 racks"}}
    plan = gw.plan(Scenario.from_dict(scenarios.changed(scenarios.small(), deliveries)))
    head = gw.explain(plan, "fleet.packages", at="2027-09", site="plain", system="gb300-nvl72")
    store = plan.fleet["racks_in_store"].sel(month="2027-09-01", system="gb300-nvl72")
    assert head.remark == f"bound by power; {int(store)} racks wait in store since 2027-03"


def test_inputs_can_be_asked_for_directly() -> None:
    plan = plan_of("one-campus")
    leaf = gw.explain(plan, "inputs.rack_power_mw", system="vr-nvl72")
    assert leaf.value == pytest.approx(float(plan.inputs["rack_power_mw"].sel(system="vr-nvl72")))
    assert leaf.evidence is not None
    several = gw.explain(plan, "inputs.rack_power_mw")
    assert [node.labels["system"] for node in several.below] == ["vr-nvl72", "gb300-nvl72"]


def test_an_input_that_is_zero_and_that_nobody_wrote_can_be_asked_for() -> None:
    leaf = gw.explain(plan_of("one-campus"), "inputs.supply", system="gb300-nvl72")
    assert leaf.value == 0.0


@pytest.mark.parametrize("variable", sorted(plan_of("one-campus").inputs.data_vars))
def test_every_input_of_a_plan_is_explained(variable: str) -> None:
    assert str(gw.explain(plan_of("one-campus"), f"inputs.{variable}"))


@pytest.mark.parametrize(
    ("arguments", "labels", "code", "words"),
    [
        (("fleet.package",), {}, "E505", "Did you mean 'fleet.packages'?"),
        (("packages",), {}, "E505", "Did you mean 'fleet.packages'?"),
        (("rack_power_mw",), {}, "E505", "Did you mean 'inputs.rack_power_mw'?"),
        (("",), {}, "E505", "--list"),
        (("inputs.nothing",), {}, "E505", "--list"),
        (("fleet.packages",), {"site": "prairy"}, "E506", "Did you mean 'prairie'?"),
        (("fleet.packages",), {"system": "rubin"}, "E506", "gb300-nvl72, vr-nvl72"),
        (("fleet.packages",), {"basis": "it"}, "E506", "site, system"),
        (("finance.spend_usd",), {"site": "prairie"}, "E506", "one number by month"),
        (("inputs.pue",), {"system": "vr-nvl72"}, "E506", "site"),
        (("fleet.packages",), {"at": "2027-13"}, "E506", "2027-13"),
        (("fleet.packages",), {"at": "2026-06"}, "E506", "2026-07 to 2030-06"),
        (("fleet.packages",), {"at": "2030-07"}, "E506", "2026-07 to 2030-06"),
        (("finance.gigawatt_cost_usd",), {"gigawatt": "4"}, "E506", "gigawatt '4'"),
    ],
)
def test_refusals(arguments: tuple[str], labels: dict[str, Any], code: str, words: str) -> None:
    with pytest.raises(gw.errors.RunFolderError, match=code) as caught:
        gw.explain(plan_of("one-campus"), *arguments, **labels)
    assert words in str(caught.value)


def queued() -> gw.Plan:
    """Three campaigns on one site: `b` waits for `a`, `c` for what they leave, `d` for its month."""
    data = scenario_builders.changed(
        scenario_builders.small(),
        {("workloads",): {"training": {
            "a": {"compute": "3e26 FLOP", "precision": "fp8"},
            "b": {"compute": "1e26 FLOP", "precision": "fp8", "after": ["a"]},
            "c": {"compute": "1e26 FLOP", "precision": "fp8"},
            "d": {"compute": "1e24 FLOP", "precision": "fp8", "earliest": "2028-06"},
        }}},
    )  # fmt: skip
    return gw.plan(gw.Scenario.from_dict(data))


def test_a_start_is_explained_by_what_binds_it() -> None:
    plan = queued()
    heads = {run: gw.explain(plan, "training.start_month", campaign=run) for run in "abcd"}
    end = plan.summary()["training"][0]["finish_day"]
    assert "bound by capacity: in 2027-0" in heads["a"].remark
    assert f"bound by after: a ends {end}" in heads["b"].remark
    assert "bound by claims: in 2027-" in heads["c"].remark
    assert "a, b hold" in heads["c"].remark or "b hold" in heads["c"].remark
    assert "bound by earliest: 2028-06-01" in heads["d"].remark
    (waited,) = [n for n in heads["b"].below if n.name == "training.finish_month"]
    assert (waited.labels["campaign"], waited.value) == ("a", end)
    held = [n for n in heads["c"].below if n.name == "training.used"]
    there = [n for n in heads["c"].below if n.name == "use.capacity"]
    assert [n.labels["place"] for n in there] == ["plain"]
    for node in held:
        at = {"campaign": node.labels["campaign"], "month": node.labels["month"]}
        assert node.value == pytest.approx(float(plan["training.used"].sel(at).sum()))
        assert 0.0 < node.value <= there[0].value
