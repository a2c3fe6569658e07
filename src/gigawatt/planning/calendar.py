"""Times of a plan in words: months counted from its start, with parts, as months of the calendar."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .plan import Plan

__all__ = ["day_begun", "day_ended", "month_begun", "month_ended", "months_late"]


_MOMENT = 1e-6
"""Part of a day that is none of it."""


def month_begun(plan: Plan, time: float) -> str | None:
    """The month in which something starts; none if it does not."""
    month = plan.month(time)
    return str(month) if month else None


def month_ended(plan: Plan, time: float) -> str | None:
    """The month in which something ends: what ends with a month belongs to it; none if it does not end."""
    if math.isnan(time):
        return None
    month = plan.month(max(math.ceil(time) - 1, 0))
    return str(month) if month else None


def day_begun(plan: Plan, time: float) -> str | None:
    """The day on which something starts, `YYYY-MM-DD`; none if it does not."""
    if math.isnan(time):
        return None
    at = min(int(time), plan.horizon.months - 1)
    days = _days(plan, at)
    return _day(plan, at, min(1 + int((time - at) * days), days))


def day_ended(plan: Plan, time: float) -> str | None:
    """The day on which something ends: what ends with a day belongs to it; none if it does not end."""
    if math.isnan(time):
        return None
    at = min(max(math.ceil(time) - 1, 0), plan.horizon.months - 1)
    days = _days(plan, at)
    return _day(plan, at, min(max(math.ceil((time - at) * days - _MOMENT), 1), days))


def _days(plan: Plan, month: int) -> int:
    return int(plan.horizon.hours()[month] / 24.0)


def _day(plan: Plan, month: int, day: int) -> str:
    return f"{plan.horizon.start + month}-{day:02d}"


def months_late(a: str, b: str) -> int:
    """Months from one `YYYY-MM` to another; negative where the second is earlier.

    Examples
    --------
    >>> months_late("2027-11", "2028-03")
    4
    """
    return (int(b[:4]) - int(a[:4])) * 12 + int(b[5:]) - int(a[5:])
