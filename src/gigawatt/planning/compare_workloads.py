"""What a difference means for each model: starts and finishes that move, demand that is met or not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from .calendar import months_late
from .plan import Plan
from .summary_workloads import campaign_rows, stream_rows

__all__ = ["moved_workloads"]


def moved_workloads(a: Plan, b: Plan) -> list[str]:
    """One sentence for every campaign and stream that differs; b against a.

    Examples
    --------
    >>> import gigawatt as gw
    >>> s = gw.load("one-campus")
    >>> c = gw.compare(gw.plan(s), gw.plan(s.override("late-grid")))
    >>> c.workloads == moved_workloads(gw.plan(s), gw.plan(s.override("late-grid")))
    True
    """
    before, after = ({row["name"]: row for row in campaign_rows(plan)} for plan in (a, b))
    sentences = list(_both(before, after, _campaign))
    before, after = ({row["name"]: row for row in stream_rows(plan)} for plan in (a, b))
    return sentences + list(_both(before, after, _stream))


def _both(before: Mapping[str, Any], after: Mapping[str, Any], say: Any) -> Iterator[str]:
    for name in [*before, *(key for key in after if key not in before)]:
        if name not in after:
            yield f"{name} is not asked for any more"
        elif name not in before:
            yield f"{name} is asked for in addition"
        elif words := say(before[name], after[name]):
            yield f"{name} {words}"


def _campaign(a: Mapping[str, Any], b: Mapping[str, Any]) -> str:
    parts = [
        _moved("finishes", a["finish"]["central"], b["finish"]["central"])
        or _moved_days("finishes", a["finish_day"], b["finish_day"]),
        _moved("starts", a["start"]["central"], b["start"]["central"]),
    ]
    if a["place"] != b["place"] and a["place"] and b["place"]:
        parts.append(f"runs at {b['place']} instead of {a['place']}")
    if not any(parts) and a["progress"] != b["progress"]:
        before, after = _told_apart(a["progress"], b["progress"])
        parts.append(f"is {after} done at the end instead of {before}")
    return ", ".join(part for part in parts if part)


def _told_apart(a: float, b: float) -> tuple[str, str]:
    """Two shares in as few digits as tell them apart.

    Examples
    --------
    >>> _told_apart(0.2, 0.3), _told_apart(0.0112, 0.0094)
    (('20%', '30%'), ('1.1%', '0.9%'))
    """
    for digits in range(4):
        before, after = f"{a:.{digits}%}", f"{b:.{digits}%}"
        if before != after:
            return before, after
    return f"{a:.4%}", f"{b:.4%}"


def _moved(verb: str, a: str | None, b: str | None) -> str:
    """A month that moved, in words; empty where it did not."""
    if a == b:
        return ""
    if b is None:
        return f"{verb} no more within the horizon; before, in {a}"
    if a is None:
        return f"{verb} {b}; before, not within the horizon"
    return f"{verb} {b} instead of {a}, {_later(months_late(a, b), 'month')}"


def _moved_days(verb: str, a: str | None, b: str | None) -> str:
    """A day that moved within its month."""
    if a is None or b is None or a == b:
        return ""
    return f"{verb} {b} instead of {a}, {_later((date.fromisoformat(b) - date.fromisoformat(a)).days, 'day')}"


def _later(late: int, unit: str) -> str:
    return f"{abs(late)} {unit}{'' if abs(late) == 1 else 's'} {'later' if late > 0 else 'earlier'}"


def _stream(a: Mapping[str, Any], b: Mapping[str, Any]) -> str:
    x, y = a["met"]["central"], b["met"]["central"]
    if abs(x - y) < 0.0005 and a["unmet_from"] == b["unmet_from"]:
        return ""
    since = f", unmet from {b['unmet_from']}" if b["unmet_from"] else ""
    return f"is met to {y:.1%} instead of {x:.1%}{since}"
