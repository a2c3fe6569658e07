"""The chart of funding: cash of the project before financing, and who brought what it lacked."""

from __future__ import annotations

import numpy as np

from gigawatt.finance.chapters.parties import BUYER

from .movements import movements
from .table import Column
from .traces import Chart, Drawing, cased, floats, layout, line, marks
from .view import View
from .wording import MONEY_USD, money, scale

__all__ = ["funding"]


def funding(view: View) -> Chart:
    """Cumulative cash before financing, its lowest point, and what each funder brought to date."""
    before = np.cumsum(view.plan["finance.free_cash_usd"].values)
    held = view.plan.books.lines[f"cash[{BUYER}]"]
    moved = [m for m in movements(view) if m.flow == "financing"]
    brought = [(m, np.cumsum(m.usd)) for m in moved if m.comes_in]
    back = sum((np.cumsum(m.usd) for m in moved if not m.comes_in), np.zeros(len(before)))
    top = sum((sums for _, sums in brought), np.zeros(len(before)))
    divisor, unit = scale(float(max(top.max(), np.abs(before).max(), 1.0)), MONEY_USD)
    form = "%{y:$,.1f} " + unit[1:]
    drawing = Drawing()
    for movement, sums in brought:
        drawing.layer(movement.label, floats(sums, divisor), movement.shade, form)
    if back.any():
        name = "paid back, with interest"
        dashed = line(name, floats(back, divisor), "@ink", form, width=1.6, dash="dash")
        drawing.add(name, "dash", "@ink", *cased(dashed))
    name = "cash held"
    dotted = line(name, floats(held, divisor), "@ink", form, width=1.6, dash="dot")
    drawing.add(name, "dot", "@ink", *cased(dotted))
    name = "cash before financing"
    drawing.add(name, "line", "@ink", *cased(line(name, floats(before, divisor), "@ink", form)))
    buyer = view.sources.summary["books"]["buyer"]
    peak, month = buyer["peak_funding_usd"], buyer["peak_funding_month"]
    if month:
        words = f"{money(peak)} needed in {month}"
        early = view.labels.index(month) < 0.3 * len(view.labels)
        pin = marks(
            "peak funding", [f"{month}-01"], [-peak / divisor], [], "@ink", size=9,
            mode="markers+text", text=[words], textposition="bottom right" if early else "bottom left",
            textfont={"color": "@ink", "size": 12},
        )  # fmt: skip
        drawing.add("peak funding", "ring", "@ink", pin)
    frame = layout(view.days, 330)
    frame["yaxis"]["rangemode"] = "normal"
    frame["yaxis"]["zerolinewidth"] = 1.5
    # room for the words under the lowest point
    frame["yaxis"]["autorangeoptions"] = {"include": [float(f"{-1.12 * peak / divisor:.4g}")]}
    heads = [
        Column("cash before financing", unit),
        *(Column(m.label, unit, shade=m.shade) for m, _ in brought),
        Column("paid back, with interest", unit), Column("cash held", unit),
    ]  # fmt: skip
    series = [view.at_year_end(v / divisor) for v in (before, *(s for _, s in brought), back, held)]
    figures = ("finance.free_cash_usd", "finance.owners_usd", "books.cash_usd")
    tail = f" at most {money(peak)} in {month}" if month else " nothing: it is never below zero"
    return Chart(
        "funding", "Cash before financing, and who fills the gap",
        "Below zero: all cash of operations and of building to date, before anybody funds it. Above: what "
        "owners, investors and lenders have brought to date.",
        unit,
        f"A line of cumulative cash before financing, {money(float(before[-1]))} at the end; it needs{tail}. "
        f"Stacked areas of what {len(brought)} funders brought to date, {money(float(top[-1]))} in all.",
        drawing.data, frame, tuple(drawing.legend),
        view.yearly("funding-years", "To date, in December or in the last month planned", heads, series,
                    [2] * len(series)),
        figures,
        notes=("What funders brought, less what they were paid back, and the cash before financing add up to "
               "the cash held.",),
        assumed=view.sources.assumed_in("finance.free_cash_usd"),
    )  # fmt: skip
