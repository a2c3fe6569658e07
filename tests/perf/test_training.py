"""Training answered: breakdowns add up, what is more is dearer, ground is told, and input is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import gigawatt as gw
from gigawatt.catalog import Catalog
from gigawatt.core.errors import InputError
from gigawatt.perf.bands import Band, error_band
from gigawatt.perf.chip import chip_of
from gigawatt.perf.costs import prices_of
from gigawatt.perf.energy import power_of
from gigawatt.perf.launch import launch_settings
from gigawatt.perf.shape import shape_of
from gigawatt.perf.strategy import parse
from gigawatt.perf.training_answer import TrainingAnswer
from gigawatt.perf.training_request import TrainingRequest, settled, space_of
from gigawatt.perf.validated import coverage_of, outside_choices

SMALL: dict[str, Any] = {"batch_tokens": 2**20, "sequence": 8192}


def ask(
    model: str = "llama31-8b", system: str = "h100-sxm", count: int = 16, **more: Any
) -> TrainingAnswer:
    return gw.train(model, system, count, **(SMALL | more))


def codes(error: pytest.ExceptionInfo[InputError]) -> list[str]:
    return [problem.code for problem in error.value.problems]


@pytest.fixture(scope="module")
def answer() -> TrainingAnswer:
    return ask(tokens=1e12, front=True, top=5)


# --- breakdowns ---------------------------------------------------------------------------------

STRATEGIES = [
    ("llama31-8b", "h100-sxm", 16, "tp=2,pp=4,vpp=4,mb=1,recompute=full"),
    ("llama31-8b", "h100-sxm", 16, "tp=4,pp=2,schedule=zero-bubble,mb=1,sharding=none"),
    ("llama31-8b", "h100-sxm", 16, "tp=1,pp=1,sharding=fsdp,act_offload=1,opt_offload=1"),
    ("llama31-8b", "h100-sxm", 16, "pp=8,cp=1,mb=2"),
    ("mixtral-8x7b", "b200-hgx", 64, "tp=2,pp=4,ep=8,mb=1"),
    ("deepseek-v3", "gb200-nvl72", 256, "pp=1,ep=64"),
    ("nemotron3-nano-30b-a3b", "h100-sxm", 32, "ep=8"),
]


@pytest.mark.parametrize(("model", "system", "count", "strategy"), STRATEGIES)
@pytest.mark.parametrize("campuses", [{}, {"campuses": 2}, {"campuses": 2, "outer_every": 50}])
def test_parts_add_up_to_step_and_memory(
    model: str, system: str, count: int, strategy: str, campuses: dict[str, Any]
) -> None:
    found = ask(model, system, count, strategy=strategy, batch_tokens=2**22, **campuses)
    assert found.best, found.verdict
    for one in found.best:
        assert sum(one.step_parts_s.values()) == pytest.approx(one.step_time_s, rel=1e-9)
        assert sum(one.memory_parts_gib.values()) == pytest.approx(one.memory_gib, rel=1e-9)
        assert min(one.step_parts_s.values()) >= -1e-12


def test_rates_follow_from_the_step(answer: TrainingAnswer) -> None:
    one = answer.best[0]
    assert one.tokens_per_s_per_gpu == pytest.approx(2**20 / 16 / one.step_time_s)
    assert one.steps == pytest.approx(1e12 / 2**20)
    assert one.days == pytest.approx(one.steps * one.step_time_s / 86400)
    assert one.gpu_hours == pytest.approx(16 * one.steps * one.step_time_s / 3600)
    assert 0.0 < one.mfu < 1.0
    assert one.per == "run"


def test_full_recomputation_runs_a_third_more_flop() -> None:
    none, full = (
        ask(strategy=f"tp=1,cp=1,pp=1,mb=1,sharding=fsdp,recompute={how}").best[0]
        for how in ("none", "full")
    )
    assert none.hfu == none.mfu
    assert 1.25 < full.hfu / full.mfu < 4.0 / 3.0
    assert full.step_parts_s["recompute"] > 0.0 == none.step_parts_s["recompute"]


def test_the_best_come_first_and_every_one_fits(answer: TrainingAnswer) -> None:
    times = [one.step_time_s for one in answer.best]
    assert times == sorted(times)
    assert len(times) == 5
    assert all(one.memory_gib <= 80e9 / 2**30 for one in answer.best)
    memory = [point.memory_bytes for point in answer.front]
    objective = [point.objective for point in answer.front]
    assert memory == sorted(memory)
    assert objective == sorted(objective, reverse=True)
    assert objective[-1] * 128 == pytest.approx(times[0])


# --- energy, cost, objectives -------------------------------------------------------------------


def test_energy_is_between_waiting_and_computing_at_the_facility(answer: TrainingAnswer) -> None:
    one, power = answer.best[0], power_of(Catalog(), "h100-sxm")
    assert power is not None
    assert one.energy_mwh is not None
    whole = one.gpu_hours * power.busy_w * power.pue / 1e6
    assert 0.45 * whole < one.energy_mwh < whole
    assert one.energy_it_mwh == pytest.approx(one.energy_mwh / power.pue)


def test_prices_stated_win_and_hold_electricity_unless_it_is_stated_too() -> None:
    catalog = Catalog()
    rent = prices_of(catalog, "h100-sxm", None, None)
    owned = prices_of(catalog, "mi300x", None, None)
    stated = prices_of(catalog, "h100-sxm", 2.0, None)
    both = prices_of(catalog, "h100-sxm", 2.0, 60.0)
    assert rent is not None
    assert owned is not None
    assert (rent.usd_per_mwh, "USD/GPU-hour" in rent.gpu_hour_source) == (0.0, True)
    assert (owned.usd_per_mwh > 0.0, "purchase" in owned.gpu_hour_source) == (True, True)
    assert stated is not None
    assert (stated.usd_per_gpu_hour, stated.usd_per_mwh) == (2.0, 0.0)
    assert both is not None
    assert both.usd_per_mwh == 60.0
    assert prices_of(catalog, "b300-hgx", None, None) is None


def test_cost_is_hours_and_electricity() -> None:
    one = ask(tokens=1e12, usd_per_gpu_hour=2.0, usd_per_mwh=60.0).best[0]
    assert one.gpu_usd == pytest.approx(2.0 * one.gpu_hours)
    assert one.energy_mwh is not None
    assert one.electricity_usd == pytest.approx(60.0 * one.energy_mwh)
    assert one.cost_usd == pytest.approx(one.gpu_usd + one.electricity_usd)  # type: ignore[operator]


@pytest.mark.parametrize(("objective", "value"), [
    ("step", "step_time_s"), ("throughput", "step_time_s"), ("energy", "energy_mwh"),
    ("cost", "cost_usd"),
])  # fmt: skip
def test_each_objective_puts_its_own_least_first(objective: str, value: str) -> None:
    found = ask(objective=objective, tokens=1e12, usd_per_mwh=400.0)
    values = [getattr(one, value) for one in found.best]
    assert values == sorted(values)
    others = [ask(objective=other, tokens=1e12, usd_per_mwh=400.0) for other in ("step", "energy")]
    assert values[0] <= min(getattr(other.best[0], value) for other in others) * (1 + 1e-12)


def test_a_system_without_a_price_or_power_says_so() -> None:
    one = ask(system="h100-sxm-96gb-hbm2e")
    assert (one.best[0].energy_mwh, one.best[0].cost_usd) == (None, None)
    assert len(one.notes) == 2
    for objective in ("energy", "cost"):
        with pytest.raises(InputError) as error:
            ask(system="h100-sxm-96gb-hbm2e", objective=objective)
        assert codes(error) == ["E705"]


# --- campuses -----------------------------------------------------------------------------------


def test_campuses_cost_time_and_farther_or_thinner_ones_more() -> None:
    one = ask().best[0].step_time_s
    near = ask(campuses=2, campus_km=10.0)
    far = ask(campuses=2, campus_km=4000.0)
    thin = ask(campuses=2, campus_gbps=0.5)
    assert one < near.best[0].step_time_s < far.best[0].step_time_s
    assert near.best[0].step_time_s < thin.best[0].step_time_s
    assert all(two.replicas % 2 == 0 for two in (p.prediction for p in far.best))
    assert 0 < far.counts.enumerated <= ask().counts.enumerated
    assert any("campuses" in what for what in far.best[0].outside_validated)


def test_seldom_exchanges_are_cheaper_than_many_on_thin_links() -> None:
    often, seldom, rare = (
        ask(campuses=2, campus_gbps=0.1, outer_every=every).best[0].step_time_s
        for every in (1, 10, 1000)
    )
    assert often > seldom > rare
    assert rare > 0.95 * ask(count=8, batch_tokens=2**19).best[0].step_time_s


def test_buildings_cost_time_and_thin_links_between_them_more() -> None:
    fixed = "tp=1,cp=1,pp=1,sharding=zero1,act_offload=0"
    one = ask(strategy=fixed).best[0]
    two, thin = (
        ask(strategy=fixed, building=8, building_gbps=gbps).best[0] for gbps in (100.0, 1.0)
    )
    assert one.step_time_s < two.step_time_s < thin.step_time_s
    assert any("buildings of 8" in what for what in two.outside_validated)
    assert ask(strategy=fixed, building=16).best[0].step_time_s == one.step_time_s


def test_switches_that_add_up_help_all_reduces_alone() -> None:
    for sharding, helps in (("none", True), ("zero1", False)):
        fixed = f"tp=4,cp=1,pp=1,mb=1,sharding={sharding},recompute=full,act_offload=0,dp_overlap=0"
        plain, quick = (
            ask(system="a100-80gb-sxm", count=64, strategy=fixed, in_network=on).best[0]
            for on in (False, True)
        )
        assert (quick.step_time_s < plain.step_time_s) == helps


def test_pipelines_stay_on_a_campus() -> None:
    """However many stages: each campus holds whole replicas, so thin links cost data parallelism alone."""
    for pp in (1, 2, 4, 8):
        fixed = f"tp=1,cp=1,pp={pp},mb=1,schedule=1f1b,recompute=full,sharding=zero1,act_offload=0"
        near, thin = (
            ask(campuses=2, campus_gbps=gbps, strategy=fixed).best[0].step_parts_s
            for gbps in (100.0, 0.1)
        )
        assert thin["campuses"] > near["campuses"]
        assert thin["stage_transfers"] == near["stage_transfers"]


# --- what was measured --------------------------------------------------------------------------


def test_what_lies_outside_is_told_and_the_best_inside_is_given() -> None:
    found = ask("llama31-405b", count=256, batch_tokens=2**22, strategy="act_offload=1")
    assert found.inside is None
    free = ask("llama31-405b", count=256, batch_tokens=2**22)
    assert free.inside is not None
    assert free.inside.outside_validated == ()
    assert free.inside.step_time_s >= free.best[0].step_time_s
    if free.best[0].outside_validated:
        assert free.best[0].error_band.high > free.inside.error_band.high


def test_choices_that_no_run_measured_are_named() -> None:
    catalog = Catalog()
    chip, shape = (
        chip_of(catalog, "gb200-nvl72"),
        shape_of(catalog.model("deepseek-v3").architecture),
    )
    text = "; ".join(
        outside_choices(chip, shape, parse("tp=64,ep=128,pp=4,schedule=zero-bubble,etp=64"))
    )
    for part in ("tp=64: measured up to", "ep=128: measured up to 64", "zero-bubble", "etp=64"):
        assert part in text
    assert coverage_of("ampere", moe=True) is None


def test_carried_over_kernels_are_named_and_widen_the_band() -> None:
    rubin = ask(system="vr-nvl72", count=8)
    assert any("carried over from gb300-nvl72" in what for what in rubin.best[0].outside_validated)
    assert rubin.request.precision == "mxfp8"
    catalog = Catalog()
    own, carried = chip_of(catalog, "gb300-nvl72"), chip_of(catalog, "vr-nvl72")
    narrow, wide = (
        error_band(own, False, "mxfp8", False),
        error_band(carried, False, "mxfp8", False),
    )
    assert wide.low < narrow.low < 1.0 < narrow.high < wide.high
    assert error_band(own, True, "mxfp8", False).high > narrow.high
    assert Band(0.5, 2.0).wider(2.0) == Band(0.25, 4.0)


# --- nothing fits, nothing is valid --------------------------------------------------------------


def test_where_nothing_fits_the_nearest_miss_says_by_how_much() -> None:
    found = ask("llama31-405b", count=8)
    record = found.record()
    assert (found.best, found.inside, record["best"]) == ((), None, [])
    assert record["nearest"]["limit"] == "memory"
    excess = record["nearest"]["memory_gib"] - record["nearest"]["limit_gib"]
    assert record["nearest"]["excess_gib"] == pytest.approx(excess)
    assert record["why"]["states_too_large"] == record["search"]["enumerated"] > 0
    assert "GiB too much" in found.verdict


def test_memory_may_be_limited(answer: TrainingAnswer) -> None:
    room = answer.best[0].memory_gib - 1.0
    less = ask(memory_gib=room)
    assert less.best[0].memory_gib <= room
    assert less.best[0].step_time_s >= answer.best[0].step_time_s


@pytest.mark.parametrize(("more", "code", "says"), [
    ({"strategy": "tp=7"}, "E703", "heads"),
    ({"strategy": "tp=8,pp=4"}, "E703", "more than the 16 accelerators"),
    ({"strategy": "pp=10", "count": 20}, "E703", "layers"),
    ({"strategy": "vpp=9"}, "E703", ""),
    ({"model": "mixtral-8x7b", "strategy": "ep=3", "count": 24}, "E703", "experts"),
    ({"strategy": "tp=2,tp=4"}, "E105", "twice"),
    ({"strategy": "tp=2,tp=4|8"}, "E105", "twice"),
    ({"strategy": "sharding<=3"}, "E203", ""),
    ({"strategy": "speed=9"}, "E201", "no choice"),
    ({"count": 0}, "E213", "from 1 to 10,000,000"),
    ({"count": 10**12}, "E213", "from 1 to 10,000,000"),
    ({"tokens": -1.0}, "E213", "above 0"),
    ({"tokens": float("nan")}, "E213", "above 0"),
    ({"batch_tokens": 10_000}, "E703", "8,192 and 16,384"),
    ({"sequence": 0}, "E213", "sequence"),
    ({"top": 0}, "E213", "top"),
    ({"campuses": 3}, "E703", "15 and 18"),
    ({"campuses": 2, "strategy": "pp=16"}, "E703", "more than the 8 accelerators"),
    ({"campuses": 2, "strategy": "tp=16,cp=1"}, "E703", "more than the 8 accelerators"),
    ({"outer_every": 2}, "E203", "one campus"),
    ({"building": 0}, "E213", "building"),
    ({"building_gbps": 0.0}, "E213", "building_gbps"),
    ({"precision": "fp9"}, "E203", "Did you mean"),
    ({"precision": "nvfp4"}, "E702", "bf16, fp8"),
    ({"system": "a100-80gb-sxm", "precision": "fp8"}, "E702", "bf16"),
    ({"system": "h100"}, "E402", "h100-sxm"),
    ({"system": "feynman"}, "E701", "has no"),
    ({"model": "llama31-4b"}, "E402", "llama31-"),
    ({"model": ""}, "E402", "llama31-"),
    ({"stack": "megatron"}, "E203", "megatron-core"),
    ({"objective": "speed"}, "E203", "step"),
    ({"speed": 9}, "E201", "speed"),
])  # fmt: skip
def test_input_that_cannot_be_used_is_refused_with_what_would_be_valid(
    more: dict[str, Any], code: str, says: str
) -> None:
    with pytest.raises(InputError) as error:
        ask(**more)
    assert code in codes(error)
    assert says in str(error.value)
    assert error.value.exit_code == 2


def test_a_config_without_a_field_is_refused(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"model_type": "llama", "hidden_size": 4096}')
    with pytest.raises(InputError) as error:
        ask(str(tmp_path))
    assert set(codes(error)) == {"E403"}
    assert "num_hidden_layers" in str(error.value)


# --- requests and settings ------------------------------------------------------------------------


def test_what_is_left_open_is_settled_by_chip_and_model() -> None:
    catalog = Catalog()
    model = catalog.model("llama31-8b").architecture
    for system, precision in (
        ("a100-80gb-sxm", "bf16"),
        ("h100-sxm", "fp8"),
        ("b200-hgx", "mxfp8"),
    ):
        request = TrainingRequest(system_id=system, count=72 * 8)
        done = settled(request, chip_of(catalog, system), model)
        assert (done.precision, done.sequence) == (precision, 8192)
        assert done.batch_tokens == 2304 * 8192
        assert settled(done, chip_of(catalog, system), model) == done


def test_choices_may_be_lists_and_ranges() -> None:
    space = space_of("tp<=8, cp=1|2, sharding=fsdp|zero1, recompute=full", 64)
    assert (space.tp, space.cp) == (tuple(range(1, 9)), (1, 2))
    assert (space.sharding, space.recompute) == (("zero1", "fsdp"), ("full",))
    found = ask(strategy="tp=2|4,pp<=2", top=20)
    assert {one.strategy.tp for one in found.best} <= {2, 4}


def test_launch_settings_name_every_choice() -> None:
    found = ask("mixtral-8x7b", "h100-sxm", 64, strategy="tp=2,pp=4,vpp=4,ep=4,mb=1,recompute=full",
                top=1)  # fmt: skip
    text = launch_settings(found, "megatron")
    for line in (
        "--tensor-model-parallel-size 2", "--pipeline-model-parallel-size 4",
        "--num-virtual-stages-per-pipeline-rank 4", "--expert-model-parallel-size 4",
        "--micro-batch-size 1", "--global-batch-size 128", "--seq-length 8192", "--sequence-parallel",
        "--recompute-granularity full", "--fp8-format hybrid",
    ):  # fmt: skip
        assert line in text.splitlines()
    titan = launch_settings(
        ask(strategy="tp=2,pp=4,vpp=4,act_offload=0,opt_offload=0"), "torchtitan"
    )
    for line in (
        "--parallelism.tensor_parallel_degree 2", "--parallelism.pipeline_parallel_degree 4",
        "--parallelism.pipeline_parallel_schedule Interleaved1F1B",
        "--parallelism.pipeline_parallel_layers_per_stage 2",
    ):  # fmt: skip
        assert line in titan.splitlines()


@pytest.mark.parametrize("framework", ["megatron", "torchtitan"])
def test_what_a_framework_lacks_is_refused_or_passed_over(framework: str) -> None:
    lacking = "pp=4,schedule=zero-bubble"
    with pytest.raises(InputError) as error:
        launch_settings(ask(strategy=lacking), framework)
    assert codes(error) == ["E704"]
    assert "zero-bubble" in str(error.value)
    if framework == "megatron":
        both = ask(strategy="pp=4,schedule=1f1b|zero-bubble,act_offload=0,opt_offload=0", top=40)
        if both.best[0].strategy.schedule == "zero-bubble":
            assert "# cannot be run" in launch_settings(both, framework)


def test_the_same_question_has_the_same_answer() -> None:
    one, two = ask(top=3).record(), ask(top=3).record()
    one["search"].pop("seconds")
    two["search"].pop("seconds")
    assert one == two
