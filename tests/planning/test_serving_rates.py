"""Rates of streams: asked once, carried over where a system cannot be modelled, refused where it misses."""

from __future__ import annotations

import copy
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import gigawatt as gw
from gigawatt.app.words import headline
from gigawatt.perf import scaling_cache
from gigawatt.perf.serving.rates import ServingRate, serving_rate
from gigawatt.planning import serving_rates
from gigawatt.planning.buildout import Buildout
from gigawatt.planning.machines import machines_of
from gigawatt.planning.resolve import resolve
from gigawatt.planning.serving_donors import carried_ratio, donor_of
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


def fake(tokens: float, why: str = "", code: str = "") -> ServingRate:
    band = (0.5 * tokens, tokens, 2.0 * tokens)
    layout, ground = ("tp=1" if tokens else ""), ("" if code else "measured")
    return ServingRate("x", "fp8", layout, 4, band, 1.0, 0.02, 1000.0, why, ground, (), code)


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


def test_what_cannot_be_modelled_is_carried_over_by_the_smallest_ratio(scenarios: Any) -> None:
    def ask(catalog: Any, architecture: Any, system_id: str, *_: Any, **__: Any) -> ServingRate:
        if system_id == "h100-sxm":
            return fake(0.0, "its record lacks figures.", "E701")
        return fake(100.0)

    rates = rates_with(scenario_of(scenarios), ask)
    carried = rates["h100-sxm"]
    catalog = gw.Catalog()
    ratio = carried_ratio(catalog.system("h100-sxm"), catalog.system("gb300-nvl72"))
    assert 0.0 < ratio < 0.4
    assert carried.kind == "carried over"
    # the band, from half to twice, is twice as wide in logarithms
    assert carried.tokens_per_s == pytest.approx((25.0 * ratio, 100.0 * ratio, 400.0 * ratio))
    assert "lacks figures" in carried.why
    assert "gb300-nvl72" in carried.why
    assert StreamRate.from_dict(carried.as_dict()) == carried


def test_a_ratio_is_the_smallest_of_peak_bandwidth_and_memory() -> None:
    catalog = gw.Catalog()
    own, other = catalog.system("h100-sxm"), catalog.system("gb300-nvl72")
    assert own.hbm is not None
    assert other.hbm is not None
    assert carried_ratio(own, other) <= own.hbm.value / other.hbm.value
    small = own.model_copy(update={"hbm": own.hbm.model_copy(update={"value": own.hbm.value / 4})})
    assert carried_ratio(small, own) == pytest.approx(0.25)
    assert carried_ratio(own.model_copy(update={"hbm": None}), other) == 0.0
    assert carried_ratio(own, other.model_copy(update={"hbm_bandwidth": None})) == 0.0
    assert carried_ratio(own.model_copy(update={"peak": {}}), other) == 0.0


def test_the_donor_is_the_nearest_of_the_maker_whatever_the_order() -> None:
    catalog = gw.Catalog()
    ids = ("h100-sxm", "b200-hgx", "gb300-nvl72", "vr-nvl72", "mi355x", "tpu-v7")
    own = catalog.system("rubin-ultra")
    for order in (ids, ids[::-1], ids[3:] + ids[:3]):
        found = donor_of(own, {name: catalog.system(name) for name in order})
        assert found is not None
        assert found[0] == "vr-nvl72"
    # without another of its maker: the nearest by roofline
    alone = donor_of(own, {name: catalog.system(name) for name in ("tpu-v5p", "mi455x-helios")})
    assert alone is not None
    assert alone[0] == "mi455x-helios"
    assert donor_of(own, {}) is None
    assert donor_of(catalog.system("feynman"), {"b": catalog.system("b200-hgx")}) is None


def test_a_format_that_a_chip_lacks_is_carried_over_from_nothing(scenarios: Any) -> None:
    why = "h100-sxm cannot multiply in it."

    def ask(catalog: Any, architecture: Any, system_id: str, *_: Any, **__: Any) -> ServingRate:
        return fake(0.0, why, "E702") if system_id == "h100-sxm" else fake(100.0)

    refused = rates_with(scenario_of(scenarios), ask)["h100-sxm"]
    assert (refused.kind, refused.tokens_per_s, refused.why) == ("none", (0.0, 0.0, 0.0), why)
    catalog = gw.Catalog()
    shape = catalog.model("llama31-8b").architecture
    requests = {"input_tokens": 2000.0, "output_tokens": 500.0, "ttft_s": 2.0, "tpot_s": 0.05}
    demanded = serving_rate(catalog, shape, "a100-80gb-sxm", "fp8", **requests)
    assert (demanded.code, demanded.tokens_per_s) == ("E702", (0.0, 0.0, 0.0))
    own = serving_rate(catalog, shape, "a100-80gb-sxm", None, **requests)
    assert (own.precision, own.code) == ("bf16", "")
    assert own.tokens_per_s[1] > 0.0
    assert serving_rate(catalog, shape, "tpu-v5p", None, **requests).code == "E701"


def test_a_kept_rate_depends_on_all_that_it_is_made_of() -> None:
    catalog = gw.Catalog()
    model = catalog.model("llama31-8b")
    stream = SimpleNamespace(precision=None)
    short = model.model_copy(
        update={"architecture": model.architecture.model_copy(update={"context": 8192})}
    )

    def key(catalog: gw.Catalog, model: Any, **wanted: float) -> str:
        wanted = {"input_tokens": 4096.0, **wanted}
        return scaling_cache.key_of(
            serving_rates._identity(catalog, model, "x", "h100-sxm", stream, wanted)  # type: ignore[arg-type]
        )

    base = key(catalog, model)
    assert key(gw.Catalog(), model) == base
    assert key(catalog, short) != base
    assert key(catalog, model, input_tokens=4097.0) != base
    inline = {"prices": {"own": {"name": "whatever a record says"}}}
    assert key(gw.Catalog(inline=inline), model) != base


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
