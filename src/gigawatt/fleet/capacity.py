"""What a number of racks is worth: power on three bases, packages, FLOP/s, memory, energy.

IT power is what chips, servers, network and storage draw; facility power adds cooling and losses;
grid power adds what the connection holds in reserve. `pue` is facility per IT and `overhead` grid
per IT, both at peak, because nameplate power is what is contracted; energy uses the annual average.
"""

from __future__ import annotations

from gigawatt.core.arrays import Array

__all__ = ["basis_ratio", "energy_mwh", "rack_it_mw"]

SECONDS_PER_HOUR = 3600.0


def rack_it_mw(rack_power_mw: Array, it_power_factor: Array) -> Array:
    """IT power of a rack with its share of network, storage and CPU nodes [MW].

    Examples
    --------
    >>> import numpy as np
    >>> round(float(rack_it_mw(np.array(0.21), np.array(1.15))), 6)
    0.2415
    """
    return rack_power_mw * it_power_factor


def basis_ratio(basis: str, pue: Array | float, overhead: Array | float) -> Array | float:
    """Power on a basis per IT power [1].

    Parameters
    ----------
    basis : str
        it, facility or grid.
    pue, overhead : array or float
        Facility and grid power per IT power at peak.

    Raises
    ------
    KeyError
        If the basis is none of the three.
    """
    ratios: dict[str, Array | float] = {"it": 1.0, "facility": pue, "grid": overhead}
    return ratios[basis]


def energy_mwh(it_mw: Array, hours: Array, load_factor: Array, energy_pue: Array) -> Array:
    """Energy drawn in each month.

    Parameters
    ----------
    it_mw : array, shape (..., S, T)
        Nameplate IT power in service [MW].
    hours : array, shape (T,)
        Hours in each month [h].
    load_factor, energy_pue : array, shape (..., S)
        Average draw per nameplate [1], annual facility per IT energy [1].

    Returns
    -------
    array, shape (..., S, T) [MWh]

    Examples
    --------
    100 MW in a month of 720 hours at 85 % load and a PUE of 1.2:

    >>> import numpy as np
    >>> load, pue = np.array([0.85]), np.array([1.2])
    >>> float(energy_mwh(np.array([[100.0]]), np.array([720.0]), load, pue)[0, 0])
    73440.0
    """
    return it_mw * hours * (load_factor * energy_pue)[..., None]
