"""The chart of capital: what is spent to date against what investments have paid."""

from __future__ import annotations

import numpy as np

from .palette import HALLS, Shade
from .table import Column
from .traces import Chart, Drawing, cased, floats, layout, line
from .view import View
from .wording import MONEY_USD, money, scale

__all__ = ["capital"]


def capital(view: View) -> Chart:
    """Cumulative spending against cumulative investments, the gap, and guarantors' exposure."""
    finance, investments = view.plan.finance, view.plan.scenario.spec.investment
    racks = np.cumsum(finance["rack_spend_usd"].values, axis=0)
    halls = np.cumsum(finance["facility_spend_usd"].values.sum(axis=1))
    gap = finance["funding_gap_usd"].values
    paying = [(at, key) for at, key in enumerate(investments) if view.plan.tranches.get(key)]
    backing = [
        (at, key) for at, key in enumerate(investments) if investments[key].kind == "guaranty"
    ]
    largest = float(max((racks.sum(axis=1) + halls).max(), np.abs(gap).max(), 1.0))
    divisor, unit = scale(largest, MONEY_USD)
    form = "$%{y:,.1f} " + unit[1:]
    systems = [str(system) for system in finance["system"].values]
    drawing = Drawing()
    drawing.layer("halls", floats(halls, divisor), Shade(HALLS), form)
    for at in range(len(systems))[::-1]:
        shade = view.palette.systems[systems[at]]
        drawing.layer(f"racks, {systems[at]}", floats(racks[:, at], divisor), shade, form)
    for at, key in paying:
        name, colour = f"paid by {key}", view.palette.parties[key].hex
        sums = floats(np.cumsum(finance["investment_usd"].values[:, at]), divisor)
        drawing.add(name, "line", colour, *cased(line(name, sums, colour, form, width=2.6)))
    name = "funding gap"
    drawing.add(name, "line", "@ink", *cased(line(name, floats(gap, divisor), "@ink", form)))
    for at, key in backing:
        name, colour = f"exposure of {key}: contingent, not cash", view.palette.parties[key].hex
        exposure = floats(finance["exposure_usd"].values[:, at], divisor)
        dotted = line(name, exposure, colour, form, width=2.6, dash="dot")
        drawing.add(name, "dot", colour, *cased(dotted))
    spend = finance["spend_usd"].values
    refresh = finance.get("refresh_spend_usd")
    again = [] if refresh is None else [refresh.values]
    heads = [Column("racks", unit), *(Column("of them replacements", unit) for _ in again),
             Column("halls", unit), Column("investments", unit),
             Column("funding gap at the end of the year", unit),
             *(Column(f"exposure of {key}, contingent", unit) for _, key in backing)]  # fmt: skip
    series = [
        view.in_year(finance["rack_spend_usd"].values.sum(axis=1) / divisor),
        *(view.in_year(values / divisor) for values in again),
        view.in_year(finance["facility_spend_usd"].values.sum(axis=1) / divisor),
        view.in_year(finance["investment_usd"].values.sum(axis=1) / divisor),
        view.at_year_end(gap / divisor),
        *(view.at_year_end(finance["exposure_usd"].values[:, at] / divisor) for at, _ in backing),
    ]
    notes: tuple[str, ...] = (
        () if paying else ("No investment pays in this scenario: all of the spending is a gap.",)
    )
    if len(paying) + len(backing) < len(investments):
        notes += (
            "Loans, leases, facilities and warrants pay no tranches; what they bring stands below.",
        )
    figures = ("finance.rack_spend_usd", "finance.facility_spend_usd", "finance.investment_usd",
               "finance.funding_gap_usd", *(("finance.exposure_usd",) if backing else ()))  # fmt: skip
    return Chart(
        "capital", "Capital against tranches",
        "Spending to date on racks and halls, what investments have paid to date, and the gap between.",
        unit,
        f"Stacked areas of spending to date, {money(float(spend.sum()))} at the end, with lines of what "
        f"investments have paid and of the funding gap, {money(float(gap[-1]))} at the end.",
        drawing.data, layout(view.days, 330), tuple(drawing.legend),
        view.yearly("capital-years", "Spent and paid in the year", heads, series, [2] * len(series)),
        figures, notes=notes, assumed=view.sources.assumed_in(*figures),
    )  # fmt: skip
