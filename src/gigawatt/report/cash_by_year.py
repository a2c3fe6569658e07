"""Where the buyer's cash comes from and what it is used for, by calendar year: the chart and its table."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np

from gigawatt.core.arrays import Array
from gigawatt.finance.chapters.parties import BUYER

from .movements import Movement, movements
from .palette import Shade
from .table import Cell, Column, Table, rows
from .traces import Chart, Drawing, bar, layout
from .view import View, year_columns
from .wording import MONEY_USD, amount, money, scale

__all__ = ["balanced", "sources_and_uses", "sources_table"]

FROM_CASH = Shade("#B3B3B3", "x")
_DAY_MS = 86_400_000.0


def balanced(view: View) -> tuple[list[Movement], list[Movement]]:
    """Sources and uses of the buyer, and what is taken from cash or added to it, so that years balance.

    Returns
    -------
    sources, uses : list of Movement
        Both add up to the same in every calendar year. What cash gains or loses in a year stands in its
        last month.
    """
    moved = movements(view)
    cash = view.plan.books.lines[f"cash[{BUYER}]"]
    change = np.zeros(len(cash))
    for _, part in view.years:
        before = float(cash[part.start - 1]) if part.start else 0.0
        change[part.stop - 1] = float(cash[part.stop - 1]) - before
    sources = [m for m in moved if m.comes_in]
    uses = [m for m in moved if not m.comes_in]
    if np.any(change < 0.0):
        sources.append(
            Movement("Taken from cash", "financing", True, np.maximum(-change, 0.0), FROM_CASH)
        )
    if np.any(change > 0.0):
        uses.append(
            Movement("Added to cash", "financing", False, np.maximum(change, 0.0), FROM_CASH)
        )
    return sources, uses


def sources_table(view: View) -> Table:
    """Sources and uses by year, with equal totals."""
    sources, uses = balanced(view)
    totals = [sum((m.usd for m in side), np.zeros(len(view.days))) for side in (sources, uses)]
    sums = [view.in_year(total) for total in totals]
    divisor, unit = scale(sum(sums[0]), MONEY_USD)
    digits = 2 if sum(sums[0]) < 100.0 * divisor else 1
    lines: list[list[Cell | str]] = []
    heads, strong = set(), set()

    def add(label: Cell, values: Array) -> None:
        yearly = view.in_year(values / divisor)
        lines.append([label, *(amount(v, digits) for v in yearly), amount(sum(yearly), digits)])

    for title, side, total in (("sources", sources, totals[0]), ("uses", uses, totals[1])):
        heads.add(len(lines))
        lines.append([Cell(title.capitalize()), *[""] * (len(view.years) + 1)])
        for movement in side:
            add(Cell(movement.label, movement.shade), movement.usd)
        strong.add(len(lines))
        add(Cell(f"All {title}"), total)
    return Table(
        "sources-and-uses-years",
        "Sources and uses of cash in the year; both sides add up to the same",
        (Column("", unit, figures=False), *year_columns(view), Column("all years")),
        rows(lines),
        heads=frozenset(heads), strong=frozenset(strong), yearly=True,
    )  # fmt: skip


def sources_and_uses(view: View) -> Chart:
    """Bars of each calendar year: sources upwards, uses downwards, as high as deep."""
    sources, uses = balanced(view)
    yearly = [view.in_year(m.usd) for m in sources]
    tall = max((sum(column) for column in zip(*yearly, strict=True)), default=0.0)
    divisor, unit = scale(tall, MONEY_USD)
    form = "%{y:$,.2f} " + unit[1:]
    x, widths = _bars(view)
    drawing = Drawing()
    for movement in [*sources, *uses]:
        sign = 1.0 if movement.comes_in else -1.0
        y: list[float | None] = [
            float(f"{sign * v / divisor:.6g}") if v else None for v in view.in_year(movement.usd)
        ]
        drawing.add(
            movement.label, "area", movement.shade.hex,
            bar(movement.label, x, widths, y, movement.shade, form), hatch=bool(movement.shade.hatch),
        )  # fmt: skip
    frame = layout(view.days, 330)
    frame |= {"barmode": "relative", "bargap": 0.0}
    frame["yaxis"]["rangemode"] = "normal"
    frame["yaxis"]["zerolinewidth"] = 1.5
    frame["xaxis"]["unifiedhovertitle"] = {"text": "%{x|%Y}"}
    name = view.plan.books.books.parties[BUYER].name
    figures = ("books.value",)
    most = max(sources, key=lambda m: float(m.usd.sum()), default=None)
    largest = (
        f"The largest source is {most.label.lower()}, {money(float(most.usd.sum()))} in all."
        if most
        else ""
    )
    return Chart(
        "sources-and-uses", f"Sources and uses of {name}",
        "What comes in upwards, what goes out downwards, in each calendar year; cash makes both equal.",
        f"{unit} a year",
        f"Stacked bars of cash that comes in and goes out by calendar year, {view.years[0][0]} to "
        f"{view.years[-1][0]}. {largest}",
        drawing.data, frame, tuple(drawing.legend), sources_table(view), figures,
        assumed=view.sources.assumed_in("finance.free_cash_usd"), opened=True,
    )  # fmt: skip


def _bars(view: View) -> tuple[list[str], list[float]]:
    """Middle and width [ms] of each calendar year on the time axis."""
    days = [date.fromisoformat(day) for day in view.days]
    end = days[-1] if len(days) > 1 else days[0].replace(day=28)
    middles, widths = [], []
    for _, part in view.years:
        start = days[part.start]
        stop = days[part.stop] if part.stop < len(days) else end
        if stop <= start:
            stop = start.replace(day=28)
        half = max(1, int(0.47 * (stop - start).days))  # from its first day on, a gap at its end
        middles.append((start + timedelta(days=half)).isoformat())
        widths.append(2.0 * half * _DAY_MS)
    return middles, widths
