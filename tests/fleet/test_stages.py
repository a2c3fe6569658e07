"""Racks through their stages, worked by hand."""

import numpy as np

from gigawatt.fleet.stages import Lags, stages_of


def lags(order=0, install=0, commission=0, service=0):
    return Lags(*(np.array([months]) for months in (order, install, commission, service)))


def follow(shipped, lag, life=99, standing=0.0, retire=99):
    return stages_of(
        np.array([[shipped]], dtype=float), lag, np.array([[life]]),
        np.array([[standing]]), np.array([[retire]]),
    )  # fmt: skip


def test_every_stage_follows_the_one_before_by_its_lag():
    stages = follow([4, 2, 0, 0, 0, 0], lags(order=1, install=1, commission=2, service=1))
    assert stages.ordered[0, 0].tolist() == [6, 6, 6, 6, 6, 6]
    assert stages.delivered[0, 0].tolist() == [4, 6, 6, 6, 6, 6]
    assert stages.installed[0, 0].tolist() == [0, 4, 6, 6, 6, 6]
    assert stages.commissioned[0, 0].tolist() == [0, 0, 0, 4, 6, 6]
    assert stages.started[0, 0].tolist() == [0, 0, 0, 0, 4, 6]
    assert stages.in_service[0, 0].tolist() == [0, 0, 0, 0, 4, 6]


def test_racks_retire_after_their_life_in_service():
    stages = follow([4, 2, 0, 0, 0], lags(install=1), life=2)
    assert stages.retired[0, 0].tolist() == [0, 0, 0, 4, 6]
    assert stages.in_service[0, 0].tolist() == [0, 4, 6, 2, 0]
    assert stages.powered[0, 0].tolist() == [0, 4, 6, 2, 0]


def test_standing_racks_serve_until_they_retire_and_were_never_ordered_here():
    stages = follow([0, 1, 0], lags(), standing=5.0, retire=2)
    assert stages.in_service[0, 0].tolist() == [5, 6, 1]
    assert stages.ordered[0, 0].tolist() == [0, 1, 1]
    assert stages.delivered[0, 0].tolist() == [5, 6, 6]


def test_standing_at_a_stage_leaves_out_the_retired():
    stages = follow([4, 0, 0, 0], lags(install=1, commission=1), life=1)
    assert stages.standing("delivered")[0, 0].tolist() == [4, 4, 4, 0]
    assert stages.standing("commissioned")[0, 0].tolist() == [0, 0, 4, 0]
