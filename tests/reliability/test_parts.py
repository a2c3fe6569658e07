"""The parts of the goodput model by hand: rates, checkpoints, intervals, spares, dropping, slow machines."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gigawatt.catalog import Catalog
from gigawatt.catalog.reliability_rows import reliability_rows
from gigawatt.reliability.checkpoints import checkpoint, state_bytes
from gigawatt.reliability.dropping import dropping
from gigawatt.reliability.figures import central, fanned, ranged
from gigawatt.reliability.intervals import best_interval_s, daly_s, multilevel_s, young_s
from gigawatt.reliability.rates import Component, growth_factor, interruption_rates
from gigawatt.reliability.renewal import renewal
from gigawatt.reliability.slow import slow_share
from gigawatt.reliability.spares import beyond_spares, erlang_b, waiting_share
from goodput_runs import level

LLAMA_HOURS = 54 * 24 * 16384
ROWS_OF = {
    "gpu": ("rel-015", "rel-020", "rel-021", "rel-024", "rel-025"),
    "hbm": ("rel-016",),
    "nic": ("rel-022",),
    "switch": ("rel-018",),
    "host": ("rel-019", "rel-026", "rel-027", "rel-028", "rel-029", "rel-031", "rel-032"),
    "software": ("rel-017", "rel-030"),
    "other": ("rel-023",),
}
positive = st.floats(1e-3, 1e4)


def test_rates_of_hopper_are_the_counts_of_llama_3() -> None:
    rows = reliability_rows()
    hopper = Catalog().failure_rates("Hopper")
    assert set(hopper.failures) == set(ROWS_OF)
    for name, ids in ROWS_OF.items():
        count = sum(rows[row].number for row in ids)
        assert hopper.failures[name].per_accelerator_hour == pytest.approx(
            count / LLAMA_HOURS, rel=1e-4
        )
    counted = sum(rows[row].number for ids in ROWS_OF.values() for row in ids)
    assert counted == rows["rel-003"].number == 419


def test_rates_of_ampere_add_up_to_the_mean_of_both_clusters() -> None:
    rows = reliability_rows()
    both = [rows[row].number / 1000 / 24 / 8 for row in ("rel-033", "rel-034")]
    ampere = Catalog().failure_rates("Ampere")
    total = sum(rate.per_accelerator_hour for rate in ampere.failures.values())
    assert total == pytest.approx(math.sqrt(both[0] * both[1]), rel=1e-4)


def test_figures_follow_from_published_rows() -> None:
    rows, figures = reliability_rows(), Catalog().recovery.figures
    llama = 419 / LLAMA_HOURS
    at_100k = 60 / rows["rel-061"].number / 100_000
    assert figures["growth"].value == pytest.approx(
        math.log(at_100k / llama) / math.log(100_000 / 16384), abs=0.005
    )
    storage = rows["rel-014"].number * 1e12 / 16384
    assert figures["shared_bytes_per_s"].value == pytest.approx(storage, rel=1e-3)
    assert figures["planned_per_day"].value == pytest.approx(rows["rel-002"].number / 54, abs=0.001)
    assert figures["reinit_growth"].value == pytest.approx(
        math.log(200 / 17) / math.log(98304 / 16384), abs=0.01
    )
    assert figures["slow_per_hour"].value == pytest.approx(4 / (504 * 55 * 24), rel=0.01)


def test_every_row_and_figure_has_a_source_that_exists() -> None:
    catalog = Catalog()
    assert {row.source for row in reliability_rows().values()} <= set(catalog.sources)
    for record in (catalog.recovery, *map(catalog.failure_rates, ("Hopper", "Ampere"))):
        assert record.source in catalog.sources
        for fact in (*record.figures.values(), *record.failures.values()):
            assert fact.source in catalog.sources
            assert fact.note


def test_a_generation_without_rates_of_its_own_takes_those_of_hopper() -> None:
    catalog = Catalog()
    assert catalog.failure_rates("Rubin").generation == "Hopper"
    assert catalog.failure_rates("Ampere").generation == "Ampere"


def test_growth_starts_at_the_reference_and_ends() -> None:
    sizes = np.array([8.0, 16384.0, 32768.0, 65536.0, 131072.0, 4e6])
    factors = growth_factor(sizes, 16384.0, np.array(1.0), np.array(65536.0))
    assert factors.tolist() == [1.0, 1.0, 2.0, 4.0, 4.0, 4.0]


def test_rates_go_to_the_nearest_place_that_survives() -> None:
    parts = {
        "a": Component(1e-5, "memory", True, 0.0),
        "b": Component(2e-5, "local", False, 0.5),
        "c": Component(3e-5, "shared", True, 0.9),
    }
    one = np.array(1.0)
    rates = interruption_rates(
        parts, 3600 * one, reference=1e5, fleet=2.0 * one, growth=0.3 * one, growth_to=1e5 * one,
        whole_run=2.0 * one,
    )  # fmt: skip
    assert [float(r) for r in rates[:3]] == pytest.approx([2e-5, 4e-5, 6e-5])
    assert float(rates.total) == pytest.approx(1.2e-4)
    assert float(rates.draining) == pytest.approx(8e-5)
    assert float(rates.whole_run) == pytest.approx(2 * (2e-5 * 1.0 + 3e-5 * 1.0))


def test_a_checkpoint_by_hand() -> None:
    assert state_bytes(1e12, 14.0) == 14e12
    c = checkpoint(14e12, 1000.0, 0.5, 20e9, 0.1e9)
    assert (c.stop_s, c.safe_s, c.read_s) == pytest.approx((0.5 + 0.7, 140.0, 140.0))


@given(st.floats(1e-3, 1e3), st.floats(10.0, 1e7))
def test_the_best_interval_beats_its_neighbours(stop_s: float, mtti_s: float) -> None:
    def kept(interval_s: float) -> float:
        return interval_s / mtti_s / math.expm1((interval_s + stop_s) / mtti_s)

    best = float(best_interval_s(np.array(stop_s), np.array(mtti_s)))
    if best < 1e6:
        assert kept(best) >= kept(best * 1.02) * (1 - 1e-9)
        assert kept(best) >= kept(best * 0.98) * (1 - 1e-9)


@given(st.floats(1e-2, 10.0), st.floats(1e4, 1e7))
def test_daly_and_young_come_near_the_best_when_failures_are_rare(
    stop_s: float, mtti_s: float
) -> None:
    stop, mtti = np.array(stop_s), np.array(mtti_s)
    best = float(best_interval_s(stop, mtti))
    if best < 1e6:
        assert float(daly_s(stop, mtti)) == pytest.approx(best, rel=1e-4)
        assert float(young_s(stop, mtti)) == pytest.approx(best, rel=0.03)


def test_daly_gives_up_where_a_stop_is_longer_than_two_failures() -> None:
    assert float(daly_s(np.array(300.0), np.array(100.0))) == 100.0


@given(st.lists(st.tuples(positive, positive, st.floats(1e-8, 1e-2)), min_size=1, max_size=3))
def test_slower_places_are_whole_multiples_and_no_shorter_than_they_arrive(
    places: list[tuple[float, float, float]],
) -> None:
    stops, safes, rates = (np.array(column) for column in zip(*places, strict=True))
    found = multilevel_s(stops[0], list(safes), list(rates))
    for at, interval in enumerate(found):
        assert interval >= safes[at] * (1 - 1e-12)
        if at:
            times = float(interval / found[at - 1])
            assert times >= 1
            assert times == pytest.approx(round(times))


def test_an_interval_that_is_given_is_kept() -> None:
    one = np.array(1.0)
    assert float(multilevel_s(one, [one], [one / 1000], np.array(77.0))[0]) == 77.0


def test_one_copy_serves_all_places_that_a_checkpoint_reaches_in_time() -> None:
    # Two places, both reached at once: failures of both together give the interval, and it is the same.
    one = np.array(1.0)
    both = float(best_interval_s(one, np.array(1000.0)))
    found = multilevel_s(one, [one, 2 * one], [one / 2000, one / 2000])
    assert [float(interval) for interval in found] == pytest.approx([both, both])


@given(
    st.floats(0.01, 100.0), st.floats(0.0, 100.0), st.floats(0.0, 2000.0), st.floats(1e-7, 1e-3),
    st.floats(1e-7, 3e-4),
)  # fmt: skip
def test_the_intervals_of_two_places_keep_most_of_all_that_are_tried(
    stop: float, soon: float, late: float, rate: float, rarer: float
) -> None:
    def kept(first: float) -> float:
        slower = max(math.ceil(late / first - 1e-9), 1) * first
        return float(
            renewal(
                [level(rate, first, stop, 100.0, soon), level(rarer, slower, 0.0, 100.0, late)]
            ).kept
        )

    late = max(late, soon)
    safe = [np.array(soon), np.array(late)]
    chosen = multilevel_s(np.array(stop), safe, [np.array(rate), np.array(rarer)])
    tried = [first for first in np.geomspace(1.0, 1e4, 50) if first >= soon]
    assert kept(float(chosen[0])) >= max(map(kept, tried)) - 1e-3


def test_erlang_by_hand() -> None:
    # B(1, a) = a / (1 + a); B(2, a) = a² / (2 + 2 a + a²)
    assert float(erlang_b(np.array(1.0), np.array(3.0))) == pytest.approx(0.75)
    assert float(erlang_b(np.array(2.0), np.array(3.0))) == pytest.approx(9 / 17)


@given(st.integers(0, 200), st.floats(1e-3, 200.0))
def test_erlang_keeps_its_recurrence(servers: int, load: float) -> None:
    b = 1.0
    for c in range(1, servers + 1):
        b = load * b / (c + load * b)
    assert float(erlang_b(np.array(servers), np.array(load))) == pytest.approx(
        b, rel=1e-6, abs=1e-150
    )


def test_far_more_spares_than_needed_never_wait() -> None:
    assert float(waiting_share(np.array(60_000.0), np.array(1e-3))) < 1e-100


@given(st.integers(0, 60), st.floats(1e-3, 40.0))
def test_nodes_beyond_spares_are_a_poisson_mean(spares: int, away: float) -> None:
    term, mean = math.exp(-away), 0.0
    for number in range(1, 400):
        term *= away / number
        mean += max(number - spares, 0) * term
    found = float(beyond_spares(np.array(float(spares)), np.array(away)))
    assert found == pytest.approx(mean, rel=1e-6, abs=1e-9)


@given(st.integers(0, 40), st.floats(0.01, 30.0))
def test_a_spare_more_never_waits_longer(spares: int, away: float) -> None:
    some, more = np.array(float(spares)), np.array(float(spares + 1))
    load = np.array(away)
    assert waiting_share(more, load) < waiting_share(some, load)
    assert beyond_spares(more, load) <= beyond_spares(some, load) + 1e-12


def test_dropping_by_hand() -> None:
    run = dropping(np.array(0.01), np.array(20.0), np.array(300.0), np.array(12.0))
    assert float(run.absent) == pytest.approx(3 / 15)
    assert float(run.going) == pytest.approx(math.exp(-0.01 * 0.8 * 20))
    assert float(run.efficiency) == pytest.approx(0.8 * math.exp(-0.16))


def test_slow_machines_by_hand() -> None:
    assert float(slow_share(np.array(1000.0), np.array(1e-3), np.array(3600.0))) == pytest.approx(
        1 - math.exp(-1)
    )


def test_a_range_is_that_of_its_figures_as_squares() -> None:
    # Two figures of one unit of the logit each, to either side: √2 units.
    def share(logit: float) -> float:
        return 1 / (1 + math.exp(-logit))

    draws = np.array([share(v) for v in (1.0, 0.0, 2.0, 0.0, 2.0)])
    low, middle, high = ranged(draws)
    assert (low, middle, high) == pytest.approx(
        (share(1 - math.sqrt(2)), share(1.0), share(1 + math.sqrt(2)))
    )


def test_each_figure_is_moved_by_itself_and_stated_ones_are_not() -> None:
    record = Catalog().recovery
    stated = {"detect_s": 5.0}
    middle, draws = central(record, stated), fanned(record, stated)
    assert float(middle["detect_s"]) == 5.0
    assert set(np.ravel(draws["detect_s"])) == {5.0}
    moved = np.stack([draws[name][:, 0] != middle[name] for name in draws])
    assert moved[:, 0].sum() == 0
    assert moved[:, 1:].sum(axis=0).max() == 1
    worse = draws["repair_h"][1::2, 0].max(), draws["peer_bytes_per_s"][1::2, 0].min()
    figures = record.figures
    assert worse == (figures["repair_h"].high, figures["peer_bytes_per_s"].low)
