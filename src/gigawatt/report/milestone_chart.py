"""The chart of milestones: gigawatts deployed on each basis, below what they release."""

from __future__ import annotations

from typing import Final

from .calendar_strip import strip
from .table import Column
from .traces import Chart, Drawing, Look, floats, layout, line, marks
from .view import View
from .wording import MONEY_USD, POWER_MW, of, scale

__all__ = ["milestones"]

BASES: Final[dict[str, tuple[str, Look, str]]] = {
    "it": ("IT", "line", "solid"),
    "facility": ("facility", "dash", "dash"),
    "grid": ("grid", "dot", "dot"),
}
MOST_NUMBERS = 20
"""Gigawatts up to which every ring bears its number."""


def milestones(view: View) -> Chart:
    """Gigawatts deployed on each basis, under a strip with tranches."""
    array = view.plan.milestones["deployed_gw"]
    divisor, unit = scale(1e3 * float(array.values.max(initial=0.0)), POWER_MW)
    share = divisor / 1e3  # of a gigawatt in the unit drawn
    places = 2 if unit == "GW" else 1
    drawing = Drawing()
    for basis, (word, look, dash) in BASES.items():
        reached = [g for g in view.sources.summary["gigawatts"] if g["basis"] == basis]
        own = basis == "it"
        colour = "@ink" if own else "@muted"
        name = f"{word} basis"
        curve = line(
            name, floats(array.sel(basis=basis).values, share), colour,
            f"%{{y:,.{places}f}} {unit}",
            dash=dash, width=2.2 if own else 1.4,
        )  # fmt: skip
        rings = marks(
            name, [f"{g['month']}-01" for g in reached], [g["gw"] / share for g in reached], [],
            colour, symbol="circle-open", size=8 if own else 5,
        )  # fmt: skip
        if own and len(reached) <= MOST_NUMBERS:
            rings |= {
                "mode": "markers+text",
                "text": [str(g["gw"]) for g in reached],
                "textposition": "bottom right",
                "textfont": {"color": "@ink", "size": 11},
            }
        drawing.add(name, look, colour, curve, rings)
    frame = layout(view.days, 270)
    more = strip(view.plan, view.palette, view.days)
    for key in more.drawing.legend:
        drawing.add(key.name, key.look, key.colour, *(more.drawing.data[at] for at in key.traces))
    more.widen(frame)
    paid = view.plan.finance["investment_usd"].values.sum(axis=1)
    money_divisor, money_unit = scale(float(paid.sum()), MONEY_USD)
    heads = [*(Column(f"{name} basis", unit) for name, *_ in BASES.values()),
             Column("paid by investments", money_unit)]  # fmt: skip
    series = [*(view.at_year_end(array.sel(basis=basis).values / share) for basis in BASES),
              view.in_year(paid / money_divisor)]  # fmt: skip
    figures = ("milestones.deployed_gw", "milestones.counted_gw", "finance.investment_usd")
    ends = {basis: of(1e3 * float(array.sel(basis=basis).values[-1]), POWER_MW) for basis in BASES}
    return Chart(
        "milestones", "Milestones and tranches",
        "Deployed on each basis, every site at its most so far; a ring at each whole gigawatt. Above: "
        "what investments pay.",
        unit,
        f"Lines of gigawatts deployed: {ends['it']} on the IT basis, {ends['facility']} facility "
        f"and {ends['grid']} grid at the end. {more.label}",
        drawing.data, frame, tuple(drawing.legend),
        view.yearly("milestones-years", "Deployed in December, or in the last month planned; paid in "
                    "the year", heads, series, [places] * 3 + [2]),
        figures, notes=more.notes, assumed=view.sources.assumed_in(*figures),
    )  # fmt: skip
