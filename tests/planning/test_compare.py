"""Comparing plans: what differs in the inputs, and what that moved."""

from __future__ import annotations

import json
from types import ModuleType
from typing import Any

import pytest

import gigawatt as gw
from gigawatt.planning import Comparison
from gigawatt.planning.calendar import day_begun, day_ended, month_ended
from gigawatt.planning.compare_workloads import _moved_days
from gigawatt.scenario import Scenario, shipped_scenarios


def plan(data: dict[str, Any]) -> gw.Plan:
    return gw.plan(Scenario.from_dict(data))


def changes(comparison: Comparison) -> dict[str, tuple[Any, Any]]:
    return {d.what: (d.a, d.b) for d in comparison.inputs}


def moved(comparison: Comparison) -> dict[str, tuple[Any, Any]]:
    return {d.what: (d.a, d.b) for d in comparison.outcomes}


@pytest.mark.parametrize("name", sorted(shipped_scenarios()))
def test_a_plan_does_not_differ_from_itself(name: str, shipped_plans: dict[str, gw.Plan]) -> None:
    again = gw.plan(gw.load(name))
    comparison = gw.compare(shipped_plans[name], again)
    assert (comparison.inputs, comparison.outcomes, comparison.months) == ([], [], [])
    assert comparison.workloads == []
    assert str(comparison).count("  nothing") == 2


def test_an_override_shows_exactly_what_it_changed(shipped_plans: dict[str, gw.Plan]) -> None:
    late = gw.plan(gw.load("one-campus", overrides=["late-grid"]))
    comparison = gw.compare(shipped_plans["one-campus"], late)
    assert changes(comparison) == {
        "sites.prairie.power.2027-06": ("200 MW", None),
        "sites.prairie.power.2028-06": ("300 MW", None),
        "sites.prairie.power.2027-12": (None, "200 MW"),
        "sites.prairie.power.2029-03": (None, "300 MW"),
    }
    places = {(d.where_a, d.where_b) for d in comparison.inputs}
    assert places == {("shipped/one-campus.yaml:15", ""), ("", "shipped/one-campus.yaml:57")}


def test_a_late_grid_slips_tranches_and_nothing_comes_earlier(
    shipped_plans: dict[str, gw.Plan],
) -> None:
    late = gw.plan(gw.load("one-campus", overrides=["late-grid"]))
    outcomes = moved(gw.compare(shipped_plans["one-campus"], late))
    slips = {what: months for what, months in outcomes.items() if what.startswith("tranche ")}
    assert slips
    for before, after in slips.values():
        assert after is None or after > before
    base = {t["name"]: t["month"] for t in shipped_plans["one-campus"].summary()["tranches"]}
    then = {t["name"]: t["month"] for t in late.summary()["tranches"]}
    differing = {f"tranche {name} month" for name in base if base[name] != then.get(name)}
    assert {what for what in slips if what.endswith("month")} == differing


def test_the_flagship_s_late_grid_names_only_ramps(shipped_plans: dict[str, gw.Plan]) -> None:
    late = gw.plan(gw.load("nvidia-openai-10gw", overrides=["late-grid"]))
    comparison = gw.compare(shipped_plans["nvidia-openai-10gw"], late)
    assert {path.rpartition(".")[0] for path in changes(comparison)} == {
        "sites.abilene.power", "sites.ports-pike.power", "sites.camellia.power",
    }  # fmt: skip
    assert any(what.startswith("tranche nvidia") for what in moved(comparison))


def test_a_slip_of_one_campus_is_told_as_the_models_that_slip(
    shipped_plans: dict[str, gw.Plan],
) -> None:
    base = shipped_plans["nvidia-openai-10gw"]
    late = gw.plan(gw.load("nvidia-openai-10gw", overrides=["late-grid"]))
    comparison = gw.compare(base, late)
    before, after = (
        next(r for r in p.summary()["training"] if r["name"] == "one-campus") for p in (base, late)
    )
    a, b = before["finish"]["central"], after["finish"]["central"]
    months = (int(b[:4]) - int(a[:4])) * 12 + int(b[5:]) - int(a[5:])
    assert months > 0
    (said,) = [text for text in comparison.workloads if text.startswith("one-campus ")]
    assert f"finishes {b} instead of {a}, {months} months later" in said
    assert said in str(comparison)
    assert comparison.as_dict()["workloads"] == comparison.workloads


def test_models_that_come_and_go_are_named(scenarios: ModuleType) -> None:
    rich = scenarios.rich()
    fewer = scenarios.changed(rich, {("workloads", "training", "stated"): None})
    there, back = gw.compare(plan(rich), plan(fewer)), gw.compare(plan(fewer), plan(rich))
    assert "stated is not asked for any more" in there.workloads
    assert "stated is asked for in addition" in back.workloads


def test_a_difference_is_told_by_its_sign_and_swaps_with_the_plans(scenarios: ModuleType) -> None:
    cheap, dear = (
        plan(scenarios.changed(scenarios.small(), {("hardware", "gb300-nvl72", "price"): price}))
        for price in ("3 MUSD/rack", "5 MUSD/rack")
    )
    there, back = gw.compare(cheap, dear), gw.compare(dear, cheap)
    (cost,) = [m for m in there.months if m.what == "cumulative cost of the build-out"]
    (other,) = [m for m in back.months if m.what == "cumulative cost of the build-out"]
    assert cost.at_end > 0
    assert other.at_end == -cost.at_end
    assert (cost.first, cost.largest_month) == (other.first, other.largest_month)
    a, b = moved(there)["cost_usd"]
    assert cost.at_end == pytest.approx(b - a)
    assert moved(back)["cost_usd"] == (b, a)
    assert changes(there) == {"hardware.gb300-nvl72.price": ("3 MUSD/rack", "5 MUSD/rack")}


def test_months_are_told_from_the_first_that_differs(scenarios: ModuleType) -> None:
    base = plan(scenarios.small())
    late = {("sites", "plain", "power"): {"2027-05": "50 MW", "2028-01": "80 MW"}}
    comparison = gw.compare(base, plan(scenarios.changed(scenarios.small(), late)))
    (packages,) = [m for m in comparison.months if m.what == "accelerators in service"]
    a = base.fleet["packages"].sum(["site", "system"]).values
    assert packages.first == str(base.horizon.start + int((a > 0).argmax()))
    assert packages.largest < 0.0
    assert packages.at_end == 0.0


def test_plans_of_other_horizons_are_compared_where_they_overlap(scenarios: ModuleType) -> None:
    base = plan(scenarios.small())
    longer = {
        ("horizon",): {"start": "2026-07", "months": 60},
        ("sites", "plain", "power"): {"2027-02": "50 MW", "2028-01": "90 MW"},
    }
    comparison = gw.compare(base, plan(scenarios.changed(scenarios.small(), longer)))
    assert changes(comparison)["horizon.months"] == (24, 60)
    assert comparison.months
    for row in comparison.months:
        assert "2027-01" <= row.first <= row.largest_month <= "2028-12"


def test_plans_that_do_not_overlap_are_compared_by_their_ends(scenarios: ModuleType) -> None:
    later = {
        ("horizon", "start"): "2035-01",
        ("sites", "plain", "power"): {"2035-02": "50 MW"},
    }
    comparison = gw.compare(
        plan(scenarios.small()), plan(scenarios.changed(scenarios.small(), later))
    )
    assert comparison.months == []
    assert comparison.outcomes
    assert str(comparison)


def test_other_sites_and_systems_can_be_compared(
    shipped_plans: dict[str, gw.Plan], scenarios: ModuleType
) -> None:
    comparison = gw.compare(plan(scenarios.rich()), shipped_plans["nvidia-openai-guaranty"])
    assert changes(comparison)["sites.plain.basis"] == ("it", None)
    assert changes(comparison)["name"] == ("Rich", "NVIDIA–OpenAI guaranty, PORTS-Pike")
    assert comparison.outcomes


def test_what_ends_with_a_month_ends_on_its_last_day(shipped_plans: dict[str, gw.Plan]) -> None:
    plan = shipped_plans["one-campus"]
    days = int(plan.horizon.hours()[0] / 24.0)
    last = f"{plan.horizon.start}-{days:02d}"
    assert month_ended(plan, 1.0) == str(plan.horizon.start)
    assert day_ended(plan, 1.0) == day_ended(plan, 1.0 - 0.5 / days) == last
    assert day_ended(plan, 1.0 - 1.0 / days) == f"{plan.horizon.start}-{days - 1:02d}"
    assert day_ended(plan, 1.0 + 1e-3) == f"{plan.horizon.start + 1}-01"
    assert day_begun(plan, 1.0) == f"{plan.horizon.start + 1}-01"
    assert day_ended(plan, float("nan")) is None


def test_an_end_moves_by_days_of_the_calendar() -> None:
    assert (
        _moved_days("ends", "2027-01-30", "2027-02-01")
        == "ends 2027-02-01 instead of 2027-01-30, 2 days later"
    )
    assert (
        _moved_days("ends", "2027-01-31", "2027-01-30")
        == "ends 2027-01-30 instead of 2027-01-31, 1 day earlier"
    )


def test_what_is_finished_in_neither_is_told_however_little_it_moves(scenarios: ModuleType) -> None:
    run = {"training": {"x": {"compute": "1e30 FLOP", "precision": "fp8"}}}
    base = scenarios.changed(scenarios.small(), {("workloads",): run})
    late = scenarios.changed(
        base, {("sites", "plain", "power"): {"2027-02": "50 MW", "2028-06": "80 MW"}}
    )
    a, b = plan(base), plan(late)
    before, after = (p.summary()["training"][0]["progress"] for p in (a, b))
    assert round(before, 2) == round(after, 2)
    (words,) = gw.compare(a, b).workloads
    assert words.startswith("x is ")
    assert " done at the end instead of " in words


def test_evidence_alone_is_no_difference(scenarios: ModuleType) -> None:
    noted = {("evidence", "sites.plain.power"): {"confidence": "official", "source": "elsewhere"}}
    comparison = gw.compare(
        plan(scenarios.rich()), plan(scenarios.changed(scenarios.rich(), noted))
    )
    assert comparison.inputs == []


def test_a_catalog_of_ones_own_is_a_difference(scenarios: ModuleType) -> None:
    records = {
        ("catalog",): {
            "sites": {
                "mine": {
                    "name": "Mine",
                    "facts": {"it": {"value": 1, "unit": "MW", "source": "own", "as_of": "2026",
                                     "confidence": "assumed"}},
                }
            }
        }
    }  # fmt: skip
    comparison = gw.compare(
        plan(scenarios.small()), plan(scenarios.changed(scenarios.small(), records))
    )
    assert "catalog" in changes(comparison)
    assert comparison.outcomes == []


def test_as_json_nothing_is_lost(shipped_plans: dict[str, gw.Plan]) -> None:
    late = gw.plan(gw.load("one-campus", overrides=["late-grid"]))
    comparison = gw.compare(shipped_plans["one-campus"], late)
    data = json.loads(json.dumps(comparison.as_dict(), allow_nan=False))
    assert set(data) == {"a", "b", "inputs", "outcomes", "months", "workloads"}
    for part in ("inputs", "outcomes", "months"):
        assert len(data[part]) == len(getattr(comparison, part)) > 0
    assert set(data["months"][0]) == {
        "what", "unit", "first", "largest_month", "largest", "at_end",
    }  # fmt: skip


def test_the_text_says_months_of_slip_and_where(
    shipped_plans: dict[str, gw.Plan], capsys: pytest.CaptureFixture[str]
) -> None:
    late = gw.plan(gw.load("one-campus", overrides=["late-grid"]))
    gw.compare(shipped_plans["one-campus"], late).show()
    text = capsys.readouterr().out
    assert "sites.prairie.power.2027-12: — → 200 MW   shipped/one-campus.yaml:57" in text
    assert "months)" in text
    assert "by month (b − a)" in text
