"""The closed form against the simulator, and the simulator against what can be worked by hand."""

from __future__ import annotations

import math
import os
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from gigawatt.reliability import RecoverySettings, _replay_kernel, simulate_goodput
from gigawatt.reliability.figures import central
from gigawatt.reliability.replay import draws_of, play, slow_time
from gigawatt.reliability.run import evaluate
from goodput_runs import CATALOG, machine

SETTINGS: dict[str, dict[str, Any]] = {
    "all places": {},
    "all of it": {"spares": 0.01},
    "shared storage alone": {"tiers": ("shared",)},
    "slow storage": {"tiers": ("shared",), "storage_bytes_per_s": 100e9},
    "no spares": {"tiers": ("local", "shared"), "spares": 0.0},
    "long repairs": {"figures": {"detect_s": 600.0, "repair_h": 96.0}},
    "given interval": {"spares": 0.01, "interval_s": 600.0},
    "elastic": {"elastic": True},
    "elastic, no spares": {"elastic": True, "spares": 0.0},
    "elastic, large replicas": {"elastic": True, "replica": 4096},
}
THINNED = (8, 2048, 16384, 65536, 131072, 524288, 2_097_152)
FULL = tuple(8 * 2**step for step in range(19))
COUNTS = FULL if os.environ.get("HYPOTHESIS_PROFILE") == "soak" else THINNED
MODELS = (
    ("llama31-405b", "h100-sxm"), ("deepseek-v3", "gb300-nvl72"), ("megatron-1t", "vr-nvl72"),
)  # fmt: skip
FAILURES = 40_000
"""So many make the noise of a share a small part of a point; fewer only where almost nothing fails."""


@pytest.mark.parametrize("count", COUNTS)
@pytest.mark.parametrize("name", SETTINGS)
def test_the_closed_form_is_within_a_point_of_the_simulator(name: str, count: int) -> None:
    stated = {"island": 1e7, **SETTINGS[name].get("figures", {})}
    settings = RecoverySettings(**{**SETTINGS[name], "figures": stated})
    model, system = MODELS[len(name) % len(MODELS)]
    m = machine(model, system, settings)
    f = central(CATALOG.recovery, settings.figures)
    e = evaluate(m, np.array([float(count)]), f, settings)
    days = float(np.clip(FAILURES / e.interruptions_per_s[0] / 86400.0, 400.0, 4e6))
    chosen = replace(settings, elastic=bool(e.elastic[0]))
    played = play(m, float(count), f, chosen, days=days, seed=11, name=f"{name}/{count}")
    assert float(e.kept[0]) == pytest.approx(played.goodput, abs=0.01)


def test_compiled_and_plain_replays_are_the_same() -> None:
    for elastic in (False, True):
        settings = RecoverySettings(elastic=elastic, spares=0.001)
        m = machine("llama31-405b", "h100-sxm", settings)
        f = central(CATALOG.recovery, {})
        both = [
            play(m, 65536.0, f, settings, days=10.0, seed=2, name="twin", plain=plain)
            for plain in (False, True)
        ]
        assert both[0].failures > 100
        assert both[0].failures == both[1].failures
        assert both[0].goodput == pytest.approx(both[1].goodput, rel=1e-9)


def test_the_same_seed_gives_the_same_year_and_another_one_another() -> None:
    first, again, other = (
        simulate_goodput("llama31-8b", "h100-sxm", 16384, days=30.0, seed=seed)
        for seed in (5, 5, 6)
    )
    assert first == again
    assert first.goodput != other.goodput


def restarting(**changes: Any) -> _replay_kernel.Restarting:
    """A run that fails on average once in 1,000 s, saves every 100 s for 10 s and restarts in 50 s."""
    return _replay_kernel.Restarting(
        rates=np.array([1e-3]), step_s=100.0, every=np.array([1]), stop_s=10.0,
        safes=np.array([0.0]), phases=np.array([0.0, 50.0, 0.0]), reads=np.array([0.0]), leaving=0.0,
        spares=0, repair_s=1.0, planned_per_s=0.0, planned_s=0.0,
    )._replace(**changes)  # fmt: skip


def times(run: _replay_kernel.Restarting, horizon_s: float) -> np.ndarray[Any, Any]:
    out = np.zeros(9)
    _replay_kernel.compiled("restarting")(draws_of("by hand", 1), horizon_s, run, out, np.zeros(1))
    return out


def test_a_replayed_run_by_hand() -> None:
    out = times(restarting(), 1e8)
    assert out[1] / out[0] == pytest.approx(0.1 / (math.exp(0.05) * math.expm1(0.11)), abs=0.002)
    assert out[8] / out[0] == pytest.approx(1e-3, rel=0.02)


def test_a_run_without_failures_loses_only_stops() -> None:
    out = times(restarting(rates=np.array([1e-30])), 110_000.0)
    assert out[1] == 100_000.0
    assert out[8] == 0


def test_a_run_without_spares_waits_for_every_repair() -> None:
    # Up for 1,000 s, then away for 4,000 s: four fifths of the time.
    out = times(restarting(leaving=1.0, repair_s=4000.0, phases=np.zeros(3)), 1e8)
    assert out[6] / out[0] == pytest.approx(0.8, abs=0.01)


def test_planned_interruptions_lose_no_work() -> None:
    run = restarting(rates=np.array([1e-30]), planned_per_s=1e-3, planned_s=100.0)
    out = times(run, 1e7)
    # Each costs 10 s of stop, 100 s, and 50 s of restart, in 1,000 s of running.
    assert out[7] / out[0] == pytest.approx(160 / 1160, abs=0.005)
    assert (out[1] * 1.1 + out[7]) / out[0] == pytest.approx(1.0, abs=0.01)


def test_slow_machines_overlap() -> None:
    share = slow_time(draws_of("slow", 1), 1e7, 1e-2, 100.0)
    assert share == pytest.approx(1 - math.exp(-1), abs=0.01)
