"""Rates of streams: asked once, carried over where a system cannot be modelled, refused where it misses."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest

import gigawatt as gw
from gigawatt.app.words import headline
from gigawatt.perf.serving.rates import ServingRate, serving_rate
from gigawatt.planning import serving_rates
from gigawatt.planning.buildout import Buildout
from gigawatt.planning.machines import machines_of
from gigawatt.planning.resolve import resolve
from gigawatt.planning.serving_rates import StreamRate, serving_rates_of

CHAT = {
    "model": "llama31-8b",
    "demand": {"2027-03": "1 Ttoken/day", "2027-09": "2 Ttoken/day"},
    "growth": "10 %/month",
    "mix": {"input": "2 ktoken", "output": "1 ktoken", "reused": "50 %"},
    "slo": {"ttft": "2 s", "tpot": "25 ms"},
    "precision": "fp8",
    "price": "0.5 USD/Mtoken",
}


def scenario_of(scenarios: Any, **more: Any) -> gw.Scenario:
    data = scenarios.changed(
        scenarios.small(), {("workloads",): {"serving": {"chat": {**CHAT, **more}}}}
    )
    data["partners"] = {
        "cloud": {"capacity": {"2027-06": "10 MW"}, "basis": "it", "system": "h100-sxm",
                  "price": "2 USD/gpu/hour", "utilisation": "50 %"},
        "silent": {"capacity": {"2027-06": "10 MW"}, "basis": "it", "commitment": "1 GUSD"},
    }  # fmt: skip
    return gw.Scenario.from_dict(data)


def rates_with(scenario: gw.Scenario, ask: Any) -> dict[str, StreamRate]:
    inputs = resolve(scenario)
    fleet = Buildout(scenario, inputs)
    months = inputs.horizon.months
    partners = {
        "partners.packages": np.ones((months, 2)),
        "partners.cost_usd": np.ones((months, 2)),
    }
    machines = machines_of(scenario, inputs, fleet, partners)
    return dict(serving_rates_of(scenario, machines, ask=ask)["chat"])


def fake(tokens: float, why: str = "", ground: str = "measured") -> ServingRate:
    band = (0.5 * tokens, tokens, 2.0 * tokens)
    return ServingRate(
        "x", "fp8", "tp=1" if tokens else "", 4, band, 1.0, 0.02, 1000.0, why, ground, ()
    )


def test_the_model_is_asked_with_the_stream_s_words(scenarios: Any) -> None:
    asked: list[tuple[str, str | None, dict[str, Any]]] = []

    def ask(
        catalog: Any, architecture: Any, system_id: str, precision: str | None, **wanted: Any
    ) -> Any:
        asked.append((system_id, precision, wanted))
        return fake(100.0)

    rates = rates_with(scenario_of(scenarios), ask)
    assert [system for system, *_ in asked] == ["gb300-nvl72", "h100-sxm"]
    assert asked[0][1:] == (
        "fp8",
        {"input_tokens": 2000.0, "output_tokens": 1000.0, "ttft_s": 2.0, "tpot_s": 0.025,
         "reused": 0.5, "model": "llama31-8b"},
    )  # fmt: skip
    assert rates["h100-sxm"].kind == "modelled"
    rates_with(scenario_of(scenarios), ask)
    assert len(asked) == 2  # kept in the process


def test_what_cannot_be_modelled_is_carried_over_by_the_smaller_ratio(scenarios: Any) -> None:
    def ask(catalog: Any, architecture: Any, system_id: str, *_: Any, **__: Any) -> ServingRate:
        return (
            fake(0.0, "its record lacks figures.", "") if system_id == "h100-sxm" else fake(100.0)
        )

    rates = rates_with(scenario_of(scenarios), ask)
    carried = rates["h100-sxm"]
    catalog = gw.Catalog()
    own, other = catalog.system("h100-sxm"), catalog.system("gb300-nvl72")
    assert own.hbm_bandwidth is not None
    assert other.hbm_bandwidth is not None
    memory = own.hbm_bandwidth.value / other.hbm_bandwidth.value
    ratio = min(memory, own.peak["fp8"].value / other.peak["fp8"].value)
    assert carried.kind == "carried over"
    assert carried.tokens_per_s == pytest.approx((50.0 * ratio, 100.0 * ratio, 200.0 * ratio))
    assert "lacks figures" in carried.why
    assert "gb300-nvl72" in carried.why
    assert StreamRate.from_dict(carried.as_dict()) == carried


def test_what_misses_the_latency_serves_nothing_and_says_so(scenarios: Any) -> None:
    def ask(*_: Any, **__: Any) -> ServingRate:
        return fake(0.0, "TPOT is 30 ms, 5 ms too long.")

    rates = rates_with(scenario_of(scenarios), ask)
    assert {rate.kind for rate in rates.values()} == {"none"}
    assert rates["h100-sxm"].why == "TPOT is 30 ms, 5 ms too long."


@pytest.fixture(scope="module")
def plan() -> gw.Plan:
    import scenarios

    return gw.plan(scenario_of(scenarios))


def test_demand_holds_by_steps_and_then_grows(plan: gw.Plan) -> None:
    per_day = plan["serving.demand_tokens_per_s"].sel(stream="chat").values * 86400.0
    assert per_day[:2].tolist() == [0.0, 0.0]
    assert per_day[2:8] == pytest.approx(np.full(6, 1e12))
    assert per_day[8:] == pytest.approx(2e12 * 1.1 ** np.arange(16))


def test_partners_serve_what_is_used_of_them(plan: gw.Plan) -> None:
    capacity = plan["use.capacity"].sel(place="cloud", machine="h100-sxm").values
    whole = plan["partners.packages"].sel(partner="cloud").values
    assert capacity == pytest.approx(0.5 * whole)
    assert "silent" not in plan.use["place"].values


def test_packages_serve_what_the_rate_says(plan: gw.Plan) -> None:
    catalog = gw.Catalog()
    shape = catalog.model("llama31-8b").architecture
    each = {
        machine: serving_rate(
            catalog, shape, machine, "fp8", input_tokens=2000, output_tokens=1000, ttft_s=2.0,
            tpot_s=0.025, reused=0.5, model="llama31-8b",
        ).tokens_per_s[1]
        for machine in ("gb300-nvl72", "h100-sxm")
    }  # fmt: skip
    used = plan["serving.used"].sel(stream="chat").sum("place")
    able = sum(used.sel(machine=m).values * rate for m, rate in each.items())
    demand = plan["serving.demand_tokens_per_s"].sel(stream="chat").values
    met = np.minimum(able, demand)  # the last unit is busy in part
    central = plan["serving.met_tokens_per_s"].sel(stream="chat", case="central").values
    assert central == pytest.approx(met)
    units = {m: rate.rate.accelerators for m, rate in plan.serving_rates["chat"].items()}
    for m, unit in units.items():
        assert used.sel(machine=m).values % unit == pytest.approx(0.0)
    assert (able - met < max(units[m] * rate for m, rate in each.items())).all()
    revenue = plan["serving.revenue_usd"].sel(stream="chat", case="central").values
    assert revenue == pytest.approx(met * plan.horizon.hours() * 3600 * 0.5e-6)
    # the machine that serves most per megawatt goes first
    assert used.sel(machine="gb300-nvl72").values[4] > 0.0
    assert used.sel(machine="h100-sxm").values[6] == 0.0


def test_explaining_what_is_served_reaches_layout_and_ground(plan: gw.Plan) -> None:
    text = str(gw.explain(plan, "serving.met_tokens_per_s", stream="chat", at="2027-10"))
    for part in (
        "performance.serving[chat, gb300-nvl72]", "layout = ", "latency = TTFT", "serving_demand[chat",
        "workloads.serving.chat.slo.tpot", "fleet.racks_in_service",
    ):  # fmt: skip
        assert part in text, part


def test_the_headline_says_what_is_met(plan: gw.Plan) -> None:
    lines = "\n".join(headline(plan.summary()))
    assert "serving chat" in lines
    assert "llama31-8b: " in lines
    assert " % of the demand met" in lines
    assert ", revenue $" in lines


def test_unmet_demand_is_a_finding_with_its_month(scenarios: Any) -> None:
    made = gw.plan(scenario_of(scenarios, demand={"2027-01": "1 Ptoken/day"}, growth="0 %/month"))
    (finding,) = [w for w in made.warnings if w.code == "W116"]
    assert "unmet in 24 months from 2027-01 on" in finding.message
    (row,) = made.summary()["serving"]
    assert row["unmet_from"] == "2027-01"
    assert row["outcome"] == finding.message
    demand = made["serving.demand_tokens_per_s"].values
    for case in ("low", "central", "high"):
        met, unmet = (
            made[f"serving.{n}_tokens_per_s"].sel(case=case).values for n in ("met", "unmet")
        )
        assert met + unmet == pytest.approx(demand)


def test_a_rate_is_kept_on_disk(scenarios: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    scenario = scenario_of(scenarios, slo={"ttft": "3 s", "tpot": "31 ms"})
    told: list[str] = []
    gw.plan(scenario, progress=told.append)
    assert told == [
        "searching how to serve 1/2: llama31-8b on gb300-nvl72",
        "searching how to serve 2/2: llama31-8b on h100-sxm",
    ]
    monkeypatch.setattr(serving_rates, "_made", {})
    gw.plan(copy.deepcopy(scenario), progress=lambda words: pytest.fail(words))
