"""Lags, steps and arrivals, worked by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gigawatt.fleet.calendar import first_reached, later, spread_evenly, steps_to_curve


def test_a_lag_moves_a_stock_and_fills_with_what_was_before():
    stock = np.array([[1.0, 2.0, 5.0], [10.0, 20.0, 50.0]])
    assert later(stock, 1).tolist() == [[0, 1, 2], [0, 10, 20]]
    assert later(stock, 2, before=7.0).tolist() == [[7, 7, 1], [7, 7, 10]]
    assert later(stock, 9).tolist() == [[0, 0, 0], [0, 0, 0]]


def test_looking_ahead_holds_the_last_value():
    stock = np.array([1.0, 2.0, 5.0])
    assert later(stock, -1).tolist() == [2, 5, 5]
    assert later(stock, -9).tolist() == [5, 5, 5]


def test_each_row_can_have_its_own_lag_and_draws_broadcast():
    stock = np.array([[1.0, 2.0, 5.0], [10.0, 20.0, 50.0]])
    assert later(stock, np.array([1, -1])).tolist() == [[0, 1, 2], [20, 50, 50]]
    by_draw = later(stock, np.array([[0, 0], [1, 2]]))
    assert by_draw.shape == (2, 2, 3)
    assert by_draw[1].tolist() == [[0, 1, 2], [0, 0, 10]]


@given(st.integers(-6, 6), st.lists(st.floats(0, 1e6), min_size=1, max_size=6))
def test_a_scalar_lag_equals_the_same_lag_for_each_row(lag, values):
    stock = np.cumsum(np.array([values, values]), axis=-1)
    assert np.array_equal(later(stock, lag), later(stock, np.array([lag, lag])))


def test_steps_hold_until_the_next():
    assert steps_to_curve([3, 1], [8.0, 5.0], 5).tolist() == [0, 5, 5, 8, 8]
    assert steps_to_curve([-4, 2], [8.0, 9.0], 4).tolist() == [8, 8, 9, 9]


@given(st.integers(0, 10_000), st.integers(1, 12))
def test_a_quarter_is_spread_whole_and_completely(amount, length):
    parts = spread_evenly(float(amount), length)
    assert sum(parts) == amount
    assert len(parts) == length
    assert max(parts) - min(parts) <= 1
    assert all(part == int(part) for part in parts)


def test_levels_are_dated_by_the_first_month_that_reaches_them():
    curve = np.array([0.0, 0.5, 1.0, 1.0, 2.5])
    assert first_reached(curve, np.array([0.5, 1.0, 2.0, 3.0])).tolist() == [1, 2, 4, 5]


@pytest.mark.parametrize("lag", [0, 2])
def test_the_input_is_left_as_it_was(lag):
    stock = np.array([1.0, 2.0, 3.0])
    later(stock, lag)
    assert stock.tolist() == [1, 2, 3]
