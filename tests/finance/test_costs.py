"""Spend, cost by gigawatt, present value: worked by hand."""

import numpy as np
import pytest

from gigawatt.finance.costs import cost_by_gigawatt, present_value, rack_spend, steps_spend


def test_racks_are_paid_when_they_arrive_with_their_network():
    spend = rack_spend(np.array([[100.0, 100.0, 160.0]]), np.array([7.8e6]), np.array([0.125]))
    assert spend[0] == pytest.approx([877.5e6, 0.0, 526.5e6])


def test_each_step_of_a_ramp_is_paid_once_and_what_was_paid_before_is_not():
    spend = steps_spend(np.array([[100.0, 100.0, 250.0]]), np.array([15e6]), np.array([40.0]))
    assert spend[0] == pytest.approx([60 * 15e6, 0.0, 150 * 15e6])
    nothing = steps_spend(np.array([[100.0, 250.0]]), np.array([15e6]), np.array([999.0]))
    assert nothing[0].tolist() == [0.0, 0.0]


def test_a_gigawatt_costs_what_its_own_power_cost():
    deployed = np.array([[0.5, 1.5, 2.0]])
    cost = cost_by_gigawatt(
        deployed, np.array([[500.0, 1000.0, 500.0]]), np.array([[20e9, 50e9, 30e9]]), 2
    )
    assert cost == pytest.approx([20e9 + 25e9, 25e9 + 30e9])


def test_replacing_retired_racks_is_no_cost_of_a_gigawatt():
    deployed = np.array([[1.0, 1.0, 2.0]])
    started = np.array([[1000.0, 1000.0, 1000.0]])
    assert cost_by_gigawatt(deployed, started, np.array([[50e9, 70e9, 60e9]]), 2) == pytest.approx(
        [50e9, 60e9]
    )


def test_two_sites_that_start_in_one_month_keep_their_own_cost():
    deployed = np.array([[0.5, 0.5], [0.0, 0.5]])
    started = np.array(
        [[500.0, 500.0], [0.0, 500.0]]
    )  # the first site refreshes in the second month
    usd = np.array([[25e9, 40e9], [0.0, 20e9]])
    assert cost_by_gigawatt(deployed, started, usd, 1) == pytest.approx([45e9])


def test_an_unfinished_gigawatt_has_no_cost_and_one_within_the_tolerance_is_whole():
    deployed = np.array([[0.996, 1.5]])
    cost = cost_by_gigawatt(deployed, np.array([[996.0, 504.0]]), np.array([[49.8e9, 25.2e9]]), 2)
    assert cost[0] == pytest.approx(50e9)
    assert np.isnan(cost[1])
    short = cost_by_gigawatt(np.array([[0.996]]), np.array([[996.0]]), np.array([[49.8e9]]), 1)
    assert short == pytest.approx([50e9])


def test_power_that_stood_before_has_no_cost():
    cost = cost_by_gigawatt(
        np.array([[1.0, 2.0]]), np.array([[0.0, 1000.0]]), np.array([[0.0, 50e9]]), 2
    )
    assert cost == pytest.approx([0.0, 50e9])


def test_present_value_discounts_by_the_month():
    flow = np.zeros(25)
    flow[[0, 12, 24]] = [100.0, 110.0, 121.0]
    assert present_value(flow, 0.10) == pytest.approx(300.0)
    assert present_value(flow, 0.0) == pytest.approx(331.0)
