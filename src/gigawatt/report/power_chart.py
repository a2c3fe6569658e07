"""The chart of power: in service by site, below what is installed and what is energised."""

from __future__ import annotations

from .table import Column
from .traces import Chart, Drawing, floats, layout, line
from .view import View
from .wording import POWER_MW, number, scale

__all__ = ["power"]


def power(view: View) -> Chart:
    """In-service IT power by site against what is installed and energised."""
    group = view.plan.power
    service = group["in_service_it_mw"].values
    installed = group["installed_it_mw"].values.sum(axis=1)
    energised = group["energised_it_mw"].values.sum(axis=1)
    divisor, unit = scale(float(max(energised.max(), service.sum(axis=1).max())), POWER_MW)
    places = 2 if unit == "GW" else 1
    form = f"%{{y:,.{places}f}} {unit}"
    sites = [str(site) for site in group["site"].values]
    by_site = [service[:, at] for at in range(len(sites))]
    drawing = Drawing()
    for site, values in zip(sites, by_site, strict=True):
        drawing.layer(view.site_name(site), floats(values, divisor), view.palette.sites[site], form)
    name = "installed, all sites"
    under = line(name, floats(installed, divisor), "@muted", form, width=1.1, dash="dot")
    drawing.add(name, "dot", "@muted", under)
    name = "energised, all sites"
    over = line(name, floats(energised, divisor), "@ink", form, width=1.8)
    drawing.add(name, "line", "@ink", over)
    total = service.sum(axis=1)
    heads = [
        *(Column(view.site_name(site), unit, shade=view.palette.sites[site]) for site in sites),
        Column("in service", unit), Column("installed", unit), Column("energised", unit),
    ]  # fmt: skip
    series = [view.at_year_end(v / divisor) for v in (*by_site, total, installed, energised)]
    figures = ("power.in_service_it_mw", "power.installed_it_mw", "power.energised_it_mw")
    return Chart(
        "power", "Power by site",
        "IT power in service by site, below what is installed and what is energised.",
        f"{unit} IT",
        f"Stacked areas of IT power in service at {len(sites)} sites from {view.labels[0]} to "
        f"{view.labels[-1]}. At the end {number(float(total[-1]) / divisor, places)} {unit} are in "
        f"service of {number(float(energised[-1]) / divisor, places)} {unit} energised.",
        drawing.data, layout(view.days, 330), tuple(drawing.legend),
        view.yearly("power-years", "IT power in December, or in the last month planned", heads, series,
                    [places] * len(series)),
        figures, assumed=view.sources.assumed_in(*figures),
    )  # fmt: skip
