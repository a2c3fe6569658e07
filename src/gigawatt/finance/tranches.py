"""Money that gigawatts release: tranches by milestone, plain equity, guaranty exposure.

Amounts that are owed are `Decimal` in whole cents. A schedule of tranches never passes its cap, and
the last one is what the cap leaves.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from gigawatt.core.arrays import Array
from gigawatt.core.money import owed
from gigawatt.fleet.calendar import later

__all__ = [
    "Tranche",
    "dated_tranches",
    "guaranty_exposure",
    "milestone_tranches",
    "tranche_amounts",
]


@dataclass(frozen=True, slots=True)
class Tranche:
    """One payment of an investment.

    Attributes
    ----------
    number : int
        1 for the first.
    milestone : int
        The step of power that it belongs to, 1 for the first; 0 for equity on a date.
    month : int or None
        Month index in which it is paid; none if not within the horizon or availability.
    usd : Decimal
        Amount [USD].
    trigger : str
        What releases it: `signing`, `milestone` or `date`.
    """

    number: int
    milestone: int
    month: int | None
    usd: Decimal
    trigger: Literal["signing", "milestone", "date"]


def tranche_amounts(cap_usd: float, each_usd: float) -> list[Decimal]:
    """Amounts of all tranches up to the cap.

    Parameters
    ----------
    cap_usd : float
        Most that is paid in all [USD].
    each_usd : float
        Paid for each milestone [USD], above zero.

    Returns
    -------
    list of Decimal
        They add up to the cap, to the cent.

    Examples
    --------
    >>> tranche_amounts(25e9, 10e9)
    [Decimal('10000000000.00'), Decimal('10000000000.00'), Decimal('5000000000.00')]
    """
    cap, each = owed(cap_usd), owed(each_usd)
    whole = int(cap // each)
    rest = cap - each * whole
    return [each] * whole + ([rest] if rest > 0 else [])


def milestone_tranches(
    amounts: Sequence[Decimal],
    reached: Sequence[int],
    horizon_months: int,
    *,
    first_on_signing: bool,
    signed: int | None,
    until: int | None,
    opened: int = 0,
) -> list[Tranche]:
    """Date each tranche.

    The n-th tranche is paid in the month of the n-th milestone, never before signing. With
    `first_on_signing`, the first is paid at signing instead and the others stay where they are.

    Parameters
    ----------
    amounts : sequence of Decimal
        From `tranche_amounts` [USD].
    reached : sequence of int
        Month index of each milestone; `horizon_months` or more where it is never reached.
    horizon_months : int
        Length of the horizon.
    first_on_signing : bool
        Whether signing releases the first tranche.
    signed, until : int or None
        Month index of signing, and the last in which a milestone still pays.
    opened : int
        Month index from which the conditions of the investment hold; nothing is paid before it.

    Returns
    -------
    list of Tranche
        One for each amount, with `month=None` where it is not paid.
    """
    result: list[Tranche] = []
    for number, amount in enumerate(amounts, 1):
        by_signing = first_on_signing and number == 1
        earliest = signed if by_signing else max(int(reached[number - 1]), signed or 0)
        month = None if earliest is None else max(earliest, opened)
        lapsed = month is None or month >= horizon_months or (until is not None and month > until)
        result.append(
            Tranche(
                number,
                number,
                None if lapsed else month,
                amount,
                "signing" if by_signing else "milestone",
            )
        )
    return result


def dated_tranches(
    schedule: Sequence[tuple[int, float]], horizon_months: int, *, opened: int = 0
) -> list[Tranche]:
    """Date the payments of plain equity or of a prepayment.

    Parameters
    ----------
    schedule : sequence of (int, float)
        Month index and amount of each [USD].
    horizon_months : int
        Length of the horizon.
    opened : int
        Month index from which the conditions hold; what falls due before is paid then.

    Examples
    --------
    >>> [tranche.month for tranche in dated_tranches([(3, 1e9), (30, 1e9)], 24, opened=6)]
    [6, None]
    """
    result = []
    for number, (month, usd) in enumerate(sorted(schedule), 1):
        paid = max(month, opened)
        result.append(
            Tranche(number, 0, paid if paid < horizon_months else None, owed(usd), "date")
        )
    return result


def guaranty_exposure(
    deployed_gw: Array, per_gigawatt_usd: ArrayLike, cap_usd: ArrayLike, term_months: int | None
) -> Array:
    """Contingent exposure of a guarantor by month: not cash.

    Each deployed gigawatt adds its amount in proportion, for the term; the sum is held under the cap.

    Parameters
    ----------
    deployed_gw : array, shape (..., T)
        Gigawatts deployed, non-decreasing [GW].
    per_gigawatt_usd, cap_usd : float or array, shape (...)
        Exposure per gigawatt and in all [USD].
    term_months : int or None
        Months until the exposure of a gigawatt ends.

    Returns
    -------
    array, shape (..., T) [USD]
    """
    ended = later(deployed_gw, term_months) if term_months is not None else 0.0
    exposure = (deployed_gw - ended) * np.asarray(per_gigawatt_usd)[..., None]
    return np.asarray(np.minimum(exposure, np.asarray(cap_usd)[..., None]))
