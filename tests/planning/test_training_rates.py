"""Training runs follow throughput curves: a finish month by hand, what is carried over, what is said."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest

import gigawatt as gw
from gigawatt.app.words import headline
from gigawatt.catalog import Catalog
from gigawatt.perf.scaling import throughput_curve
from gigawatt.planning.campaigns import campaigns, training_days
from gigawatt.planning.rates import Rate
from gigawatt.report import html_report

# 16 MW and, from the seventh month, 32 MW of IT power; racks of 8 accelerators draw 16 kW, so 1,000 and
# 2,000 racks, 8,000 and 16,000 accelerators. Two sites, the second of half the size, from the start.
HAND: dict[str, Any] = {
    "schema": 1,
    "name": "by hand",
    "horizon": {"start": "2027-01", "months": 24},
    "sites": {
        "a": {"basis": "it", "power": {"2027-01": "16 MW", "2027-07": "32 MW"}},
        "b": {"basis": "it", "power": {"2027-01": "8 MW"}},
    },
    "hardware": {
        "h100-sxm": {
            "rack_power": "16 kW", "it_power_factor": 1.0, "price": "0.3 MUSD/rack", "spares": "0 %",
            "available": "2026-01", "useful_life": "60 months",
        }
    },
    "lags": {
        "order_to_delivery": "0 months", "delivered_to_installed": "0 months",
        "energised_to_installed": "0 months", "installed_to_commissioned": "0 months",
        "commissioned_to_service": "0 months",
    },
    "workloads": {
        "training": {
            "one": {"model": "llama31-70b", "tokens": "150 Ttoken", "batch": "16 Mtoken",
                    "sequence": "8192 token", "campus": "one", "earliest": "2027-02"},
            "all": {"model": "llama31-70b", "tokens": "150 Ttoken", "batch": "16 Mtoken",
                    "sequence": "8192 token", "share": "50 %"},
        }
    },
}  # fmt: skip


def planned(change: dict[str, Any] | None = None, **runs: Any) -> gw.Plan:
    data = copy.deepcopy(HAND)
    if runs:
        data["workloads"]["training"] = runs
    for key, value in (change or {}).items():
        data[key] = {**data.get(key, {}), **value}
    return gw.plan(gw.Scenario.from_dict(data))


@pytest.fixture(scope="module")
def plan() -> gw.Plan:
    return planned()


def rate(count: float) -> float:
    catalog = Catalog()
    curve = throughput_curve(
        catalog, catalog.model("llama31-70b").architecture, "h100-sxm", "bf16",
        sequence=8192, tokens=150e12, batch_tokens=16e6,
    )  # fmt: skip
    return float(curve.rate(count))


def test_a_run_on_one_campus_finishes_when_its_curve_says(plan: gw.Plan) -> None:
    packages = plan["fleet.packages"].sel(site="a", system="h100-sxm").values
    assert packages[[0, 5, 6, 23]].tolist() == [8000, 8000, 16000, 16000]
    hours = plan.horizon.hours()
    tokens, month = 0.0, 0
    while tokens < 150e12:
        month += 1  # nothing in January
        tokens += rate(8000 if month < 6 else 16000) * hours[month] * 3600.0
    assert 6 < month < 23
    assert float(plan["training.finish_month"].sel(run="one", case="central")) == month
    speed = plan["training.tokens_per_s"].sel(run="one", case="central").values
    assert speed[0] == 0.0
    assert speed[[1, 5, 6]] == pytest.approx([rate(8000), rate(8000), rate(16000)])
    assert float(plan["training.site"].sel(run="one", case="central")) == 0.0


def test_campuses_together_are_one_cluster(plan: gw.Plan) -> None:
    speed = plan["training.tokens_per_s"].sel(run="all", case="central").values
    assert speed[0] == pytest.approx(rate(0.5 * (8000 + 4000)))
    assert speed[-1] == pytest.approx(rate(0.5 * (16000 + 4000)))
    assert speed[-1] < rate(8000) + rate(2000)
    assert float(plan["training.accelerators"].sel(run="all", case="central")[-1]) == 10_000


def test_budget_and_tokens_end_together(plan: gw.Plan) -> None:
    seconds = plan.horizon.hours() * 3600.0
    for run in ("one", "all"):
        tokens = plan["training.tokens_per_s"].sel(run=run, case="central").values * seconds
        done = plan["training.model_flop"].sel(run=run, case="central").values
        compute = float(plan["training.compute_flop"].sel(run=run))
        assert np.cumsum(done) / compute == pytest.approx(np.cumsum(tokens) / 150e12)


def test_utilisation_counts_attention_and_what_stands_idle(plan: gw.Plan) -> None:
    known = plan.rates["one"]["h100-sxm"]
    assert known.kind == "modelled"
    assert known.curve is not None
    mfu = plan["training.mfu"].sel(run="one", case="central").values
    assert mfu[0] == 0.0
    assert mfu[1] == pytest.approx(float(known.curve.mfu(8000)))
    assert known.curve.flop_per_token > known.flop_per_token > 0.9 * known.curve.flop_per_token


def test_the_band_of_the_curve_is_the_band_of_the_finish(plan: gw.Plan) -> None:
    speed = plan["training.tokens_per_s"].sel(run="one").values
    assert (speed[1:, 0] < speed[1:, 1]).all()
    assert (speed[1:, 1] < speed[1:, 2]).all()
    finish = plan["training.finish_month"].sel(run="one").values
    assert finish[0] >= finish[1] >= finish[2]
    assert finish[0] > finish[2]


def test_days_of_training_stop_in_the_last_month(plan: gw.Plan) -> None:
    days = training_days(plan, "one")
    finish = int(plan["training.finish_month"].sel(run="one", case="central"))
    whole = plan.horizon.hours()[1 : finish + 1].sum() / 24.0
    assert days is not None
    assert whole - 31.0 < days <= whole


def test_stated_utilisation_and_bare_compute_use_no_curve() -> None:
    made = planned(
        stated={"model": "llama31-70b", "tokens": "6 Ttoken", "mfu": "30 %"},
        bare={"compute": "3e24 FLOP"},
    )
    stated, bare = (made.rates[run]["h100-sxm"] for run in ("stated", "bare"))
    assert (stated.kind, stated.curve, bare.kind, bare.curve) == ("stated", None, "assumed", None)
    done = made["training.model_flop"].sel(run="stated", case="central").values
    peak = 12_000 * 989.4e12
    assert done[0] == pytest.approx(0.3 * peak * 744 * 3600, rel=1e-3)
    tokens = made["training.tokens_per_s"].values
    assert tokens[0, 0, 1] == pytest.approx(0.3 * peak / stated.flop_per_token, rel=1e-3)
    assert not tokens[:, 1].any()


def test_what_cannot_be_modelled_is_carried_over_and_says_so() -> None:
    ultra = {"rack_power": "600 kW", "available": "2026-01", "price": "20 MUSD/rack"}
    made = planned(
        {
            "hardware": {"rubin-ultra": ultra},
            "deployment": {
                "policy": "fixed",
                "mix": {"h100-sxm": "50 %", "rubin-ultra": "50 %"},
            },
        },
        r={"model": "llama31-70b", "tokens": "60 Ttoken", "precision": "fp8"},
    )
    own, carried = made.rates["r"]["h100-sxm"], made.rates["r"]["rubin-ultra"]
    assert (own.kind, carried.kind) == ("modelled", "carried over")
    assert "no scaleup_bandwidth" in carried.why
    assert "utilisation of h100-sxm" in carried.why
    count = np.array([1000.0])
    ratio = carried.flop_per_s(count)[1] / own.flop_per_s(count)[1]
    assert ratio == pytest.approx(carried.peak_flops / own.peak_flops)
    rows = [row["input"] for row in made.summary()["assumptions"]]
    assert "utilisation of rubin-ultra" in rows
    assert "mfu" in rows
    assert made.summary()["training"][0]["mfu"] == "carried over"


def test_a_plan_without_any_curve_falls_back_to_the_assumed_range() -> None:
    ultra = {"rack_power": "600 kW", "available": "2026-01", "price": "20 MUSD/rack"}
    data = copy.deepcopy(HAND)
    data["hardware"] = {"rubin-ultra": ultra}
    run = {"model": "llama31-70b", "tokens": "60 Ttoken", "precision": "fp8"}
    data["workloads"]["training"] = {"r": run}
    made = gw.plan(gw.Scenario.from_dict(data))
    known = made.rates["r"]["rubin-ultra"]
    assert known.kind == "assumed"
    assert known.cases == pytest.approx((0.06, 0.35, 0.5))
    assert "no scaleup_bandwidth" in known.why


def test_an_assumed_range_counts_only_where_it_is_used(plan: gw.Plan) -> None:
    assert "mfu" not in {row["input"] for row in plan.summary()["assumptions"]}
    bare = planned(bare={"compute": "3e24 FLOP"})
    assert "mfu" in {row["input"] for row in bare.summary()["assumptions"]}


def test_explaining_a_finish_reaches_the_strategy(plan: gw.Plan) -> None:
    month = int(plan["training.finish_month"].sel(run="one", case="central"))
    (working,) = campaigns(plan, "one", month)
    text = str(gw.explain(plan, "training.finish_month", run="one"))
    for part in (
        "performance.curves[one, h100-sxm", working.strategy, "kernel times measured on h100-sxm",
        "band ", "accelerators: measured up to", "training_batch[one]",
    ):  # fmt: skip
        assert part in text, part


def test_the_headline_and_the_report_show_strategy_and_band(plan: gw.Plan) -> None:
    lines = "\n".join(headline(plan.summary()))
    assert "llama31-70b, 150 Ttoken" in lines
    assert "16,000 h100-sxm, bf16, MFU" in lines
    page = html_report(plan)
    assert "Training campaigns: strategy and error band" in page
    assert "replicas" in page


def test_rates_survive_as_plain_data(plan: gw.Plan) -> None:
    for by_system in plan.rates.values():
        for known in by_system.values():
            assert Rate.from_dict(known.as_dict()) == known


def test_progress_is_told_only_while_computing() -> None:
    data = copy.deepcopy(HAND)
    data["workloads"]["training"]["one"]["batch"] = "17 Mtoken"
    scenario = gw.Scenario.from_dict(data)
    told: list[str] = []
    gw.plan(scenario, progress=told.append)
    assert told == ["computing throughput curves 1/2: llama31-70b on h100-sxm"]
    gw.plan(scenario, progress=lambda words: pytest.fail(words))


def test_more_accelerators_never_finish_later() -> None:
    months = []
    for power in ("4 MW", "16 MW", "64 MW", "1 GW"):
        site = {"basis": "it", "power": {"2027-01": power}}
        run = {"model": "llama31-70b", "tokens": "8 Ttoken"}
        made = planned({"sites": {"a": site}}, r=run)
        months.append(np.nan_to_num(made["training.finish_month"].values[0], nan=99.0))
    assert (np.diff(np.array(months), axis=0) <= 0.0).all()
