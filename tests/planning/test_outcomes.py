"""Nothing that is asked for is dropped: what does not come says why and by how much it misses."""

from __future__ import annotations

from typing import Any

import pytest

import gigawatt as gw


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
        f"Never starts: its memory needs at least {least:,.0f} packages of gb300-nvl72 in one cluster; at "
        f"most {free:,.0f} are ever free to it on all its places, {least - free:,.0f} too few."
    )


def test_a_count_that_is_never_there_is_too_large_by_so_many(scenarios: Any) -> None:
    plan = planned(
        scenarios,
        a={"compute": "1e24 FLOP", "precision": "fp8", "count": "40000 packages", "grow": False},
    )
    there = float(plan["use.capacity"].values.sum(axis=(1, 2)).max())
    assert 0 < there < 40000
    assert finding(plan, "W114") == (
        "Never starts: its cluster of 40,000 packages must be there at once; at most "
        f"{there:,.0f} are ever free to it on all its places, {40000 - there:,.0f} too few."
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
