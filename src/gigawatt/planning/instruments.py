"""Terms of instruments as facts of the books: figures by key, flags by month, and where each was said."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from gigawatt.core.arrays import Array
from gigawatt.core.months import Month
from gigawatt.fleet.calendar import first_reached, steps_to_curve
from gigawatt.fleet.milestones import TOLERANCE
from gigawatt.scenario import Scenario
from gigawatt.scenario.instruments import (
    ChipLease,
    Prepayment,
    Revolver,
    TermLoan,
    Warrants,
)

from .inputs import Inputs
from .money import Tranches, paid_by_month

__all__ = ["instrument_facts", "vesting_months"]

Found = dict[str, dict[str, Array]]
Paths = dict[str, dict[str, str]]

_TERMS = {
    TermLoan: ("loan", ("limit", "advance_rate", "margin", "undrawn_fee", "upfront_fee", "sizing")),
    ChipLease: ("lease", ("limit", "share", "rate", "residual", "equity_share", "debt_rate")),
    Revolver: ("revolver", ("limit", "margin", "undrawn_fee")),
}


def instrument_facts(
    scenario: Scenario,
    inputs: Inputs,
    opened: Mapping[str, int],
    tranches: Tranches,
    counted: Mapping[str, Array],
) -> tuple[Found, Paths]:
    """Terms, and flags and amounts by month.

    Parameters
    ----------
    opened : mapping of str to int
        Month index from which the conditions of each instrument hold.
    tranches : dict of str to list of Tranche
        Equity and prepayments by instrument, exact to the cent.
    counted : mapping of str to array, shape (T,)
        Gigawatts as instruments count them [GW].
    """
    months, horizon = np.arange(inputs.horizon.months), inputs.horizon
    paid = paid_by_month(tranches, horizon.months)
    found: Found = {"paid_in": {key: paid[:, at] for at, key in enumerate(tranches)}}
    paths: Paths = {}
    money = scenario.spec.money
    found["opening_cash"] = {"": np.array(money.opening_cash)}
    found["least_cash"] = {"": np.array(money.least_cash)}
    if money.sponsor is not None:
        found["sponsor_limit"] = {"": np.array(money.sponsor)}

    def offset(month: Month | None, otherwise: int) -> int:
        return otherwise if month is None else horizon.offset(month)

    for key, instrument in scenario.spec.investment.items():
        last = offset(getattr(instrument, "until", None), horizon.months)
        first = max(opened[key], offset(getattr(instrument, "available", None), 0))
        if isinstance(instrument, (TermLoan, ChipLease, Revolver)):
            prefix, names = _TERMS[type(instrument)]
            for name in names:
                if (value := getattr(instrument, name)) is not None:
                    found.setdefault(f"{prefix}_{name}", {})[key] = np.array(value)
                    paths.setdefault(f"{prefix}_{name}", {})[key] = f"investment.{key}.{name}"
            found.setdefault("open", {})[key] = ((months >= first) & (months <= last)).astype(float)
        if isinstance(instrument, TermLoan):
            begins = offset(instrument.available, 0)
            committed = (months >= begins) & (months <= last)
            found.setdefault("committed", {})[key] = committed.astype(float)
            found.setdefault("first_available", {})[key] = (months == max(begins, 0)).astype(float)
            found.setdefault("loan_end", {})[key] = np.array(float(last))
        elif isinstance(instrument, Prepayment):
            found.setdefault("set_off", {})[key] = np.array(instrument.set_off)
            paths.setdefault("set_off", {})[key] = f"investment.{key}.set_off"
        elif isinstance(instrument, Warrants):
            shares = np.zeros(horizon.months)
            for tranche, month in vesting_months(
                instrument, counted[f"investment.{key}"], inputs, opened[key]
            ).items():
                if month is not None:
                    shares[month] += instrument.tranches[tranche].shares
            found.setdefault("shares_vesting", {})[key] = shares
            found.setdefault("share_price", {})[key] = _share_price(instrument, inputs)
            found.setdefault("strike", {})[key] = np.array(instrument.strike)
            paths.setdefault("strike", {})[key] = f"investment.{key}.strike"
    return found, paths


def vesting_months(
    warrants: Warrants, counted_gw: Array, inputs: Inputs, opened: int
) -> dict[str, int | None]:
    """Month index in which each tranche vests: gigawatts, share price and conditions all there."""
    price = _share_price(warrants, inputs)
    last = inputs.horizon.months - 1
    if warrants.until is not None:
        last = min(last, inputs.horizon.offset(warrants.until))
    found: dict[str, int | None] = {}
    for key, tranche in warrants.tranches.items():
        level = np.array([tranche.capacity / 1000.0 * (1.0 - TOLERANCE)])
        built = int(first_reached(counted_gw, level)[0])
        high = np.flatnonzero(np.maximum.accumulate(price) >= tranche.share_price)
        month = max(built, int(high[0]) if len(high) else inputs.horizon.months, opened)
        found[key] = month if month <= last else None
    return found


def _share_price(warrants: Warrants, inputs: Inputs) -> Array:
    steps = {inputs.horizon.offset(month): usd for month, usd in warrants.share_price.items()}
    return steps_to_curve(list(steps), list(steps.values()), inputs.horizon.months)
