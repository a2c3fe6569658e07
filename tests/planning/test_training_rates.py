"""Campaigns follow throughput and goodput curves: a finish by hand, what is carried over, what is said."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest

import gigawatt as gw
from gigawatt.app.words import headline
from gigawatt.catalog import Catalog
from gigawatt.perf.scaling import ThroughputCurve, throughput_curve
from gigawatt.planning.clusters import clusters
from gigawatt.planning.goodput import Goodput, goodput_of
from gigawatt.planning.rates import Rate
from gigawatt.reliability import goodput_curve
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
                    "sequence": "8192 token", "share": "50 %", "priority": 200},
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


def curve() -> ThroughputCurve:
    catalog = Catalog()
    return throughput_curve(
        catalog, catalog.model("llama31-70b").architecture, "h100-sxm", "bf16",
        sequence=8192, tokens=150e12, batch_tokens=16e6,
    )  # fmt: skip


def rate(count: float) -> float:
    return float(curve().rate(count))


def kept(count: float) -> float:
    """Central goodput."""
    catalog = Catalog()
    found = goodput_curve(catalog, catalog.model("llama31-70b").architecture, "h100-sxm")
    return float(found.fraction([count])[1, 0])


def test_a_campaign_on_one_campus_finishes_when_its_curves_say(plan: gw.Plan) -> None:
    packages = plan["fleet.packages"].sel(site="a", system="h100-sxm").values
    assert packages[[0, 5, 6, 23]].tolist() == [8000, 8000, 16000, 16000]
    hours = plan.horizon.hours()
    tokens, month, now = 0.0, 0, 0.0
    while tokens < 150e12:
        month += 1  # nothing in January
        count = 8000 if month < 6 else 16000
        now = rate(count) * kept(count) * hours[month] * 3600.0
        tokens += now
    assert 6 < month < 23
    finish = float(plan["training.finish_month"].sel(campaign="one", case="central"))
    assert finish == pytest.approx(month + 1.0 - (tokens - 150e12) / now, abs=1e-4)
    speed = plan["training.tokens_per_s"].sel(campaign="one", case="central").values
    assert speed[0] == 0.0
    assert speed[[1, 5, 6]] == pytest.approx([rate(8000), rate(8000), rate(16000)])
    share = plan["training.goodput"].sel(campaign="one", case="central").values
    assert share[[1, 6]] == pytest.approx([kept(8000), kept(16000)], rel=1e-4)
    assert float(plan["training.campus"].sel(campaign="one", case="central")) == 0.0


def test_campuses_together_are_one_cluster_of_what_others_leave(plan: gw.Plan) -> None:
    speed = plan["training.tokens_per_s"].sel(campaign="all", case="central").values
    assert speed[0] == pytest.approx(rate(0.5 * (8000 + 4000)))
    held = plan["training.packages"].sel(campaign="all", case="central", machine="h100-sxm").values
    assert held[0] == 0.5 * (8000 + 4000)
    assert held[2] == 0.5 * 4000  # `one` holds all of a
    finish = float(plan["training.finish_month"].sel(campaign="one", case="central"))
    assert held[int(finish) + 1] == 0.5 * (16000 + 4000)
    # in the month in which `one` ends, `all` has half of its part from then on
    used = plan["training.accelerators"].sel(campaign="all", case="central").values
    left = int(finish) + 1 - finish
    assert used[int(finish)] == pytest.approx(2000 + 8000 * left)


def test_budget_and_tokens_end_together(plan: gw.Plan) -> None:
    for run in ("one", "all"):
        at = {"campaign": run, "case": "central"}
        seconds = plan["training.days"].sel(at).values * 86400.0
        tokens = (
            plan["training.tokens_per_s"].sel(at).values * plan["training.goodput"].sel(at).values
        )
        done = plan["training.model_flop"].sel(at).values
        compute = float(plan["training.compute_flop"].sel(campaign=run))
        assert np.cumsum(done) / compute == pytest.approx(np.cumsum(tokens * seconds) / 150e12)
        assert float(plan["training.progress"].sel(at)[-1]) <= 1.0 + 1e-9


def test_utilisation_counts_attention_and_what_stands_idle(plan: gw.Plan) -> None:
    known = plan.rates["one"]["h100-sxm"]
    assert known.kind == "modelled"
    assert known.curve is not None
    mfu = plan["training.mfu"].sel(campaign="one", case="central").values
    assert mfu[0] == 0.0
    assert mfu[1] == pytest.approx(float(known.curve.mfu(8000)))
    assert known.attention == pytest.approx(known.curve.flop_per_token / known.flop_per_token)
    assert known.curve.flop_per_token > known.flop_per_token > 0.9 * known.curve.flop_per_token


def test_the_band_of_the_curve_is_the_band_of_the_finish(plan: gw.Plan) -> None:
    speed = plan["training.tokens_per_s"].sel(campaign="one").values
    finish = plan["training.finish_month"].sel(campaign="one").values
    last = int(finish.min())
    assert (speed[1:last, 0] < speed[1:last, 1]).all()
    assert (speed[1:last, 1] < speed[1:last, 2]).all()
    assert finish[0] >= finish[1] >= finish[2]
    assert finish[0] > finish[2]


def test_days_of_training_stop_in_the_last_month(plan: gw.Plan) -> None:
    finish = float(plan["training.finish_month"].sel(campaign="one", case="central"))
    days = plan["training.days"].sel(campaign="one", case="central").values
    lengths = plan.horizon.hours() / 24.0
    last = int(finish)
    assert days[0] == 0.0
    assert days[1:last] == pytest.approx(lengths[1:last])
    assert days[last] == pytest.approx(lengths[last] * (finish - last))
    assert plan.summary()["training"][0]["days"] == pytest.approx(days.sum(), abs=0.1)


def test_a_cluster_leaves_packages_idle_where_more_would_keep_less() -> None:
    falling = Goodput((8.0, 1000.0, 1e6), ((0.5, 0.5, 1e-4),) * 3)
    known = Rate("stated", (0.4, 0.4, 0.4), 1e15, goodput=falling)
    counts = np.geomspace(8.0, 1e6, 200)
    for case in range(3):
        kept, raw = known.flop_per_s(counts, case)
        assert (np.diff(kept) >= -1e-9 * kept[:-1]).all()
        assert (np.diff(raw) >= -1e-9 * raw[:-1]).all()
        assert (kept <= raw).all()
    assert known.flop_per_s(np.array([1000.0]), 1)[0] == pytest.approx(0.5 * 0.4e15 * 1000)


def test_goodput_is_the_reliability_model_s_and_is_kept_on_disk() -> None:
    catalog = Catalog()
    shape = catalog.model("llama31-8b").architecture
    found = goodput_of(catalog, shape, "h100-sxm")
    assert isinstance(found, Goodput)
    theirs = goodput_curve(catalog, shape, "h100-sxm")
    counts = np.array([8.0, 5000.0, 3e5])
    assert found.fraction(counts) == pytest.approx(theirs.fraction(counts))
    assert Goodput.from_dict(found.as_dict()) == found


def test_stated_utilisation_and_bare_compute_use_no_curve() -> None:
    made = planned(
        stated={"model": "llama31-70b", "tokens": "6 Ttoken", "mfu": "30 %"},
        bare={"compute": "3e24 FLOP"},
    )
    stated, bare = (made.rates[run]["h100-sxm"] for run in ("stated", "bare"))
    assert bare.goodput is None
    assert made.summary()["training"][1]["goodput"] is None
    assert (stated.kind, stated.curve, bare.kind, bare.curve) == ("stated", None, "assumed", None)
    done = made["training.model_flop"].sel(campaign="stated", case="central").values
    share = made["training.goodput"].sel(campaign="stated", case="central").values
    peak = 12_000 * 989.4e12
    days = made["training.days"].sel(campaign="stated", case="central").values
    assert done[0] == pytest.approx(0.3 * peak * days[0] * 86400 * share[0], rel=1e-3)
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
    ratio = carried.flop_per_s(count, 1)[1] / own.flop_per_s(count, 1)[1]
    assert ratio == pytest.approx(carried.peak_flops / own.peak_flops)
    rows = [row["input"] for row in made.summary()["assumptions"]]
    assert "utilisation of rubin-ultra" in rows
    assert "mfu" in rows
    assert made.summary()["training"][0]["kind"] == "carried over"


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
    month = int(plan["training.finish_month"].sel(campaign="one", case="central"))
    (working,) = clusters(plan, "one", month)
    text = str(gw.explain(plan, "training.finish_month", campaign="one"))
    for part in (
        "performance.curves[one, h100-sxm", working.strategy, "kernel times measured on h100-sxm",
        "band ", "accelerators: measured up to", "training_batch[one]", "performance.goodput[one, h100-sxm",
        "failure rates, recovery times",
    ):  # fmt: skip
        assert part in text, part


def test_the_headline_and_the_report_show_strategy_and_band(plan: gw.Plan) -> None:
    lines = "\n".join(headline(plan.summary()))
    assert "llama31-70b, 150 Ttoken" in lines
    assert "16,000 h100-sxm, bf16, MFU" in lines
    assert ", 16,000 GPUs, MFU " in lines
    assert ", goodput " in lines
    page = html_report(plan)
    assert "Training clusters: strategy, error band and goodput" in page
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
