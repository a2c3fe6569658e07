"""What moves the need for funding most: assumptions of the books, each a step lower and higher."""

from __future__ import annotations

from dataclasses import dataclass

from gigawatt.planning.sensitivity import Sensitivity, sensitivity

from .view import View
from .wording import MONEY_USD, money, number, readable, scale

__all__ = ["Swing", "Tornado", "tornado"]

MOST = 10


@dataclass(frozen=True, slots=True)
class Swing:
    """One assumption, moved each way.

    Attributes
    ----------
    label, value : str
        What is moved, and its planned value with unit.
    lower, higher : str
        What the lower and the higher value change the need by.
    bars : tuple of (str, float, float)
        `lower` or `higher`, where its bar starts and how long it is, of the width of the drawing [%].
    """

    label: str
    value: str
    lower: str
    higher: str
    bars: tuple[tuple[str, float, float], ...]


@dataclass(frozen=True, slots=True)
class Tornado:
    """The largest swings.

    Attributes
    ----------
    unit, planned, step : str
        Unit of the changes, planned need, how far assumptions are moved.
    swings : tuple of Swing
        Largest first.
    """

    unit: str
    planned: str
    step: str
    swings: tuple[Swing, ...]


def tornado(view: View) -> Tornado:
    """The ten assumptions that move the peak funding before financing most."""
    moved = sorted(
        sensitivity(view.plan.books), key=lambda row: -abs(row.need_high_usd - row.need_low_usd)
    )[:MOST]
    moved = [row for row in moved if row.need_high_usd != row.need_low_usd]
    need = view.sources.summary["books"]["buyer"]["peak_funding_usd"]
    changes = [(row.need_low_usd - need, row.need_high_usd - need) for row in moved]
    most = max((abs(v) for pair in changes for v in pair), default=0.0)
    divisor, unit = scale(most, MONEY_USD)
    found = [
        Swing(
            _label(row),
            _value(row),
            _signed(low / divisor),
            _signed(high / divisor),
            (_bar("lower", low, most), _bar("higher", high, most)),
        )
        for row, (low, high) in zip(moved, changes, strict=True)
    ]
    step = f"{100.0 * moved[0].step:g} %" if moved else ""
    return Tornado(unit, money(need), step, tuple(found))


def _label(row: Sensitivity) -> str:
    """What the books say of it, and of whom where they do not."""
    text = row.doc[:1].upper() + row.doc[1:]
    whose = row.term.partition("[")[2].rstrip("]")
    return text if not whose or whose in text else f"{text}: {whose}"


def _value(row: Sensitivity) -> str:
    if row.unit == "USD":
        return money(row.value)
    if row.unit in {"1", "1/year"}:
        return f"{100.0 * row.value:.4g} %{row.unit[1:]}"
    return readable(f"{row.value:.6g} {row.unit}")


def _signed(value: float) -> str:
    text = number(value, 2)
    return f"+{text}" if value > 0.0 and any(digit in text for digit in "123456789") else text


def _bar(name: str, change: float, most: float) -> tuple[str, float, float]:
    length = 50.0 * abs(change) / most
    return name, round(50.0 - length if change < 0.0 else 50.0, 3), round(length, 3)
