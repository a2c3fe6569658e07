"""Power on its three bases, and energy."""

import numpy as np
import pytest

from gigawatt.fleet.capacity import basis_ratio, energy_mwh, rack_it_mw


def test_a_rack_draws_more_than_its_nameplate_with_its_network_and_storage():
    assert rack_it_mw(np.array([0.21, 0.6]), np.array([1.15, 1.0])) == pytest.approx([0.2415, 0.6])


def test_bases_are_kept_apart():
    assert [basis_ratio(b, 1.3, 1.42) for b in ("it", "facility", "grid")] == [1.0, 1.3, 1.42]
    with pytest.raises(KeyError):
        basis_ratio("nameplate", 1.3, 1.42)


def test_energy_uses_the_load_and_the_annual_pue():
    drawn = energy_mwh(
        np.array([[10.0, 20.0]]), np.array([720.0, 744.0]), np.array([0.5]), np.array([1.2])
    )
    assert drawn[0] == pytest.approx([4320.0, 8928.0])
