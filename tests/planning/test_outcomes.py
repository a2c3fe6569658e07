"""Nothing that is asked for is dropped: what does not come says why and by how much it misses."""

from __future__ import annotations

import math
import re
from typing import Any

import pytest

import gigawatt as gw
from gigawatt.report import html_report


def planned(scenarios: Any, **runs: Any) -> gw.Plan:
    changes = {("workloads",): {"training": runs}}
    return gw.plan(gw.Scenario.from_dict(scenarios.changed(scenarios.small(), changes)))


def finding(plan: gw.Plan, code: str, run: str = "a") -> str:
    (found,) = [w for w in plan.warnings if w.code == code and w.path.endswith(f".{run}")]
    row = next(row for row in plan.summary()["training"] if row["name"] == run)
    assert row["outcome"] == found.message
    explained = str(gw.explain(plan, "training.finish_month", campaign=run))
    assert found.message in explained
    return found.message


def test_a_model_that_never_fits_names_its_memory(scenarios: Any) -> None:
    data = scenarios.changed(
        scenarios.small(),
        {("sites", "plain", "power"): {"2027-02": "1 MW"},
         ("workloads",): {"training": {"a": {"model": "megatron-1t", "tokens": "1 Ttoken"}}}},
    )  # fmt: skip
    plan = gw.plan(gw.Scenario.from_dict(data))
    there = float(plan["use.capacity"].values.max())
    least = plan.rates["a"]["gb300-nvl72"].least
    assert least <= there or finding(plan, "W114").startswith("Never starts: its memory needs")
    # on a share of it, it does not fit
    small = scenarios.changed(data, {("workloads", "training", "a", "share"): "1 %"})
    plan = gw.plan(gw.Scenario.from_dict(small))
    free = float(int(0.01 * there))
    assert finding(plan, "W114") == (
        f"Never starts: its share is too small: 1 % of {there:,.0f} packages of gb300-nvl72 on all its places "
        f"is {free:,.0f}; its memory needs {least:,.0f}, {least - free:,.0f} more."
    )


def test_a_count_that_is_never_there_is_too_large_by_so_many(scenarios: Any) -> None:
    plan = planned(
        scenarios,
        a={"compute": "1e24 FLOP", "precision": "fp8", "count": "37100 packages", "grow": False},
    )
    there = float(plan["use.capacity"].values.sum(axis=(1, 2)).max())
    assert 0 < there < 37100
    assert finding(plan, "W114") == (
        "Never starts: its cluster of 37,100 packages must be there at once; at most "
        f"{there:,.0f} are ever free to it on all its places, {37100 - there:,.0f} too few."
    )


def test_a_count_that_does_not_hold_the_model_is_too_small_by_so_many(scenarios: Any) -> None:
    run = {"model": "llama31-405b", "tokens": "1 Ttoken", "precision": "fp8", "count": "8 packages"}
    plan = planned(scenarios, a=run)
    least = plan.rates["a"]["gb300-nvl72"].least
    assert least > 8
    assert finding(plan, "W114") == (
        f"Never starts: its cluster is too small: the memory of the model needs at least {least:,.0f} "
        f"packages, and its count is 8, {least - 8:,.0f} too few."
    )


def test_what_waits_for_an_endless_campaign_names_it(scenarios: Any) -> None:
    plan = planned(
        scenarios,
        a={"compute": "1e24 FLOP", "precision": "fp8", "after": ["b"]},
        b={"compute": "1e30 FLOP", "precision": "fp8"},
    )
    assert "it waits for b, which is not finished in time" in finding(plan, "W114")
    assert "more months are needed" in finding(plan, "W113", "b")


def test_what_others_hold_all_the_time_is_said(scenarios: Any) -> None:
    plan = planned(
        scenarios,
        a={"compute": "1e24 FLOP", "precision": "fp8"},
        b={"compute": "1e30 FLOP", "precision": "fp8", "priority": 10},
    )
    there = float(plan["use.capacity"].values.sum(axis=(1, 2)).max())
    assert finding(plan, "W114") == (
        f"Never starts: claims before it hold all but 0 of {there:,.0f} packages of gb300-nvl72 on all its "
        "places; its memory needs 1."
    )


def test_a_system_that_cannot_train_it_says_why(scenarios: Any) -> None:
    data = scenarios.changed(
        scenarios.small(),
        {("hardware",): {"a100-80gb-sxm": {"price": "0.2 MUSD/rack"}},
         ("workloads",): {"training": {"a": {"compute": "1e24 FLOP", "precision": "fp8"}}}},
    )  # fmt: skip
    plan = gw.plan(gw.Scenario.from_dict(data))
    assert "no system of the fleet can train it (a100-80gb-sxm: no peak)" in finding(plan, "W114")


def test_how_much_is_missing_at_the_end_is_said(scenarios: Any) -> None:
    plan = planned(scenarios, a={"compute": "1e28 FLOP", "precision": "fp8"})
    done = float(plan["training.progress"].sel(campaign="a", case="central")[-1])
    last = float(plan["training.model_flop"].sel(campaign="a", case="central")[-1]) / 1e28
    assert finding(plan, "W113") == (
        f"Not finished by 2028-12: {done:.1%} is done; at the pace of its last month "
        f"{(1 - done) / last:,.1f} more months are needed."
    )


CLOUD = {"capacity": {"2027-01": "20 MW"}, "basis": "it", "system": "h100-sxm"}


def with_partners(scenarios: Any, partners: dict[str, Any], **workloads: Any) -> gw.Plan:
    changes = {("partners",): partners, ("workloads",): workloads}
    return gw.plan(gw.Scenario.from_dict(scenarios.changed(scenarios.small(), changes)))


def test_no_capable_system_at_its_places_is_said(scenarios: Any) -> None:
    runs = {"a": {"compute": "1e25 FLOP", "precision": "fp4", "campus": ["cloud"]}}
    plan = with_partners(scenarios, {"cloud": CLOUD}, training=runs)
    assert finding(plan, "W114") == (
        "Never starts: no system at its places can train it (h100-sxm: no peak)."
    )


def test_a_partner_without_a_system_is_named(scenarios: Any) -> None:
    partner = {key: value for key, value in CLOUD.items() if key != "system"}
    runs = {"a": {"compute": "1e25 FLOP", "precision": "fp8", "campus": ["cloud"]}}
    plan = with_partners(scenarios, {"cloud": partner}, training=runs)
    assert "cloud states no system" in finding(plan, "W114")
    assert "W120" in {w.code for w in plan.warnings}


def test_a_contract_that_is_over_before_the_start_is_said(scenarios: Any) -> None:
    runs = {
        "a": {
            "compute": "1e25 FLOP",
            "precision": "fp8",
            "campus": ["cloud"],
            "earliest": "2027-09",
        }
    }
    partner = {**CLOUD, "term": "6 months"}
    plan = with_partners(scenarios, {"cloud": partner}, training=runs)
    assert finding(plan, "W114") == (
        "Never starts: it can start in 2027-09 at the earliest, and the last h100-sxm at its places are "
        "there in 2027-06, 3 months before."
    )


def test_a_stated_utilisation_and_a_carried_curve_ask_for_memory(scenarios: Any) -> None:
    run = {"model": "llama31-405b", "tokens": "1 Ttoken", "precision": "fp8", "mfu": "40 %"}
    plan = planned(scenarios, a={**run, "count": "1 packages"})
    least = plan.rates["a"]["gb300-nvl72"].least
    assert least == 25.0  # 405.8e9 parameters × 16 B × 1.06 / (279 GB − 3 GB), rounded up
    assert f"needs at least {least:,.0f} packages" in finding(plan, "W114")
    own = {"model": "deepseek-v3", "tokens": "1 Ttoken", "precision": "fp8", "campus": ["aws"]}
    partner = {**CLOUD, "system": "trainium2"}
    plan = with_partners(
        scenarios, {"aws": partner}, training={"a": {**own, "count": "64 packages"}}
    )
    lent, carried = plan.rates["a"]["gb300-nvl72"], plan.rates["a"]["trainium2"]
    assert carried.kind == "carried over"
    systems = plan.scenario.catalog
    ratio = systems.system("gb300-nvl72").hbm.value / systems.system("trainium2").hbm.value
    assert carried.least == math.ceil(lent.least * ratio) > 64
    assert f"needs at least {carried.least:,.0f} packages" in finding(plan, "W114")


def test_a_model_that_fits_on_no_count_says_by_how_much_it_misses(scenarios: Any) -> None:
    optimal = {"compute": "3e28 FLOP", "law": "chinchilla-replication", "like": "llama31-405b"}
    plan = planned(scenarios, a={"compute_optimal": optimal, "precision": "fp8"})
    assert not plan.rates["a"]["gb300-nvl72"].fits
    words = finding(plan, "W114")
    needs, has = re.search(r"needs ([\d,.]+) GB of the ([\d,.]+) GB of each", words).groups()
    assert float(needs.replace(",", "")) > float(has)
    assert "W112" not in {w.code for w in plan.warnings}


def test_a_count_that_a_growing_cluster_never_reaches_is_said(scenarios: Any) -> None:
    run = {"compute": "1e24 FLOP", "precision": "fp8", "count": "37000 packages"}
    plan = planned(scenarios, a=run)
    most = float(plan["training.packages"].sel(campaign="a", case="central").sum("machine").max())
    (row,) = plan.summary()["training"]
    assert row["outcome"] == (
        f"finished; its count of 37,000 is never reached: at most {most:,.0f}, {37000 - most:,.0f} too few"
    )
    plan = planned(scenarios, a={**run, "count": "100 packages"})
    assert plan.summary()["training"][0]["outcome"] == "finished"


def unmet(plan: gw.Plan) -> str:
    (found,) = [w for w in plan.warnings if w.code == "W116"]
    return found.message.partition(": ")[2]


STREAM = {
    "model": "deepseek-v3", "demand": {"2027-06": "0.2 Ttoken/day"},
    "mix": {"input": "4 ktoken", "output": "1 ktoken"}, "slo": {"ttft": "2 s", "tpot": "25 ms"},
}  # fmt: skip


def test_unmet_demand_names_the_fleet_the_claims_or_the_blocks(scenarios: Any) -> None:
    asked = {"s": {**STREAM, "demand": {"2027-06": "20 Ttoken/day"}}}
    plan = planned_serving(scenarios, asked)
    there = float(plan["use.capacity"].sel(month="2027-06").sum())
    assert unmet(plan).startswith(f"the fleet has {there:,.0f} capable packages, the demand needs")
    runs = {"a": {"compute": "1e30 FLOP", "precision": "fp8"}}
    plan = planned_serving(scenarios, {"s": STREAM}, training=runs)
    assert re.match(
        r"of [\d,]+ capable packages claims before it hold [\d,]+, the demand needs", unmet(plan)
    )
    small = {"cloud": {**CLOUD, "capacity": {"2027-01": "12 kW"}}}
    site = {"basis": "it", "power": {"2028-12": "1 MW"}}
    data = scenarios.changed(
        scenarios.small(),
        {("sites",): {"x": site}, ("partners",): small, ("workloads",): {"serving": {"s": STREAM}}},
    )
    plan = gw.plan(gw.Scenario.from_dict(data))
    unit = plan.serving_rates["s"]["h100-sxm"].rate.accelerators
    assert unit > 8
    assert unmet(plan) == f"the largest free block of h100-sxm is 8, a unit needs {unit}."


def planned_serving(scenarios: Any, streams: Any, **more: Any) -> gw.Plan:
    changes = {("workloads",): {"serving": streams, **more}}
    return gw.plan(gw.Scenario.from_dict(scenarios.changed(scenarios.small(), changes)))


def test_partners_alone_are_a_fleet(scenarios: Any) -> None:
    data = {
        **scenarios.small(), "sites": {}, "hardware": {}, "partners": {"cloud": CLOUD},
        "workloads": {"training": {"a": {"compute": "1e25 FLOP", "precision": "fp8"}}},
    }  # fmt: skip
    plan = gw.plan(gw.Scenario.from_dict(data))
    assert plan.outcomes == {"workloads.training.a": "finished"}
    assert "Models in training" in html_report(plan)
    without = {key: value for key, value in CLOUD.items() if key != "system"}
    with pytest.raises(gw.errors.ScenarioError, match="E306"):
        gw.Scenario.from_dict({**data, "partners": {"cloud": without}})


@pytest.mark.parametrize("name", ["one-campus", "nvidia-openai-10gw", "nvidia-openai-guaranty"])
def test_every_workload_has_an_outcome(name: str, shipped_plans: dict[str, gw.Plan]) -> None:
    plan = shipped_plans[name]
    workloads = plan.scenario.spec.workloads
    assert set(plan.outcomes) == {
        *(f"workloads.training.{key}" for key in workloads.training),
        *(f"workloads.serving.{key}" for key in workloads.serving),
    }
    assert all(plan.outcomes.values())


def test_the_flagship_s_roadmap_is_trained_and_served(shipped_plans: dict[str, gw.Plan]) -> None:
    summary = shipped_plans["nvidia-openai-10gw"].summary()
    assert len(summary["training"]) >= 4
    assert all(row["finish"]["central"] for row in summary["training"])
    assert max(row["finish"]["central"] for row in summary["training"]) > "2033"
    assert len(summary["serving"]) == 2
    assert all(0.3 < row["met"]["central"] <= 1.0 for row in summary["serving"])
    assert sum(summary["use"].values()) == pytest.approx(1.0, abs=1e-5)
