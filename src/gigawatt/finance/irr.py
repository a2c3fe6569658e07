"""Internal rate of return of monthly flows: every rate at which the present value is zero.

A flow that changes its sign more than once can have several such rates, or none. For one flow all of
them are found and counted; for many draws at once the one is found that `irr` reports. Rates are per
year and lie between −99 % and 10,000 %. Whether a rate of return is the right figure to judge a plan
by is not known here: where there is more than one, the present value is.

Inside, a rate r is held as y = −ln(1 + r) / 12, so that month t weighs exp(y·t).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gigawatt.core.arrays import Array
from gigawatt.core.errors import InputError, Problem

__all__ = ["HIGHEST_RATE", "LOWEST_RATE", "Irr", "irr", "irr_of_draws", "irr_or_none"]

LOWEST_RATE, HIGHEST_RATE = -0.99, 100.0

Y_LOW, Y_HIGH = -np.log1p(HIGHEST_RATE) / 12.0, -np.log1p(LOWEST_RATE) / 12.0
SMALLEST_SHARE = 1e-12  # of the largest flow: what is less is what sums in floats leave behind
NOISE = 1e-13  # of the sum of all terms: a present value below is zero
GRID = np.r_[np.linspace(Y_LOW, 0.0, 129), np.linspace(0.0, Y_HIGH, 129)[1:]]
DRAWS_AT_ONCE = 2048  # so that the grid of values stays within some megabytes


@dataclass(frozen=True, slots=True)
class Irr:
    """Internal rate of return of one flow.

    Attributes
    ----------
    rate : float
        The root nearest zero [1/year]. Discount rates that anyone uses lie there, so it is the root
        next to which the present value of the plan turns.
    roots : tuple of float
        All rates between −99 % and 10,000 % at which the present value is zero, rising [1/year].
    unique : bool
        Whether there is one root only. If not, a rate above the root does not tell that the plan
        loses, nor one below it that it gains.
    """

    rate: float
    roots: tuple[float, ...]
    unique: bool


def irr(monthly_usd: Array) -> Irr:
    """Rate at which the present value of one flow is zero, and all others of them.

    Where only one root is possible, by the signs of the flow (Descartes) or of its running sum
    compounded at the lowest rate (Norstrøm), pyxirr finds it. Otherwise all are searched for: between
    two roots lies a turning point, and turning points are roots of a flow with one change of sign
    less. No grid is laid, so that roots are told apart however close, until rounding hides them.

    Parameters
    ----------
    monthly_usd : array, shape (T,)
        Flow by month [USD]. Amounts under 1e-12 of the largest count as zero.

    Returns
    -------
    Irr

    Raises
    ------
    InputError
        E801 where the flow never changes its sign, E802 where it has no root in the range, E803
        where an amount is not a finite number.

    References
    ----------
    C. J. Norstrøm, "A sufficient condition for a unique nonnegative internal rate of return",
    Journal of Financial and Quantitative Analysis 7(3), 1972.

    Examples
    --------
    >>> round(irr(np.array([-100.0] + [0.0] * 11 + [110.0])).rate, 9)
    0.1

    Money in, out and in again, a year apart, breaks even at 25 % and at 400 %:

    >>> flow = np.zeros(25)
    >>> flow[[0, 12, 24]] = -1600.0, 10000.0, -10000.0
    >>> [round(root, 6) for root in irr(flow).roots]
    [0.25, 4.0]
    """
    flow = np.asarray(monthly_usd, dtype=float)
    if flow.ndim != 1:
        raise ValueError(f"one flow has one axis, not {flow.ndim}; see irr_of_draws")
    if not np.isfinite(flow).all():
        month = int(np.flatnonzero(~np.isfinite(flow))[0])
        raise InputError(
            Problem(
                "E803",
                f"The flow of month {month} is {flow[month]}; it must be a finite number.",
                "Give every cost and every income of the plan a value.",
            )
        )
    flow = _significant(flow)
    if _sign_changes(flow) == 0:
        found = "zero" if not flow.any() else "income" if flow.max() > 0.0 else "spending"
        raise InputError(
            Problem(
                "E801",
                f"All flows are {found}; a rate of return needs money spent and money earned.",
                "Count both the spending and the income, or a horizon that reaches both.",
            )
        )
    compounded = np.cumsum(flow * np.exp(Y_HIGH * np.arange(flow.size)))
    only_one = 1 in (_sign_changes(flow), _sign_changes(compounded))
    found_y = (_only_root(flow) if only_one else None) or _all_roots(flow)
    if not found_y:
        raise InputError(
            Problem(
                "E802",
                "No rate between −99 % and 10,000 % a year brings the present value to zero.",
                "Judge the plan by its present value, or check the size of its flows.",
            )
        )
    roots = tuple(sorted(float(np.expm1(-12.0 * y)) for y in found_y))
    return Irr(min(roots, key=abs), roots, len(roots) == 1)


def irr_or_none(monthly_usd: Array) -> Irr | None:
    """`irr`, or nothing where the flow has none.

    Parameters
    ----------
    monthly_usd : array, shape (T,)
        Flow by month [USD].

    Returns
    -------
    Irr or None
    """
    try:
        return irr(monthly_usd)
    except InputError:
        return None


def irr_of_draws(monthly_usd: Array) -> Array:
    """`irr(…).rate` of many flows at once.

    Roots are looked for on a grid of rates 3.6 % apart and at the turning points between. Three and
    more roots within one step of the grid are taken for one; `irr` of that draw tells them apart.

    Parameters
    ----------
    monthly_usd : array, shape (..., T)
        Flow by month [USD].

    Returns
    -------
    array, shape (...) [1/year]
        NaN where there is no root, or an amount is not a finite number.

    Examples
    --------
    >>> irr_of_draws(np.array([[-100.0] + [0.0] * 11 + [110.0], [1.0] * 13])).round(9)
    array([0.1, nan])
    """
    flows = np.asarray(monthly_usd, dtype=float)
    lead, flows = flows.shape[:-1], flows.reshape(-1, flows.shape[-1])
    rates = np.full(flows.shape[0], np.nan)
    for start in range(0, flows.shape[0], DRAWS_AT_ONCE):
        part = flows[start : start + DRAWS_AT_ONCE]
        finite = np.flatnonzero(np.isfinite(part).all(axis=-1))
        part = _significant(part[finite])
        both = (part > 0.0).any(axis=-1) & (part < 0.0).any(axis=-1)
        rates[start + finite[both]] = _nearest_rates(part[both])
    return rates.reshape(lead)


def _significant(flows: Array) -> Array:
    """Flows as shares of the largest, what is too small to count set to zero."""
    largest = np.abs(flows).max(axis=-1, keepdims=True, initial=0.0)
    shares = flows / np.where(largest > 0.0, largest, 1.0)
    return np.where(np.abs(shares) < SMALLEST_SHARE, 0.0, shares)


def _sign_changes(flow: Array) -> int:
    """How often the sign changes, zeros left out: at most so many roots (Descartes)."""
    return int(np.count_nonzero(np.diff(np.sign(flow[flow != 0.0]))))


def _only_root(flow: Array) -> list[float] | None:
    """The root by pyxirr; none unless a step of Newton's would leave it where it is."""
    from pyxirr import irr as pyxirr_irr

    # pyxirr stops at a present value of 0.001 whatever the size of the flow, so the size is given.
    monthly_rate = pyxirr_irr(flow * 1e6, silent=True)
    if monthly_rate is None or not monthly_rate > -1.0:
        return None
    y = -float(np.log1p(monthly_rate))
    if not Y_LOW < y < Y_HIGH:
        return None
    month = np.arange(float(flow.size))
    terms = flow * np.exp(y * month)
    value, slope = float(terms.sum()), float(terms @ month)
    return [y] if abs(value) < 1e-12 * abs(slope) else None


def _all_roots(flow: Array) -> list[float]:
    """All roots of one flow, in rising y, by way of the turning points between them (Rolle).

    With s between two months whose flows differ in sign, exp(−s·y) times the present value has the
    same roots, and its slope is the present value of the flows (t − s)·flow[t]: one change less.
    """
    month = np.arange(float(flow.size))
    chain = [flow]
    while _sign_changes(chain[-1]):
        there = np.flatnonzero(chain[-1])
        changes = np.flatnonzero(np.diff(np.sign(chain[-1][there])))
        change = changes[changes.size // 2]
        steeper = chain[-1] * (month - (there[change] + there[change + 1]) / 2.0)
        chain.append(steeper / np.abs(steeper).max())
    roots = np.empty(0)
    for link in reversed(chain):
        edges = np.r_[Y_LOW, roots, Y_HIGH]
        terms = link * _weights(edges, flow.size)
        value = terms.sum(axis=-1)
        sign = np.where(np.abs(value) <= NOISE * np.abs(terms).sum(axis=-1), 0.0, np.sign(value))
        crossed = sign[:-1] * sign[1:] < 0.0
        between = _refine(link, edges[:-1][crossed], edges[1:][crossed], sign[:-1][crossed] > 0.0)
        roots = np.sort(np.r_[between, edges[1:-1][sign[1:-1] == 0.0]])
    return [float(root) for root in roots]


def _nearest_rates(flows: Array) -> Array:
    """The root nearest zero of each of the flows, shape (P, T), as an annual rate."""
    month = np.arange(float(flows.shape[-1]))
    powers = np.exp(month[:, None] * GRID)
    above = flows @ powers >= 0.0
    rising = (flows * month) @ powers >= 0.0
    crossed = above[:, :-1] != above[:, 1:]
    toward = (above[:, :-1] != rising[:, :-1]) & (above[:, 1:] == rising[:, 1:])
    draw, cell = np.nonzero(crossed)
    low, high, up = GRID[cell], GRID[cell + 1], above[draw, cell]

    # Where the value turns back toward where it came from, it may have crossed zero twice.
    dip, at = np.nonzero(toward & ~crossed)
    side = above[dip, at]
    turn = _refine(flows[dip] * month, GRID[at], GRID[at + 1], ~side)
    terms = flows[dip] * _weights(turn, month.size)
    value = terms.sum(axis=-1)
    touch = np.abs(value) <= NOISE * np.abs(terms).sum(axis=-1)
    twice = ~touch & ((value >= 0.0) != side)
    draw = np.r_[draw, dip[twice], dip[twice]]
    low, high = (
        np.r_[low, GRID[at][twice], turn[twice]],
        np.r_[high, turn[twice], GRID[at + 1][twice]],
    )
    up = np.r_[up, side[twice], ~side[twice]]

    owner = np.r_[draw, dip[touch]]
    roots = np.expm1(-12.0 * np.r_[_refine(flows[draw], low, high, up), turn[touch]])
    order = np.lexsort((np.abs(roots), owner))
    first, where = np.unique(owner[order], return_index=True)
    rates = np.full(flows.shape[0], np.nan)
    rates[first] = roots[order][where]
    return rates


def _refine(flows: Array, low: Array, high: Array, low_above: NDArray[np.bool_]) -> Array:
    """The root in each of P brackets: Newton's steps, or halving where they do not close in.

    `flows` has the shape (T,) or (P, T); `low_above` tells where the value at `low` counts as above
    zero, so that a value that is zero there but for rounding is on the side the caller took it for.
    """
    month = np.arange(float(flows.shape[-1]))
    flows = np.broadcast_to(flows, (low.size, flows.shape[-1]))
    y, open_ = (low + high) / 2.0, np.arange(low.size)
    low, high, last = low.copy(), high.copy(), high - low
    for _ in range(200):
        if not open_.size:
            break
        here = y[open_]
        terms = flows[open_] * _weights(here, month.size)
        value, slope = terms.sum(axis=-1), terms @ month
        before = (value >= 0.0) == low_above[open_]
        low[open_] = np.where(before, here, low[open_])
        high[open_] = np.where(before, high[open_], here)
        left, right = low[open_], high[open_]
        step = np.divide(value, slope, out=np.full_like(value, np.inf), where=slope != 0.0)
        close = np.abs(step) < 1e-11
        inside = (here - step >= left) & (here - step <= right)
        newton = close | (inside & (np.abs(step) < 0.5 * last[open_]))
        y[open_] = np.where(newton, here - np.where(newton, step, 0.0), (left + right) / 2.0)
        last[open_] = np.where(newton, np.abs(step), (right - left) / 2.0)
        open_ = open_[~close & (right - left > 1e-15)]
    return y


def _weights(y: Array, months: int) -> Array:
    """exp(y·t) of P roots and all months, shape (P, T): by years and months, to save exponentials."""
    years = np.exp(y[:, None] * np.arange(0.0, months, 12.0))
    within = np.exp(y[:, None] * np.arange(12.0))
    return (years[:, :, None] * within[:, None, :]).reshape(y.size, years.shape[1] * 12)[:, :months]
