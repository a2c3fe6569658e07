"""Times of a plan in words: months counted from its start, with parts, as months of the calendar."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .plan import Plan

__all__ = ["day_of", "month_begun", "month_ended", "months_late"]


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


def day_of(plan: Plan, time: float) -> str | None:
    """The day of a time, `YYYY-MM-DD`; none if it does not come."""
    if math.isnan(time):
        return None
    at = min(int(time), plan.horizon.months - 1)
    days = int(plan.horizon.hours()[at] / 24.0)
    day = min(1 + int((time - at) * days), days)
    return f"{plan.horizon.start + at}-{day:02d}"


def months_late(a: str, b: str) -> int:
    """Months from one `YYYY-MM` to another; negative where the second is earlier.

    Examples
    --------
    >>> months_late("2027-11", "2028-03")
    4
    """
    return (int(b[:4]) - int(a[:4])) * 12 + int(b[5:]) - int(a[5:])
