"""What the build costs, when it is spent, and what each gigawatt of it costs.

Spending is booked when racks are delivered and when power is energised; payment terms come with the
instruments of finance. Energy and partners' capacity are operating costs and stand apart: they are
paid from income, not by the money that builds.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from gigawatt.core.arrays import Array
from gigawatt.fleet.milestones import TOLERANCE

__all__ = ["cost_by_gigawatt", "growth_spend", "present_value", "rack_spend", "steps_spend"]


def rack_spend(delivered: Array, price_usd: Array, beside_share: Array) -> Array:
    """Spend on racks with their network and storage.

    Parameters
    ----------
    delivered : array, shape (..., K, T)
        Racks delivered since the start [rack].
    price_usd : array, shape (..., K, T)
        Price of a rack by month of delivery [USD/rack].
    beside_share : array, shape (..., K)
        Network, storage and installation per price of the racks [1].

    Returns
    -------
    array, shape (..., K, T) [USD]
    """
    arriving = np.diff(delivered, axis=-1, prepend=0.0)
    return arriving * price_usd * (1.0 + beside_share)[..., None]


def steps_spend(power_mw: Array, usd_per_mw: Array, already_paid_mw: Array) -> Array:
    """Spend on land, shell, power and cooling: each step of a ramp when it is energised.

    Parameters
    ----------
    power_mw : array, shape (..., S, T)
        Energised power, cumulative [MW].
    usd_per_mw : array, shape (..., S)
        Cost on the same basis [USD/MW].
    already_paid_mw : array, shape (..., S)
        Power whose cost was paid before the horizon [MW].

    Returns
    -------
    array, shape (..., S, T) [USD]
    """
    to_pay = np.maximum(power_mw - already_paid_mw[..., None], 0.0)
    return np.diff(to_pay, axis=-1, prepend=0.0) * usd_per_mw[..., None]


def cost_by_gigawatt(
    deployed_gw: Array, standing_gw: Array, growth_usd: Array, count: int
) -> Array:
    """Cost of each whole gigawatt, in the order in which it was deployed.

    Power that stood before the horizon has no cost. A gigawatt short of its last racks, within the
    tolerance, is scaled to a whole one; one that is begun and not finished has no cost here.

    Parameters
    ----------
    deployed_gw : array, shape (..., S, T)
        Gigawatts deployed by site, non-decreasing [GW].
    standing_gw : array, shape (..., S)
        Gigawatts that stood before the first month [GW].
    growth_usd : array, shape (..., S, T)
        Cost of what the month adds to the deployed gigawatts [USD].
    count : int
        How many gigawatts.

    Returns
    -------
    array, shape (..., count) [USD]
        NaN for gigawatts that are not reached.

    Examples
    --------
    Half a gigawatt for 20 billion, then half a gigawatt for 30 billion:

    >>> cost_by_gigawatt(np.array([[0.5, 1.0]]), np.zeros(1), np.array([[20e9, 30e9]]), 1)
    array([5.e+10])
    """
    total_gw, start_gw = deployed_gw.sum(axis=-2), standing_gw.sum(axis=-1)
    spent_usd = np.cumsum(growth_usd.sum(axis=-2), axis=-1)
    lead = np.broadcast_shapes(total_gw.shape[:-1], start_gw.shape, spent_usd.shape[:-1])
    levels = np.arange(count + 1, dtype=float)
    cost = np.full((*lead, count), np.nan)
    for draw in np.ndindex(lead):
        gw = np.broadcast_to(total_gw, (*lead, total_gw.shape[-1]))[draw]
        usd = np.broadcast_to(spent_usd, (*lead, spent_usd.shape[-1]))[draw]
        start = float(np.broadcast_to(start_gw, lead)[draw])
        at_levels = np.interp(levels, np.r_[start, gw], np.r_[0.0, usd], left=0.0)
        share = np.diff(np.minimum(levels, gw[-1]))
        complete = levels[1:] * (1.0 - TOLERANCE) <= gw[-1] + 1e-12
        whole = np.diff(at_levels) / np.where(share > 0.0, share, 1.0)
        cost[draw] = np.where(complete, whole, np.nan)
    return cost


def growth_spend(growth_mw: Array, starting_mw: Array, racks_usd: Array, halls_usd: Array) -> Array:
    """Cost of what each month adds at each site: its share of the racks that start, and its halls.

    Parameters
    ----------
    growth_mw, starting_mw : array, shape (..., S, T)
        What the month adds to the power deployed, and all power that starts in it, replacements of
        retired racks included [MW].
    racks_usd : array, shape (..., S, T)
        Cost of all racks that start in the month [USD].
    halls_usd : array, shape (..., S, T)
        Cost of the halls of what is added [USD].

    Returns
    -------
    array, shape (..., S, T) [USD]
    """
    share = np.divide(growth_mw, starting_mw, out=np.zeros_like(racks_usd), where=starting_mw > 0.0)
    return racks_usd * np.minimum(share, 1.0) + halls_usd


def present_value(monthly_usd: Array, annual_rate: ArrayLike) -> Array:
    """Value at the first month of a monthly flow: Σ flow[t] / (1 + rate)^(t/12).

    Parameters
    ----------
    monthly_usd : array, shape (..., T)
        Flow by month [USD].
    annual_rate : float or array, shape (...)
        Discount rate [1/year].

    Returns
    -------
    array, shape (...) [USD]

    Examples
    --------
    >>> round(float(present_value(np.array([0.0] * 12 + [110.0]), 0.10)), 6)
    100.0
    """
    months = np.arange(monthly_usd.shape[-1])
    factor = (1.0 + np.asarray(annual_rate)[..., None]) ** (months / 12.0)
    return np.asarray((monthly_usd / factor).sum(axis=-1))
