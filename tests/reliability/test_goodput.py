"""Goodput of whole runs: sums, ranges, directions, regimes, the curve, and bad input."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import gigawatt as gw
from gigawatt.core.errors import GigawattError, InputError
from gigawatt.reliability import RecoverySettings, goodput, goodput_curve
from gigawatt.reliability.accounts import CAUSES
from gigawatt.reliability.figures import central
from gigawatt.reliability.run import chosen_run
from goodput_runs import CATALOG, evaluated, kept, machine

counts = st.integers(8, 5_000_000)
choices = st.builds(
    RecoverySettings,
    elastic=st.booleans(),
    tiers=st.sampled_from([("shared",), ("local", "shared"), ("memory", "local", "shared")]),
    interval_s=st.none() | st.floats(1.0, 1e5),
    spares=st.none() | st.floats(0.0, 0.9),
    replica=st.none() | st.integers(1, 100_000),
    storage_bytes_per_s=st.none() | st.floats(1e6, 1e15),
)
WORSE = {
    name: figure.high if figure.better == "low" else figure.low
    for name, figure in CATALOG.recovery.figures.items()
}


@given(counts, choices)
def test_losses_and_goodput_add_up(count: int, settings: RecoverySettings) -> None:
    e = evaluated(count, settings)
    shares = [float(e.kept[0]), *(float(loss[0]) for loss in e.losses.values())]
    assert set(e.losses) == set(CAUSES)
    assert all(-1e-12 <= share <= 1.0 for share in shares)
    assert sum(shares) == pytest.approx(1.0, abs=1e-9)
    assert e.interruptions_per_s[0] > 0.0


@given(counts, choices)
def test_the_range_contains_the_centre(count: int, settings: RecoverySettings) -> None:
    wanted: dict[str, Any] = {
        n: getattr(settings, n) for n in RecoverySettings.__dataclass_fields__
    }
    if settings.replica is not None:
        wanted["replica"] = min(settings.replica, count)
    answer = goodput("llama31-70b", "b200-hgx", count, **wanted)
    assert 0.0 <= answer.low <= answer.goodput <= answer.high <= 1.0


@given(counts, choices, st.floats(1.0, 20.0))
def test_more_failures_are_never_better(
    count: int, settings: RecoverySettings, factor: float
) -> None:
    held = settings.spares if settings.spares is not None else 0.01
    fixed = RecoverySettings(
        elastic=settings.elastic, tiers=settings.tiers, interval_s=settings.interval_s or 600.0,
        spares=held, replica=settings.replica, storage_bytes_per_s=settings.storage_bytes_per_s,
    )  # fmt: skip
    assert kept(count, fixed, fleet=factor) <= kept(count, fixed, fleet=1.0) + 1e-3


@given(counts, choices, st.sampled_from(["shared", "local", "peer", "host"]), st.floats(1.0, 100.0))
def test_more_bandwidth_is_never_worse(
    count: int, settings: RecoverySettings, place: str, factor: float
) -> None:
    settings = replace(
        settings, interval_s=None
    )  # one that is given too short is kept, for the worse
    name = f"{place}_bytes_per_s"
    base = CATALOG.recovery.figures[name].value
    assert kept(count, settings, **{name: base * factor}) >= kept(count, settings) - 2e-3


@pytest.mark.parametrize("name", sorted(WORSE))
def test_every_figure_moves_some_run_and_the_worse_end_is_worse(name: str) -> None:
    moved = []
    for count in (64, 1024, 16384, 262144):
        for settings in (
            RecoverySettings(spares=0.005),
            RecoverySettings(spares=0.005, elastic=True),
            RecoverySettings(spares=0.005, tiers=("shared",)),
            RecoverySettings(spares=0.005, tiers=("local", "shared")),
        ):
            whole = {} if name == "island" else {"island": 1e7}
            change = kept(count, settings, **{**whole, name: WORSE[name]}) - kept(
                count, settings, **whole
            )
            assert change <= 2e-3, (count, settings)
            moved.append(change)
    assert min(moved) < -3e-6


def test_the_closed_intervals_are_near_the_best_of_all() -> None:
    m_kept = kept(65536, RecoverySettings(spares=0.01))
    tried = [
        kept(65536, RecoverySettings(spares=0.01, interval_s=float(interval)))
        for interval in np.geomspace(5.0, 5000.0, 60)
    ]
    assert m_kept >= max(tried) - 1e-4


@given(counts, st.none() | st.floats(1e8, 1e17), st.floats(0.0, 0.1))
def test_all_places_are_never_worse_than_some_of_them(
    count: int, storage: float | None, spares: float
) -> None:
    def of(*tiers: str) -> float:
        settings = RecoverySettings(tiers=tiers, storage_bytes_per_s=storage, spares=spares)
        return kept(count, settings)

    every = of("memory", "local", "shared")
    fewer = of("shared"), of("local", "shared"), of("memory", "shared")
    assert every >= max(fewer) - 1e-4


def test_a_place_that_is_no_quicker_than_shared_storage_is_not_used() -> None:
    e = evaluated(16384, RecoverySettings(storage_bytes_per_s=1e17))
    used = {tier for tier, interval in e.intervals_s.items() if np.isfinite(interval[0])}
    assert used == {"shared"}


def test_goodput_falls_with_size_and_with_mtti_far_below_a_restart() -> None:
    sizes = [8, 1024, 16384, 65536, 131072, 1_000_000, 5_000_000]
    shares = [kept(size, RecoverySettings(spares=0.01), island=1e7) for size in sizes[1:]]
    assert shares == sorted(shares, reverse=True)
    assert shares[-1] < 1e-6
    assert evaluated(5e6, RecoverySettings(spares=0.01)).interruptions_per_s[0] > 0.03


def test_a_run_beyond_an_island_keeps_what_its_islands_keep_and_fails_as_often_as_all_of_them() -> (
    None
):
    one, ten = (evaluated(size, RecoverySettings(elastic=True)) for size in (131_072, 1_310_720))
    assert float(ten.kept[0]) == pytest.approx(float(one.kept[0]))
    assert ten.interruptions_per_s[0] == pytest.approx(10 * one.interruptions_per_s[0])


@pytest.mark.parametrize("count", [8, 1024, 16384, 98304, 1_000_000])
def test_elastic_continuation_is_used_where_it_keeps_more(count: int) -> None:
    both = kept(count, RecoverySettings(elastic=True))
    assert both >= kept(count, RecoverySettings())
    whole = evaluated(count, RecoverySettings(elastic=True, replica=count))
    assert float(whole.elastic[0]) == 0.0


@given(counts, st.booleans(), st.floats(0.0, 0.95), st.floats(0.3, 10.0), st.floats(1.0, 300.0))
def test_spares_that_are_left_open_are_never_worse_than_any_share(
    count: int, elastic: bool, share: float, fleet: float, repair_h: float
) -> None:
    def of(spares: float | None) -> float:
        settings = RecoverySettings(elastic=elastic, spares=spares)
        return kept(count, settings, fleet=fleet, repair_h=repair_h, island=1e7)

    assert of(None) >= of(share) - 2e-4


@given(counts, st.floats(1.0, 3.0), st.booleans(), st.floats(0.3, 5.0))
def test_more_accelerators_never_keep_less_in_all(
    count: int, factor: float, elastic: bool, fleet: float
) -> None:
    def useful(number: float) -> float:
        settings = RecoverySettings(elastic=elastic)
        return number * kept(number, settings, fleet=fleet, island=1e7)

    assert useful(round(count * factor)) >= useful(count) * (1.0 - 5e-4)


@given(counts, st.booleans(), st.floats(1.0, 20.0))
def test_more_failures_are_never_better_at_the_best_of_everything(
    count: int, elastic: bool, factor: float
) -> None:
    settings = RecoverySettings(elastic=elastic)
    worse, before = (kept(count, settings, fleet=fleet, island=1e7) for fleet in (factor, 1.0))
    assert worse <= before + 1e-4


def test_a_run_that_is_too_large_leaves_the_rest_idle_and_says_so() -> None:
    answer = goodput("llama31-405b", "h100-sxm", 131_072)
    assert answer.smaller_run is not None
    assert 50_000 < answer.smaller_run < 100_000
    assert answer.losses["idle"] == pytest.approx(1.0 - answer.smaller_run / 131_072, abs=1e-4)
    assert answer.record()["smaller_run"] == answer.smaller_run
    smaller = goodput("llama31-405b", "h100-sxm", answer.smaller_run)
    assert smaller.smaller_run is None
    assert smaller.losses["idle"] == 0.0
    assert smaller.goodput * answer.smaller_run == pytest.approx(answer.goodput * 131_072, rel=1e-3)


def test_a_run_with_given_spares_is_as_large_as_asked_and_a_better_size_is_named() -> None:
    answer = goodput("llama31-405b", "h100-sxm", 131_072, spares=0.01)
    assert answer.losses["idle"] == 0.0
    assert answer.smaller_run is not None
    smaller = goodput("llama31-405b", "h100-sxm", answer.smaller_run, spares=0.01)
    assert smaller.goodput * answer.smaller_run > 1.5 * answer.goodput * 131_072
    assert goodput("llama31-405b", "h100-sxm", 16_384, spares=0.01).smaller_run is None


def test_accelerators_that_fit_in_no_replica_do_not_work() -> None:
    # 431 - 1 spare node of 8 leave 423, of which 288 are in replicas of 144.
    settings = RecoverySettings(elastic=True, replica=144, spares=8 / 431)
    m = machine("llama31-405b", "h100-sxm", settings)
    e = chosen_run(m, np.array([431.0]), central(CATALOG.recovery, {}), settings, drop=True)
    assert float(e.losses["leftover"][0]) == pytest.approx((423 - 288) / 431)
    assert float(e.kept[0]) < 288 / 431
    # Started again, the run may be cut anyhow, and is.
    assert float(evaluated(431, RecoverySettings(elastic=True)).elastic[0]) == 0.0


def test_losses_of_an_elastic_run_are_those_that_levers_lessen() -> None:
    settings = RecoverySettings(elastic=True, spares=0.0)
    e = evaluated(65_536, settings)
    for cause, figure in (
        ("planned", "planned_per_day"),
        ("repair", "repair_h"),
        ("absent", "rejoin_s"),
    ):
        loss = float(e.losses[cause][0])
        assert loss > 1e-5
        gone = kept(65_536, settings, **{figure: 0.0}) - float(e.kept[0])
        assert gone == pytest.approx(loss, rel=0.15)


def test_levers_that_do_not_help_are_not_listed() -> None:
    answer = goodput("llama31-8b", "h100-sxm", 64, spares=0.2)
    assert answer.levers
    assert all(lever.points > 0.0 for lever in answer.levers)
    assert all(row["points"] > 0.0 for row in answer.record()["levers"])


@pytest.mark.parametrize("elastic", [False, True])
def test_useful_work_never_falls_along_the_curve_or_between_its_points(elastic: bool) -> None:
    shape = CATALOG.model("llama31-405b").architecture
    curve = goodput_curve(CATALOG, shape, "h100-sxm", RecoverySettings(elastic=elastic))
    counts = np.geomspace(8.0, 5e6, 5000)
    useful = curve.fraction(counts) * counts
    assert (np.diff(useful, axis=-1) >= -1e-6 * useful[:, 1:]).all()


def test_the_answer_names_what_it_rests_on() -> None:
    blackwell = gw.goodput("deepseek-v3", "gb300-nvl72", 4096)
    text = " ".join(blackwell.assumptions)
    assert "Hopper" in text
    assert "1.6 times" in text
    assert blackwell.evidence["failures.hbm"].source.startswith("The Llama 3 Herd of Models")
    assert blackwell.evidence["restart_to"].is_assumption
    own = gw.goodput("deepseek-v3", "h100-sxm", 4096)
    assert not any("Hopper" in text for text in own.assumptions)
    ratio = blackwell.interruptions_per_day["hbm"] / own.interruptions_per_day["hbm"]
    others = blackwell.interruptions_per_day["gpu"] / own.interruptions_per_day["gpu"]
    assert ratio / others == pytest.approx(8 / 5)


def test_levers_are_sorted_and_true() -> None:
    answer = gw.goodput("llama31-405b", "h100-sxm", 65536, spares=0.01, tiers=("shared",))
    points = [lever.points for lever in answer.levers]
    assert points == sorted(points, reverse=True)
    by_name = {lever.what: lever.points for lever in answer.levers}
    faster = gw.goodput(
        "llama31-405b",
        "h100-sxm",
        65536,
        spares=0.01,
        tiers=("shared",),
        figures={"detect_s": 30.0},
    )
    assert by_name["noticing failures in half the time"] == pytest.approx(
        100 * (faster.goodput - answer.goodput)
    )
    assert "checkpoints in the memory of peers" in by_name
    dropped = gw.goodput(
        "llama31-405b", "h100-sxm", 65536, spares=0.01, tiers=("shared",), elastic=True
    )
    assert by_name["going on without a replica that fails"] == pytest.approx(
        100 * (dropped.goodput - answer.goodput)
    )


def test_the_curve_is_the_answer_at_its_points() -> None:
    shape = CATALOG.model("llama31-405b").architecture
    curve = goodput_curve(CATALOG, shape, "h100-sxm", RecoverySettings(spares=0.01))
    for at in (0, 30, 60, 80):
        count = int(curve.counts[at])
        answer = goodput("llama31-405b", "h100-sxm", count, spares=0.01)
        assert curve.fraction(count).tolist() == pytest.approx(
            [answer.low, answer.goodput, answer.high], abs=1e-6
        )
        assert curve.mtti_hours[at] == pytest.approx(answer.mtti_hours)
    between = curve.fraction(np.array([[700, 9000], [50_000, 3e6]]))
    assert between.shape == (3, 2, 2)
    exact = goodput("llama31-405b", "h100-sxm", 50_000, spares=0.01)
    assert between[1, 1, 0] == pytest.approx(exact.goodput, abs=0.01)


@pytest.mark.parametrize(
    ("wanted", "code"),
    [
        ({"count": 0}, "E213"),
        ({"count": -8}, "E213"),
        ({"count": 10**9}, "E213"),
        ({"interval_s": 0.0}, "E213"),
        ({"interval_s": float("nan")}, "E213"),
        ({"spares": 1.0}, "E213"),
        ({"spares": -0.1}, "E213"),
        ({"storage_bytes_per_s": 0.0}, "E213"),
        ({"replica": 0}, "E213"),
        ({"tiers": ("tape", "shared")}, "E203"),
        ({"tiers": ("shared", "shared")}, "E105"),
        ({"tiers": ("memory",)}, "E706"),
        ({"tiers": ()}, "E706"),
        ({"figures": {"detect": 1.0}}, "E203"),
        ({"figures": {"detect_s": -1.0}}, "E213"),
        ({"figures": {"host_bytes_per_s": 0.0}}, "E213"),
        ({"elastc": True}, "E201"),
    ],
)
def test_what_cannot_be_meant_is_refused(wanted: dict[str, Any], code: str) -> None:
    count = wanted.pop("count", 1024)
    with pytest.raises(InputError) as caught:
        goodput("llama31-8b", "h100-sxm", count, **wanted)
    assert [problem.code for problem in caught.value.problems] == [code]


def test_unknown_names_and_systems_without_memory_are_refused() -> None:
    for model, system, code in (
        ("llama", "h100-sxm", "E402"), ("llama31-8b", "h1000", "E402"), ("llama31-8b", "feynman", "E701"),
    ):  # fmt: skip
        with pytest.raises(GigawattError) as caught:
            goodput(model, system, 8)
        assert caught.value.problems[0].code == code
