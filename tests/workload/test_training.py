"""When a run could be finished: hand-worked."""

import numpy as np
import pytest

from gigawatt.perf.assumed import sustained_rate, training_compute
from gigawatt.workload.training import finish_month, flop_by_month


def test_compute_is_six_times_parameters_times_tokens():
    assert training_compute(1e9, 20e9) == 1.2e20


def test_sustained_rate_is_peak_times_utilisation():
    rate = sustained_rate(
        np.array([2e15, 1e15]), np.array([0.2, 0.1]), np.array([0.4, 0.3]), np.array([0.5, 0.4])
    )
    assert rate.low.tolist() == [4e14, 1e14]
    assert rate.central.tolist() == [8e14, 3e14]
    assert rate.high.tolist() == [1e15, 4e14]


def test_flop_of_a_month_is_the_rate_times_its_seconds():
    done = flop_by_month(np.array([50e15, 60e15]), np.array([720.0, 744.0]), 0)
    assert done == pytest.approx([50e15 * 720 * 3600, 60e15 * 744 * 3600])


def test_nothing_is_done_before_the_earliest_month():
    done = flop_by_month(np.ones((1, 4)), np.ones(4), 2)
    assert done[0].tolist() == [0.0, 0.0, 3600.0, 3600.0]


def test_a_run_finishes_in_the_month_that_reaches_its_budget():
    done = np.array([[1.0, 1.0, 1.0], [0.0, 0.5, 0.5]])
    assert finish_month(done, 2.0)[0] == 1.0
    assert np.isnan(finish_month(done, 2.0)[1])
    assert finish_month(done, 0.5).tolist() == [0.0, 1.0]
