"""The closed form by hand, and against solving the same chain of states as linear equations."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gigawatt.reliability.renewal import Level, recovery_s, renewal
from goodput_runs import level


def daly(rate: float, interval: float, stop: float, down: float) -> float:
    return rate * interval / (math.exp(rate * down) * math.expm1(rate * (interval + stop)))


@given(st.floats(1e-7, 1e-2), st.floats(1.0, 1e4), st.floats(0.01, 300.0), st.floats(0.0, 2000.0))
def test_one_level_is_dalys_equation(
    rate: float, interval: float, stop: float, down: float
) -> None:
    shares = renewal([level(rate, interval, stop, down)])
    assert float(shares.kept) == pytest.approx(daly(rate, interval, stop, down), rel=1e-9)


def test_losses_of_one_level_by_hand() -> None:
    # λ = 1/1000 s, 100 s of work, 10 s of stop, 50 s of restart: one interval takes
    # e^0.05 (e^0.11 − 1) 1000 = 122.24 s.
    whole = 1000 * math.exp(0.05) * math.expm1(0.11)
    shares = renewal([level(1e-3, 100.0, 10.0, 50.0)])
    assert float(shares.kept) == pytest.approx(100 / whole)
    assert float(shares.checkpoint) == pytest.approx(10 / whole)
    assert float(shares.restart) == pytest.approx(
        1000 * math.expm1(0.05) * math.expm1(0.11) / whole
    )
    assert float(shares.rework) == pytest.approx((1000 * math.expm1(0.11) - 110) / whole)


def test_a_checkpoint_that_takes_long_to_arrive_costs_the_work_in_between() -> None:
    # After a failure 100 + 10 + 30 s must pass without another; before, 110 s.
    rate, first, again, down = 1e-3, 110.0, 140.0, 50.0
    after = (
        math.expm1(rate * again) / rate + math.expm1(rate * again) * math.expm1(rate * down) / rate
    )
    fails = -math.expm1(-rate * first)
    whole = fails / rate + fails * (math.expm1(rate * down) / rate + after)
    shares = renewal([level(rate, 100.0, 10.0, down, 30.0)])
    assert float(shares.kept) == pytest.approx(100 / whole, rel=1e-9)


def solved(levels: list[Level]) -> float:
    """Two levels as states: pieces of work, stops, recoveries; expected times by linear equations."""
    low, high = levels
    rates = [float(low.rate_per_s), float(high.rate_per_s)]
    total = sum(rates)
    number = round(float(high.interval_s / low.interval_s))
    downs = [sum(float(p) for p in one.phases_s) for one in levels]
    # States: for each step its work, then the stop of `low`; then the stop of `high`; recoveries.
    # A recovery of `low` is one state for each place that it goes back to.
    names: list[tuple[str, int]] = [(kind, i) for i in range(number) for kind in ("work", "stop")]
    names += [("high stop", 0), ("recover high", 0), ("recover low", -1)]
    names += [("recover low", i) for i in range(number)]
    at = {name: i for i, name in enumerate(names)}
    a, b = np.eye(len(names)), np.zeros(len(names))

    def go(name: tuple[str, int], length: float, then: tuple[str, int] | None, back: int) -> None:
        i, stay = at[name], math.exp(-total * length)
        b[i] = (1 - stay) / total
        if then is not None:
            a[i, at[then]] -= stay
        a[i, at["recover low", back]] -= (1 - stay) * rates[0] / total
        a[i, at["recover high", 0]] -= (1 - stay) * rates[1] / total

    # A stop and the work before it are one attempt: a failure in the stop loses the work too.
    for i in range(number):
        length = float(low.interval_s)
        go(("work", i), length, ("stop", i), i)
        then = ("work", i + 1) if i + 1 < number else ("high stop", 0)
        go(("stop", i), float(low.stop_s), then, i)
        go(("recover low", i), downs[0], ("work", i), i)
    go(("high stop", 0), float(high.stop_s), None, -1)
    go(("recover low", -1), downs[0], ("high stop", 0), -1)
    i, stay = at["recover high", 0], math.exp(-total * downs[1])
    b[i] = (1 - stay) / total
    a[i, at["work", 0]] -= stay
    a[i, i] -= 1 - stay
    return float(high.interval_s) / float(np.linalg.solve(a, b)[at["work", 0]])


@given(
    st.floats(1e-6, 5e-3), st.floats(1e-6, 2e-3), st.integers(1, 12), st.floats(10.0, 500.0),
    st.floats(0.1, 50.0), st.floats(0.1, 50.0), st.floats(0.0, 300.0), st.floats(0.0, 300.0),
)  # fmt: skip
def test_two_levels_are_the_solution_of_their_chain(
    rate: float, rarer: float, number: int, interval: float, stop: float, slower: float, down: float,
    deeper: float,
) -> None:  # fmt: skip
    levels = [
        level(rate, interval, stop, down),
        level(rarer, number * interval, slower, deeper),
    ]
    assert float(renewal(levels).kept) == pytest.approx(solved(levels), rel=1e-7)


levels_of_three = st.builds(
    lambda rates, interval, many, stops, downs, safes: [
        level(rates[k], interval * math.prod(many[:k]), stops[k], downs[k], safes[k])
        for k in range(3)
    ],
    st.tuples(*[st.floats(0.0, 1.0)] * 3),
    st.floats(0.5, 1e5),
    st.tuples(*[st.integers(1, 50)] * 3),
    st.tuples(*[st.floats(0.0, 1e4)] * 3),
    st.tuples(*[st.floats(0.0, 1e4)] * 3),
    st.tuples(*[st.floats(0.0, 1e4)] * 3),
)


@given(levels_of_three)
def test_parts_add_up_however_often_it_fails(levels: list[Level]) -> None:
    shares = renewal(levels)
    assert all(0.0 <= float(part) <= 1.0 + 1e-12 for part in shares)
    assert sum(map(float, shares)) == pytest.approx(1.0, abs=1e-9)


@given(levels_of_three, st.integers(0, 2), st.floats(1.01, 10.0))
def test_more_failures_of_a_level_are_never_better(
    levels: list[Level], at: int, factor: float
) -> None:
    before = float(renewal(levels).kept)
    worse = levels[at]._replace(rate_per_s=levels[at].rate_per_s * factor + 1e-6)
    levels = [*levels[:at], worse, *levels[at + 1 :]]
    # A recovery that is interrupted goes on as the longer of two; orders of recoveries may differ.
    ordered = sorted(float(sum(one.phases_s)) for one in levels)
    if ordered == [float(sum(one.phases_s)) for one in levels]:
        assert float(renewal(levels).kept) <= before * (1 + 1e-9) + 1e-12


def test_draws_and_sizes_broadcast() -> None:
    rate, down = np.array([[1e-4], [1e-3]]), np.array([10.0, 100.0, 1000.0])
    zero = np.array(0.0)
    whole = renewal([Level(rate, np.array(300.0), np.array(5.0), zero, (zero, down, zero, zero))])
    assert whole.kept.shape == (2, 3)
    one = renewal([level(1e-3, 300.0, 5.0, 100.0)])
    assert float(whole.kept[1, 1]) == pytest.approx(float(one.kept))


def test_a_recovery_is_started_again_by_failures() -> None:
    levels = [level(1e-3, 100.0, 1.0, 50.0)]
    assert recovery_s(levels).sum() == pytest.approx(1000 * math.expm1(0.05))
    zero, five = np.array(0.0), np.array(5.0)
    noticed = [levels[0]._replace(phases_s=(five, np.array(45.0), zero, zero))]
    # Without detection the first try takes 45 s, every further one 50 s.
    fails = -math.expm1(-0.045)
    assert recovery_s(noticed, detected=True).sum() == pytest.approx(
        1000 * fails * (1 + math.expm1(0.05))
    )
