"""What the build costs, when it is spent, and what each gigawatt of it costs.

Spending is booked when racks are delivered and when power is energised; payment terms come with the
instruments of finance. Energy and partners' capacity are operating costs and stand apart: they are
paid from income, not by the money that builds.
"""

from __future__ import annotations

import numpy as np

from gigawatt.core.arrays import Array
from gigawatt.fleet.milestones import TOLERANCE

__all__ = ["cost_by_gigawatt", "present_value", "rack_spend", "steps_spend"]


def rack_spend(delivered: Array, price_usd: Array, network_share: Array) -> Array:
    """Spend on racks with their network and storage.

    Parameters
    ----------
    delivered : array, shape (..., K, T)
        Racks delivered since the start [rack].
    price_usd, network_share : array, shape (..., K)
        Price of a rack [USD/rack]; network and storage per price of the racks [1].

    Returns
    -------
    array, shape (..., K, T) [USD]
    """
    arriving = np.diff(delivered, axis=-1, prepend=0.0)
    return arriving * (price_usd * (1.0 + network_share))[..., None]


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
    deployed_gw: Array, starting_mw: Array, starting_usd: Array, count: int
) -> Array:
    """Cost of each whole gigawatt, in the order in which it was deployed.

    At each site the cost of what starts in a month is spread over the power that starts, and only the
    growth of what is deployed there is counted, so that replacing retired racks is left out. Power
    that stood before the horizon has no cost. A gigawatt short of its last racks, within the
    tolerance, is scaled to a whole one; one that is begun and not finished has no cost here.

    Parameters
    ----------
    deployed_gw : array, shape (S, T)
        Gigawatts deployed by site, non-decreasing [GW].
    starting_mw, starting_usd : array, shape (S, T)
        Power that starts in the month, on the same basis [MW], and what it cost [USD].
    count : int
        How many gigawatts.

    Returns
    -------
    array, shape (count,) [USD]
        NaN for gigawatts that are not reached.

    Examples
    --------
    Half a gigawatt for 20 billion, then half a gigawatt for 30 billion:

    >>> cost_by_gigawatt(np.array([[0.5, 1.0]]), np.array([[500.0, 500.0]]),
    ...                  np.array([[20e9, 30e9]]), 1)
    array([5.e+10])
    """
    growth_gw = np.diff(deployed_gw, axis=-1, prepend=0.0)
    usd_per_gw = np.divide(
        starting_usd, starting_mw / 1000.0, out=np.zeros_like(starting_usd), where=starting_mw > 0.0
    )
    spent_usd = np.concatenate([[0.0], np.cumsum((growth_gw * usd_per_gw).sum(axis=0))])
    at_gw = np.concatenate([[0.0], deployed_gw.sum(axis=0)])
    levels = np.arange(count + 1, dtype=float)
    cost = np.diff(np.interp(levels, at_gw, spent_usd))
    share = np.diff(np.minimum(levels, at_gw[-1]))
    complete = levels[1:] * (1.0 - TOLERANCE) <= at_gw[-1] + 1e-12
    return np.where(complete, cost / np.where(share > 0.0, share, 1.0), np.nan)


def present_value(monthly_usd: Array, annual_rate: float) -> Array:
    """Value at the first month of a monthly flow: Σ flow[t] / (1 + rate)^(t/12).

    Parameters
    ----------
    monthly_usd : array, shape (..., T)
        Flow by month [USD].
    annual_rate : float
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
    return np.asarray((monthly_usd / (1.0 + annual_rate) ** (months / 12.0)).sum(axis=-1))
