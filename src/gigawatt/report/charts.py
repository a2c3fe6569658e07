"""The four charts of a plan on one time axis: power, accelerators, milestones, capital.

Each function reads arrays of the plan, adds them up where a drawing needs it, and returns a `Chart`.
"""

from __future__ import annotations

import numpy as np

from gigawatt.core.arrays import Array

from .calendar_strip import strip
from .palette import HALLS, Shade
from .table import Column
from .traces import Chart, Key, Switch, Trace, area, floats, layout, line, marks
from .view import View
from .wording import money, number, scale_for

__all__ = ["all_charts"]

BASIS_LOOKS = {"it": ("IT", "solid"), "facility": ("facility", "dash"), "grid": ("grid", "dot")}


def all_charts(view: View) -> list[Chart]:
    """Every chart, in the order of the page."""
    return [power(view), accelerators(view), milestones(view), capital(view)]


def _columns(values: Array) -> list[Array]:
    return [values[:, at] for at in range(values.shape[1])]


def power(view: View) -> Chart:
    """In-service IT power by site against what is installed and energised."""
    group = view.plan.power
    service = group["in_service_it_mw"].values
    installed = group["installed_it_mw"].values.sum(axis=1)
    energised = group["energised_it_mw"].values.sum(axis=1)
    divisor, unit = scale_for(float(max(energised.max(), service.sum(axis=1).max())))
    places = 2 if unit == "GW" else 1
    form = f",.{places}f}} {unit}"
    sites = [str(site) for site in group["site"].values]
    data: list[Trace] = []
    legend: list[Key] = []
    for site, values in zip(sites, _columns(service), strict=True):
        shade = view.palette.sites[site]
        legend.append(Key(view.site_name(site), "area", shade.hex, (len(data),), bool(shade.hatch)))
        data.append(area(view.site_name(site), floats(values, divisor), shade, form))
    data += [
        line(
            "installed, all sites",
            floats(installed, divisor),
            "@muted",
            form,
            width=1.1,
            dash="dot",
        ),
        line("energised, all sites", floats(energised, divisor), "@ink", form, width=1.8),
    ]
    legend += [
        Key("installed, all sites", "dot", "@muted", (len(data) - 2,)),
        Key("energised, all sites", "line", "@ink", (len(data) - 1,)),
    ]
    total = service.sum(axis=1)
    heads = [
        *(Column(view.site_name(site), unit, shade=view.palette.sites[site]) for site in sites),
        Column("in service", unit), Column("installed", unit), Column("energised", unit),
    ]  # fmt: skip
    series = [
        view.at_year_end(v / divisor) for v in (*_columns(service), total, installed, energised)
    ]
    figures = ("power.in_service_it_mw", "power.installed_it_mw", "power.energised_it_mw")
    return Chart(
        "power", "Power by site",
        "IT power in service by site, below what is installed and what is energised.",
        f"{unit} IT",
        f"Stacked areas of IT power in service at {len(sites)} sites from {view.labels[0]} to "
        f"{view.labels[-1]}. At the end {number(float(total[-1]) / divisor, places)} {unit} are in "
        f"service of {number(float(energised[-1]) / divisor, places)} {unit} energised.",
        data, layout(view.days, 330), tuple(legend),
        view.yearly("power-years", "IT power in December, or in the last month planned", heads, series,
                    [places] * len(series)),
        figures, assumed=view.sources.assumed_in(*figures),
    )  # fmt: skip


def accelerators(view: View) -> Chart:
    """Packages in service by system, those of partners above them; dies as another reading."""
    fleet, partners = view.plan.fleet, view.plan.partners
    packages, dies = (fleet[name].values.sum(axis=1) for name in ("packages", "dies"))
    systems = [str(system) for system in fleet["system"].values]
    rented = (
        partners["packages"].values if partners["packages"].size else np.zeros((len(view.days), 0))
    )
    keys = [str(key) for key in partners["partner"].values]
    shown = [at for at in range(len(keys)) if rented[:, at].any()]
    silent = [view.party_name(keys[at]) for at in range(len(keys)) if at not in shown]
    form = ",.0f} packages"
    data: list[Trace] = []
    legend: list[Key] = []
    order = list(range(len(systems)))[::-1]
    for at in order:
        shade = view.palette.systems[systems[at]]
        legend.append(Key(systems[at], "area", shade.hex, (len(data),), bool(shade.hatch)))
        data.append(area(systems[at], floats(packages[:, at]), shade, form))
    for at in shown:
        shade = Shade(view.palette.parties[keys[at]].hex, "/")
        name = f"{view.party_name(keys[at])} (partner)"
        legend.append(Key(name, "area", shade.hex, (len(data),), True))
        data.append(area(name, floats(rented[:, at]), shade, form))
    for trace in data:
        trace["hovertemplate"] = "%{y:,.0f}"
    nothing: list[float | None] = [None] * len(view.days)
    switches = (
        Switch("packages", "packages", [trace["y"] for trace in data]),
        Switch("dies", "dies of the own build",
               [floats(dies[:, at]) for at in order] + [nothing] * len(shown)),
    )  # fmt: skip
    notes = []
    if shown:
        notes.append("Hatched: packages that partners run. Their dies are not planned.")
    if silent:
        notes.append(f"Power without a stated system, so without packages: {', '.join(silent)}.")
    frame = layout(view.days, 300)
    frame["yaxis"]["tickformat"] = "~s"
    heads = [
        *(Column(systems[at], "packages", shade=view.palette.systems[systems[at]]) for at in order),
        *(Column(view.party_name(keys[at]), "packages", shade=view.palette.parties[keys[at]])
          for at in shown),
        Column("own packages", ""), Column("own dies", ""),
    ]  # fmt: skip
    own, all_dies = packages.sum(axis=1), dies.sum(axis=1)
    series = [view.at_year_end(v) for v in (
        *(packages[:, at] for at in order), *(rented[:, at] for at in shown), own, all_dies)]  # fmt: skip
    figures = ("fleet.packages", "fleet.dies", *(("partners.packages",) if keys else ()))
    return Chart(
        "accelerators", "Accelerators by generation",
        "Accelerators in service by system; a package is one GPU as it is mounted, dies are counted "
        "beside it.",
        "packages",
        f"Stacked areas of accelerator packages in service by system. At the end of {view.labels[-1]} "
        f"the own build runs {number(float(own[-1]))} packages with {number(float(all_dies[-1]))} dies.",
        data, frame, tuple(legend),
        view.yearly("accelerators-years", "In service in December, or in the last month planned", heads,
                    series, [0] * len(series)),
        figures, switches, tuple(notes), view.sources.assumed_in(*figures),
    )  # fmt: skip


def milestones(view: View) -> Chart:
    """Gigawatts deployed on each basis, under a strip with tranches and training runs."""
    array = view.plan.milestones["deployed_gw"]
    data: list[Trace] = []
    legend: list[Key] = []
    for basis, (name, dash) in BASIS_LOOKS.items():
        gigawatts = array.sel(basis=basis).values
        reached = [g for g in view.sources.summary["gigawatts"] if g["basis"] == basis]
        colour = "@ink" if basis == "it" else "@muted"
        data.append(
            line(
                f"{name} basis",
                floats(gigawatts),
                colour,
                ",.2f} GW",
                dash=dash,
                width=2.2 if basis == "it" else 1.4,
            )
        )
        data.append(
            marks(
                f"whole gigawatts, {name} basis",
                [f"{g['month']}-01" for g in reached],
                [float(g["gw"]) for g in reached],
                [f"{g['gw']} GW on the {name} basis" for g in reached],
                colour,
                symbol="circle-open",
            )
        )
        data[-1]["hoverinfo"] = "skip"
        del data[-1]["hovertemplate"]
        look = {"solid": "line", "dash": "dash", "dot": "dot"}[dash]
        legend.append(Key(f"{name} basis", look, colour, (len(data) - 2, len(data) - 1)))  # type: ignore[arg-type]
    frame = layout(view.days, 270)
    more = strip(view.plan, view.palette, view.sources.summary, view.days)
    for key in more.legend:
        legend.append(
            Key(key.name, key.look, key.colour, tuple(at + len(data) for at in key.traces))
        )
    data += more.data
    more.widen(frame)
    paid = view.plan.finance["investment_usd"].values.sum(axis=1)
    heads = [*(Column(f"{name} basis", "GW") for name, _ in BASIS_LOOKS.values()),
             Column("paid by investments", "$B")]  # fmt: skip
    series = [*(view.at_year_end(array.sel(basis=basis).values) for basis in BASIS_LOOKS),
              view.in_year(paid / 1e9)]  # fmt: skip
    figures = ("milestones.deployed_gw", "milestones.counted_gw", "finance.investment_usd",
               "training.finish_month")  # fmt: skip
    ends = {basis: number(float(array.sel(basis=basis).values[-1]), 2) for basis in BASIS_LOOKS}
    return Chart(
        "milestones", "Milestones and tranches",
        "Gigawatts deployed on each basis, a ring at every whole one; above them what investments pay "
        "and when training runs could be finished.",
        "GW",
        f"Lines of gigawatts deployed: {ends['it']} GW on the IT basis, {ends['facility']} GW facility "
        f"and {ends['grid']} GW grid at the end. {more.label}",
        data, frame, tuple(legend),
        view.yearly("milestones-years", "Deployed in December, or in the last month planned; paid in "
                    "the year", heads, series, [2, 2, 2, 2]),
        figures, notes=more.notes, assumed=view.sources.assumed_in(*figures),
    )  # fmt: skip


def capital(view: View) -> Chart:
    """Cumulative spending against cumulative investments, the gap, and guarantors' exposure."""
    finance, investments = view.plan.finance, view.plan.scenario.spec.investment
    racks = np.cumsum(finance["rack_spend_usd"].values, axis=0)
    halls = np.cumsum(finance["facility_spend_usd"].values.sum(axis=1))
    gap = finance["funding_gap_usd"].values
    paying = [
        (at, key) for at, key in enumerate(investments) if investments[key].kind != "guaranty"
    ]
    backing = [
        (at, key) for at, key in enumerate(investments) if investments[key].kind == "guaranty"
    ]
    largest = float(max((racks.sum(axis=1) + halls).max(), np.abs(gap).max(), 1.0))
    divisor, unit = (1e9, "$B") if largest >= 1e9 else (1e6, "$M")
    form = ",.1f} " + unit[1:]
    systems = [str(system) for system in finance["system"].values]
    data: list[Trace] = []
    legend: list[Key] = []

    def add(trace: Trace, key: tuple[str, str, str], hatch: bool = False) -> None:
        legend.append(Key(key[0], key[1], key[2], (len(data),), hatch))  # type: ignore[arg-type]
        trace["hovertemplate"] = "$" + trace["hovertemplate"]
        data.append(trace)

    add(area("halls", floats(halls, divisor), Shade(HALLS), form), ("halls", "area", HALLS))
    for at in range(len(systems))[::-1]:
        shade, name = view.palette.systems[systems[at]], f"racks, {systems[at]}"
        add(
            area(name, floats(racks[:, at], divisor), shade, form),
            (name, "area", shade.hex),
            bool(shade.hatch),
        )
    for at, key in paying:
        hex_ = view.palette.parties[key].hex
        sums = np.cumsum(finance["investment_usd"].values[:, at])
        add(
            line(f"paid by {key}", floats(sums, divisor), hex_, form, width=2.6),
            (f"paid by {key}", "line", hex_),
        )
    add(line("funding gap", floats(gap, divisor), "@ink", form), ("funding gap", "line", "@ink"))
    for at, key in backing:
        hex_, name = view.palette.parties[key].hex, f"exposure of {key}: contingent, not cash"
        add(
            line(
                name, floats(finance["exposure_usd"].values[:, at], divisor), hex_, form, dash="dot"
            ),
            (name, "dot", hex_),
        )
    spend = finance["spend_usd"].values
    heads = [Column("racks", unit), Column("halls", unit), Column("investments", unit),
             Column("funding gap at the end of the year", unit),
             *(Column(f"exposure of {key}, contingent", unit) for _, key in backing)]  # fmt: skip
    series = [
        view.in_year(finance["rack_spend_usd"].values.sum(axis=1) / divisor),
        view.in_year(finance["facility_spend_usd"].values.sum(axis=1) / divisor),
        view.in_year(finance["investment_usd"].values.sum(axis=1) / divisor),
        view.at_year_end(gap / divisor),
        *(view.at_year_end(finance["exposure_usd"].values[:, at] / divisor) for at, _ in backing),
    ]
    notes = (
        () if paying else ("No investment pays in this scenario: all of the spending is a gap.",)
    )
    figures = ("finance.rack_spend_usd", "finance.facility_spend_usd", "finance.investment_usd",
               "finance.funding_gap_usd", *(("finance.exposure_usd",) if backing else ()))  # fmt: skip
    return Chart(
        "capital", "Capital against tranches",
        "Spending to date on racks and halls, what investments have paid to date, and the gap between.",
        unit,
        f"Stacked areas of spending to date, {money(float(spend.sum()))} at the end, with lines of what "
        f"investments have paid and of the funding gap, {money(float(gap[-1]))} at the end.",
        data, layout(view.days, 330), tuple(legend),
        view.yearly("capital-years", "Spent and paid in the year", heads, series, [2] * len(series)),
        figures, notes=notes, assumed=view.sources.assumed_in(*figures),
    )  # fmt: skip
