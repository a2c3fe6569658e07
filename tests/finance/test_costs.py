"""Spend, cost by gigawatt, present value: worked by hand."""

import numpy as np
import pytest

from gigawatt.finance.costs import (
    cost_by_gigawatt,
    growth_spend,
    present_value,
    rack_spend,
    steps_spend,
)


def test_racks_are_paid_when_they_arrive_with_their_network():
    spend = rack_spend(
        np.array([[100.0, 100.0, 160.0]]), np.array([[7.8e6, 7.8e6, 7e6]]), np.array([0.125])
    )
    assert spend[0] == pytest.approx([877.5e6, 0.0, 60 * 7e6 * 1.125])


def test_each_step_of_a_ramp_is_paid_once_and_what_was_paid_before_is_not():
    spend = steps_spend(np.array([[100.0, 100.0, 250.0]]), np.array([15e6]), np.array([40.0]))
    assert spend[0] == pytest.approx([60 * 15e6, 0.0, 150 * 15e6])
    nothing = steps_spend(np.array([[100.0, 250.0]]), np.array([15e6]), np.array([999.0]))
    assert nothing[0].tolist() == [0.0, 0.0]


NONE = np.zeros(1)


def test_a_gigawatt_costs_what_its_own_power_cost():
    deployed = np.array([[0.5, 1.5, 2.0]])
    cost = cost_by_gigawatt(deployed, NONE, np.array([[20e9, 50e9, 30e9]]), 2)
    assert cost == pytest.approx([20e9 + 25e9, 25e9 + 30e9])


def test_sites_add_up():
    deployed = np.array([[0.5, 0.5], [0.0, 0.5]])
    usd = np.array([[25e9, 0.0], [0.0, 20e9]])
    assert cost_by_gigawatt(deployed, np.zeros(2), usd, 1) == pytest.approx([45e9])


def test_only_the_growth_of_what_starts_is_a_cost_of_gigawatts():
    growth = np.array([[500.0, 0.0, 250.0]])
    starting = np.array([[500.0, 400.0, 500.0]])  # the second month replaces, the third does half
    usd = growth_spend(
        growth, starting, np.array([[20e9, 16e9, 30e9]]), np.array([[5e9, 0.0, 1e9]])
    )
    assert usd[0] == pytest.approx([25e9, 0.0, 16e9])


def test_a_month_that_starts_nothing_still_pays_its_halls():
    usd = growth_spend(np.zeros((1, 1)), np.zeros((1, 1)), np.zeros((1, 1)), np.full((1, 1), 3.0))
    assert usd.tolist() == [[3.0]]


def test_an_unfinished_gigawatt_has_no_cost_and_one_within_the_tolerance_is_whole():
    deployed = np.array([[0.996, 1.5]])
    cost = cost_by_gigawatt(deployed, NONE, np.array([[49.8e9, 25.2e9]]), 2)
    assert cost[0] == pytest.approx(50e9)
    assert np.isnan(cost[1])
    short = cost_by_gigawatt(np.array([[0.996]]), NONE, np.array([[49.8e9]]), 1)
    assert short == pytest.approx([50e9])


def test_power_that_stood_before_has_no_cost():
    half = cost_by_gigawatt(np.array([[1.0]]), np.array([0.5]), np.array([[25e9]]), 1)
    assert half == pytest.approx([25e9])
    whole = cost_by_gigawatt(np.array([[1.0, 2.0]]), np.array([1.0]), np.array([[0.0, 50e9]]), 2)
    assert whole == pytest.approx([0.0, 50e9])


def test_costs_broadcast_over_draws():
    deployed = np.array([[[0.5, 1.0]], [[1.0, 1.0]]])
    usd = np.array([[[20e9, 30e9]], [[40e9, 0.0]]])
    assert cost_by_gigawatt(deployed, NONE, usd, 1)[:, 0] == pytest.approx([50e9, 40e9])
    values = present_value(np.ones((2, 13)), np.array([0.0, 0.1]))
    assert values[0] == 13.0
    assert values[1] < 13.0


def test_present_value_discounts_by_the_month():
    flow = np.zeros(25)
    flow[[0, 12, 24]] = [100.0, 110.0, 121.0]
    assert present_value(flow, 0.10) == pytest.approx(300.0)
    assert present_value(flow, 0.0) == pytest.approx(331.0)
