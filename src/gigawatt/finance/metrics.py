"""Figures by which a plan's money is judged: present value, multiples, payback, levelised cost, circularity.

All take monthly flows with the months last and any leading axes, by broadcasting; the rates of
return stand in `irr`. A flow is positive where money comes in. A figure that a flow does not have is
NaN, never a division by zero. What the flows are made of is not known here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gigawatt.core.arrays import Array
from gigawatt.core.errors import InputError, Problem
from gigawatt.finance.costs import present_value as npv
from gigawatt.finance.irr import Irr, irr, irr_of_draws, irr_or_none

__all__ = [
    "Circularity",
    "Irr",
    "PeakFunding",
    "circularity",
    "discounted_payback_month",
    "irr",
    "irr_of_draws",
    "irr_or_none",
    "levelised_cost",
    "moic",
    "npv",
    "payback_month",
    "peak_funding",
]

ROUNDING = 1e-12  # of all money that moved: a sum so near its goal is there


class PeakFunding(NamedTuple):
    """The most money that a flow ever needs, shapes (...).

    Attributes
    ----------
    usd : array
        How far the running sum falls below zero; 0 if it never does [USD].
    month : array
        First month index in which it is there; NaN if it is never below zero.
    """

    usd: Array
    month: Array


@dataclass(frozen=True, slots=True)
class Circularity:
    """How an investment comes back to the vendor that made it, as purchases.

    Attributes
    ----------
    returned_share : array, shape (..., T)
        Share of all invested so far that purchases have returned by the end of the month [1]; NaN
        before the first investment.
    full_month : array, shape (...)
        First month index from which to the end of the horizon all invested so far has come back; NaN
        if the horizon ends with money outstanding.
    weighted_lag_months : array, shape (...)
        Mean months from an invested dollar to the purchase dollar that returns it, first in, first
        out [month]; negative where purchases came first. Dollars that have not come back by the end
        of the horizon are left out, which makes it a lower bound while any are; NaN if none has.
    """

    returned_share: Array
    full_month: Array
    weighted_lag_months: Array


def moic(monthly_usd: Array) -> Array:
    """Multiple on invested capital: all money back over all money in.

    Parameters
    ----------
    monthly_usd : array, shape (..., T)
        Flow by month, net within a month [USD].

    Returns
    -------
    array, shape (...) [1]
        NaN where no money goes in.

    Examples
    --------
    >>> float(moic(np.array([-100.0, -100.0, 50.0, 450.0])))
    2.5
    """
    flow = np.asarray(monthly_usd, dtype=float)
    return _ratio(np.maximum(flow, 0.0).sum(axis=-1), np.maximum(-flow, 0.0).sum(axis=-1))


def peak_funding(monthly_usd: Array) -> PeakFunding:
    """The lowest running sum of a flow, as an amount to be funded, and its month.

    Parameters
    ----------
    monthly_usd : array, shape (..., T)
        Flow by month [USD].

    Returns
    -------
    PeakFunding

    Examples
    --------
    >>> peak = peak_funding(np.array([-100.0, 60.0, -80.0, 200.0]))
    >>> float(peak.usd), float(peak.month)
    (120.0, 2.0)
    """
    running = np.cumsum(monthly_usd, axis=-1)
    lowest = running.min(axis=-1)
    usd = np.where(lowest < 0.0, -lowest, np.where(np.isnan(lowest), np.nan, 0.0))
    return PeakFunding(usd, np.where(lowest < 0.0, running.argmin(axis=-1), np.nan))


def payback_month(monthly_usd: Array) -> Array:
    """First month in which the running sum is at zero or above, after it was lowest for the last time.

    Parameters
    ----------
    monthly_usd : array, shape (..., T)
        Flow by month [USD].

    Returns
    -------
    array, shape (...)
        Month index; 0 where the running sum is never below zero, NaN where it does not come back.

    Examples
    --------
    >>> float(payback_month(np.array([-100.0, 60.0, -80.0, 100.0, 20.0])))
    4.0
    """
    flow = np.asarray(monthly_usd, dtype=float)
    running = np.cumsum(flow, axis=-1)
    slack = ROUNDING * np.abs(flow).sum(axis=-1, keepdims=True)
    lowest = running.min(axis=-1, keepdims=True)
    at_lowest = (running <= lowest + slack) & (running < -slack)
    to_come = np.flip(np.logical_or.accumulate(np.flip(at_lowest, axis=-1), axis=-1), axis=-1)
    return _first((running >= -slack) & ~to_come)


def discounted_payback_month(monthly_usd: Array, annual_rate: ArrayLike) -> Array:
    """`payback_month` of the flow discounted to the first month.

    Parameters
    ----------
    monthly_usd : array, shape (..., T)
        Flow by month [USD].
    annual_rate : float or array, shape (...)
        Discount rate [1/year].

    Returns
    -------
    array, shape (...)
        Month index; NaN where the money does not come back with its interest.
    """
    flow = np.asarray(monthly_usd, dtype=float)
    years = np.arange(flow.shape[-1]) / 12.0
    return payback_month(flow / (1.0 + np.asarray(annual_rate, dtype=float)[..., None]) ** years)


def levelised_cost(
    monthly_cost_usd: Array, monthly_quantity: Array, annual_rate: ArrayLike
) -> Array:
    """Price per unit at which a quantity sold pays its cost: present cost over present quantity.

    Parameters
    ----------
    monthly_cost_usd : array, shape (..., T)
        Cost by month, positive [USD].
    monthly_quantity : array, shape (..., T)
        What is delivered in the month, in any unit.
    annual_rate : float or array, shape (...)
        Discount rate [1/year].

    Returns
    -------
    array, shape (...) [USD per unit]
        NaN where nothing is delivered.

    Examples
    --------
    >>> float(levelised_cost(np.array([900.0, 100.0]), np.array([0.0, 50.0]), 0.0))
    20.0
    """
    return _ratio(npv(monthly_cost_usd, annual_rate), npv(monthly_quantity, annual_rate))


def circularity(invested_usd: Array, purchases_usd: Array, *, ahead: bool = True) -> Circularity:
    """How a vendor's investments into a buyer come back as purchases from the vendor.

    Purchases count from the month of the first investment on. They return dollars in the order in
    which they were invested.

    Parameters
    ----------
    invested_usd, purchases_usd : array, shape (..., T)
        What the vendor invests and the buyer purchases by month, neither negative [USD].
    ahead : bool
        Whether purchases beyond all invested so far count toward what is invested later. If not, they
        count for nothing and every dollar comes back after it was invested or in the same month.

    Returns
    -------
    Circularity

    Raises
    ------
    InputError
        E804 where an amount is negative or not a finite number.

    Examples
    --------
    Ten in month 0 and ten in month 2; purchases of fifteen in month 1 and of five in month 5:

    >>> result = circularity(np.array([10.0, 0, 10, 0, 0, 0]), np.array([0.0, 15, 0, 0, 0, 5]))
    >>> result.returned_share
    array([0.  , 1.  , 0.75, 0.75, 0.75, 1.  ])
    >>> float(result.full_month), float(result.weighted_lag_months)
    (5.0, 1.0)
    """
    for name, amounts in (("invested", invested_usd), ("purchases", purchases_usd)):
        if not (np.isfinite(amounts) & (np.asarray(amounts) >= 0.0)).all():
            raise InputError(
                Problem(
                    "E804",
                    f"An amount of {name} is negative or not a number; zero and above are allowed.",
                    "Count what is sold or refunded as a flow of its own.",
                )
            )
    invested = np.cumsum(invested_usd, axis=-1)
    bought = np.cumsum(np.where(invested > 0.0, purchases_usd, 0.0), axis=-1)
    invested = np.broadcast_to(invested, bought.shape)
    if (
        not ahead
    ):  # the running sum of purchases, pressed under the investments whenever it passes them
        bought = bought + np.minimum.accumulate(np.minimum(invested - bought, 0.0), axis=-1)
    share = _ratio(np.minimum(bought, invested), invested)

    back = bought >= invested * (1.0 - ROUNDING)
    for_good = np.flip(np.logical_and.accumulate(np.flip(back, axis=-1), axis=-1), axis=-1)

    # First in, first out pairs the first dollars of both; a mean of differences is one of means.
    paired = np.minimum(bought[..., -1:], invested[..., -1:])
    months = np.arange(bought.shape[-1])
    pairs_in = np.diff(np.minimum(invested, paired), axis=-1, prepend=0.0)
    pairs_out = np.diff(np.minimum(bought, paired), axis=-1, prepend=0.0)
    lag = _ratio((pairs_out - pairs_in) @ months, paired[..., 0])
    return Circularity(share, _first(for_good & (invested > 0.0)), lag)


def _first(months: NDArray[np.bool_]) -> Array:
    """Index of the first month that is true, NaN where none is."""
    return np.where(months.any(axis=-1), months.argmax(axis=-1), np.nan)


def _ratio(numerator: Array, denominator: Array) -> Array:
    """Quotient, NaN where the denominator is zero."""
    safe = np.where(denominator == 0.0, np.nan, denominator)
    return np.asarray(numerator / safe)
