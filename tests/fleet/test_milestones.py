"""Deployed gigawatts and when each is reached."""

import numpy as np
import pytest

from gigawatt.fleet.milestones import deployed_gw, gigawatt_months, whole_steps


def test_refreshing_a_site_neither_undoes_nor_repeats_a_gigawatt():
    stock = np.array([[500.0, 1000.0, 300.0, 1000.0], [0.0, 0.0, 400.0, 400.0]])
    assert deployed_gw(stock).sum(axis=0).tolist() == [0.5, 1.0, 1.4, 1.4]


@pytest.mark.parametrize(
    ("power_gw", "whole"), [(0.0, 0), (0.99499, 0), (0.995, 1), (1.99, 2), (9.95, 10), (9.949, 9)]
)
def test_a_gigawatt_may_lack_half_a_percent(power_gw, whole):
    assert whole_steps(power_gw) == whole


def test_gigawatts_are_dated_by_the_first_month_that_reaches_them():
    curve = np.array([0.2, 0.995, 0.996, 3.0])
    assert gigawatt_months(curve, 4).tolist() == [1, 3, 3, 4]


def test_steps_smaller_than_a_gigawatt():
    assert gigawatt_months(np.array([0.1, 0.25, 0.3]), 3, step_gw=0.1).tolist() == [0, 1, 2]


@pytest.mark.parametrize("gw", [0.3, 0.9951, 1.0, 2.99, 7.0])
def test_counting_and_dating_agree(gw):
    curve = np.array([0.0, gw])
    assert (gigawatt_months(curve, 10) < 2).sum() == whole_steps(gw)
