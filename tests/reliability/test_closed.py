"""Goodput in closed form: worked by hand, against the played run, and how it must move."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gigawatt.catalog import Catalog
from gigawatt.core.errors import InputError
from gigawatt.reliability import goodput, goodput_curve
from gigawatt.reliability.checkpoints import best_interval_s, daly_s, young_s
from gigawatt.reliability.closed import Level, beyond_spares, blocked, elastic, more_than, nested
from gigawatt.reliability.goodput import simulate
from gigawatt.reliability.model import CAUSES, figures_of
from gigawatt.reliability.rates import interruptions
from gigawatt.reliability.settings import RecoverySettings
from gigawatt.reliability.simulator import play, play_dropping, seed_of

CATALOG = Catalog()


def level(mtti_s: float, interval_s: float, write_s: float, down_s: float = 0.0) -> Level:
    numbers = (1.0 / mtti_s, interval_s, write_s, 0.0, down_s, 0.0)
    return Level(*(np.array(number) for number in numbers))


def test_one_tier_is_dalys_formula() -> None:
    m, tau, write, down = 10_000.0, 600.0, 6.0, 300.0
    whole = m * math.exp(down / m) * (math.exp((tau + write) / m) - 1.0)
    parts = nested([level(m, tau, write, down)])
    assert parts.kept == pytest.approx(tau / whole)
    assert sum(parts) == pytest.approx(1.0)
    assert parts.checkpoint == pytest.approx(write / whole)


def test_without_failures_only_writing_is_lost() -> None:
    parts = nested([level(1e15, 100.0, 1.0), level(1e15, 1000.0, 10.0)])
    assert parts.kept == pytest.approx(100 / 101 * 1000 / (1000 * 1.01 + 10) * 1.01, rel=1e-3)
    assert parts.rework == pytest.approx(0.0, abs=1e-6)


@given(st.floats(0.01, 100.0), st.floats(100.0, 1e7))
def test_the_best_interval_is_better_than_its_neighbours_and_near_dalys(
    write: float, mtti: float
) -> None:
    best = float(best_interval_s(np.array(write), np.array(mtti)))
    kept = [float(nested([level(mtti, best * f, write)]).kept) for f in (0.95, 1.0, 1.05)]
    assert kept[1] >= max(kept) - 1e-12
    if write < mtti / 50:
        assert best == pytest.approx(float(daly_s(np.array(write), np.array(mtti))), rel=0.01)
        assert best <= float(young_s(np.array(write), np.array(mtti)))


def test_spares_by_hand() -> None:
    # P(X > 1) of mean 2: 1 − e⁻² (1 + 2)
    assert more_than(2.0, 1.0) == pytest.approx(1.0 - 3.0 * math.exp(-2.0))
    # E[(X − 1)⁺] = Σ (k − 1) P(k) = 2 − 1 + P(0)
    assert beyond_spares(2.0, 1.0) == pytest.approx(1.0 + math.exp(-2.0))
    assert more_than(3000.0, 3200.0) < 0.001 < more_than(3000.0, 3100.0)


def test_dropped_replicas_by_hand() -> None:
    goes_on, absent = elastic(np.array(0.001), 100.0, 500.0, np.array(0.1))
    assert goes_on == pytest.approx(math.exp(-0.1))
    assert absent == pytest.approx(0.001 * 500 * 0.1)


@pytest.mark.parametrize("mtti", [300.0, 3_000.0, 100_000.0])
@pytest.mark.parametrize("down", [10.0, 200.0])
def test_nested_tiers_are_as_played(mtti: float, down: float) -> None:
    share = np.array([0.75, 0.15, 0.10])
    levels: list[Level] = []
    for part, write in zip(share, (1.0, 0.0, 0.5), strict=True):
        below = nested(levels).kept if levels else np.array(1.0)
        interval = float(best_interval_s(np.array(write + 1.0), np.array(mtti / part), below))
        if levels:
            step = float(levels[0].interval_s)
            interval = max(round(interval / step), 1) * step
        levels.append(level(mtti / part, interval, write, down))
    days = 20_000 * mtti / 86400.0
    played = play(levels, days=days, seed=seed_of(f"{mtti}/{down}", 1))
    assert played.failures > 10_000
    assert float(nested(levels).kept) == pytest.approx(played.kept, abs=0.01)


@pytest.mark.parametrize(("rate", "share"), [(1e-5, 0.5), (1e-3, 0.02), (5e-3, 0.001)])
def test_dropping_is_as_played(rate: float, share: float) -> None:
    goes_on, absent = elastic(np.array(rate), 120.0, 600.0, np.array(share))
    played = play_dropping(rate, 120.0, 600.0, share, days=30_000 / rate / 86400.0, seed=3)
    assert float(goes_on * (1.0 - absent)) == pytest.approx(played.kept, abs=0.01)


@pytest.mark.parametrize("count", [8, 1_024, 16_384, 131_072, 2_000_000])
@pytest.mark.parametrize("policy", ["restart", "elastic"])
def test_a_model_is_as_played_from_8_to_2_million(count: int, policy: str) -> None:
    days = max(60.0, 3_000 * 50_700 / count / 24.0)
    played, closed = simulate("deepseek-v3", "h100-sxm", count, policy=policy, days=days)
    assert played.failures > 1_000
    assert closed == pytest.approx(played.kept, abs=0.01)


def test_repairs_beyond_the_spares_block_a_run_as_played() -> None:
    one = level(5_000.0, 300.0, 1.0, 60.0)
    repair = 20_000.0
    played = play([one], days=20_000.0, seed=5, drained=0.5, spares=3, repair_s=repair)
    # two nodes away on average, were there no end of spares
    assert played.blocked == pytest.approx(blocked(2.0, 3.0), abs=0.01)


def test_the_same_seed_plays_the_same_run() -> None:
    first = simulate("llama31-8b", "h100-sxm", 1024, days=500.0, seed=1)
    assert first == simulate("llama31-8b", "h100-sxm", 1024, days=500.0, seed=1)
    assert first != simulate("llama31-8b", "h100-sxm", 1024, days=500.0, seed=2)


def test_published_cases() -> None:
    # Llama 3: 419 unexpected interruptions in 54 days on 16,384 H100, more than 90 % effective
    llama = goodput("llama31-405b", "h100-sxm", 16384, policy="restart")
    assert llama.mtti_hours == pytest.approx(54 * 24 / 419, rel=1e-3)
    assert 0.90 < llama.goodput < 0.97
    # FT-HSDP on 98,304: 44 % when everything starts again, 80 % when replicas are dropped
    again = goodput("llama31-405b", "h100-sxm", 98304, policy="restart")
    dropped = goodput("llama31-405b", "h100-sxm", 98304, policy="elastic")
    assert again.goodput == pytest.approx(0.44, abs=0.07)
    assert dropped.goodput == pytest.approx(0.80, abs=0.03)
    assert dropped.mtti_hours * 60 == pytest.approx(18.0, rel=0.05)
    # Kokolis: 6.5 failures in 1,000 days of a node of 8 project to 1.8 h at 16,384 and 0.23 h at 131,072
    own = (
        6.5 / 1000 / 24 / 8 / sum(f.per_package_hour for f in CATALOG.reliability.failures.values())
    )
    counts = np.array([16384.0, 131072.0])
    found = interruptions(CATALOG.reliability, counts, 80.0, 0.0, own).mtti_hours
    assert found == pytest.approx([1.8, 0.23], rel=0.03)


def test_kokolis_approximation_of_effective_time() -> None:
    # (1 − N r (u + Δ/2)) / (1 + w/Δ), restart overhead u, interval Δ, write w
    rate, restart, interval, write = 1.0 / (7.9 * 3600), 600.0, 3600.0, 300.0
    theirs = (1.0 - rate * (restart + interval / 2.0)) / (1.0 + write / interval)
    parts = nested([level(1.0 / rate, interval, write, restart)])
    assert float(parts.kept) == pytest.approx(theirs, abs=0.01)


SIZES = st.sampled_from([8, 64, 1_000, 16_384, 100_000, 1_000_000])


@settings(deadline=None, max_examples=30)
@given(
    SIZES,
    st.sampled_from(["restart", "elastic", "auto"]),
    st.sampled_from(["h100-sxm", "gb300-nvl72"]),
)
def test_parts_add_up_and_cases_are_ordered(count: int, policy: str, system: str) -> None:
    g = goodput("llama31-405b", system, count, policy=policy)
    assert g.goodput + sum(g.losses.values()) == pytest.approx(1.0)
    assert min(g.losses.values()) >= -1e-12
    assert set(g.losses) == set(CAUSES)
    assert 0.0 <= g.low <= g.goodput <= g.high <= 1.0
    assert all(lever.points >= -1e-9 for lever in g.levers)
    assert [x.points for x in g.levers] == sorted((x.points for x in g.levers), reverse=True)


@settings(deadline=None, max_examples=30)
@given(SIZES, st.sampled_from(["detect_s", "restart_s", "young", "fixed_write_s", "stragglers",
                               "planned_per_day", "stall_s", "rejoin_s"]))  # fmt: skip
def test_worse_figures_never_help(count: int, name: str) -> None:
    figure = CATALOG.reliability.figures[name]
    base = goodput("deepseek-v3", "h100-sxm", count)
    worse = goodput("deepseek-v3", "h100-sxm", count, figures={name: 3.0 * figure.value})
    assert worse.goodput <= base.goodput + 1e-9


def test_auto_is_the_better_of_both_and_spares_help_until_they_idle() -> None:
    one, other, auto = (
        goodput("deepseek-v3", "h100-sxm", 50_000, policy=p).goodput
        for p in ("restart", "elastic", "auto")
    )
    assert auto == max(one, other)
    none, best, many = (
        goodput("deepseek-v3", "h100-sxm", 50_000, policy="restart", spares=s).goodput
        for s in (0.0, None, 0.2)
    )
    assert best > none
    assert best > many


def test_fewer_tiers_never_help() -> None:
    kept = [
        goodput("llama31-405b", "h100-sxm", 16384, policy="restart", tiers=tiers).goodput
        for tiers in (("memory", "local", "shared"), ("local", "shared"), ("shared",))
    ]
    assert kept == pytest.approx(sorted(kept, reverse=True), abs=1e-5)


def test_the_curve_is_the_answer_at_any_count() -> None:
    curve = goodput_curve(CATALOG, CATALOG.model("deepseek-v3").architecture, "gb300-nvl72")
    for count in (8, 3_000, 72_000, 3_000_000):
        low, central, high = curve.fraction(count)
        g = goodput("deepseek-v3", "gb300-nvl72", count)
        assert (low, central, high) == pytest.approx((g.low, g.goodput, g.high), abs=0.01)
    many = curve.fraction(np.array([[8.0, 100.0], [1e6, 5e6]]))
    assert many.shape == (3, 2, 2)


def test_cases_lie_half_way_to_the_ends() -> None:
    record = CATALOG.reliability
    worse, better = (figures_of(record, case, RecoverySettings()) for case in ("low", "high"))
    assert worse["detect_s"] == pytest.approx((60 * 600) ** 0.5)
    assert better["shared_bytes_per_s"] > record.figures["shared_bytes_per_s"].value
    assert better["growth"] == pytest.approx(0.29 / 2)


@pytest.mark.parametrize(
    ("wanted", "code"),
    [
        ({"policy": "hope"}, "E203"),
        ({"tiers": ("disk",)}, "E203"),
        ({"interval_s": 0.0}, "E213"),
        ({"spares": 1.0}, "E213"),
        ({"replica": 0}, "E213"),
        ({"figures": {"shared_bytes_per_s": 0.0}}, "E213"),
        ({"figures": {"mood": 1.0}}, "E203"),
        ({"weather": 1}, "E201"),
    ],
)
def test_what_cannot_be_meant(wanted: dict[str, object], code: str) -> None:
    with pytest.raises(InputError) as refused:
        goodput("llama31-8b", "h100-sxm", 64, **wanted)
    assert refused.value.problems[0].code == code
